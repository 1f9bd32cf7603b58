package main

import (
	. "github.com/mmcloughlin/avo/build"   //nolint:staticcheck // avo reads as assembly this way
	. "github.com/mmcloughlin/avo/operand" //nolint:staticcheck // as above
	"github.com/mmcloughlin/avo/reg"
)

// dotInt8 multiplies the magnitudes of the query by the rows with the query's signs, which is what the instruction for unsigned
// times signed bytes can do; a pair of products of at most 127 in magnitude fits its 16 bits. A lane is a row.
func dotInt8() {
	TEXT("dotInt8AVX2", NOSPLIT, "func(dst *int32, packed, query *int8, groups, quads uint64)")
	Doc("dotInt8AVX2 computes the inner products of groups of 16 rows, quads times four columns each; neither number is 0.")
	dst, packed, query, groups, quads := param("dst"), param("packed"), param("query"), param("groups"), param("quads")
	ones := YMM()
	VPCMPEQW(ones, ones, ones)
	VPABSW(ones, ones)
	at := GP64()
	Label("group")
	acc := []reg.VecVirtual{YMM(), YMM()}
	for _, x := range acc {
		VPXOR(x, x, x)
	}
	XORQ(at, at)
	Label("quad")
	q, size, x := YMM(), YMM(), YMM()
	VPBROADCASTD(Mem{Base: query}.Idx(at, 4), q)
	VPABSB(q, size)
	for i := range acc {
		VMOVDQU(Mem{Base: packed, Disp: 32 * i}, x)
		VPSIGNB(q, x, x)
		VPMADDUBSW(x, size, x)
		VPMADDWD(ones, x, x)
		VPADDD(x, acc[i], acc[i])
	}
	ADDQ(Imm(64), packed)
	INCQ(at)
	CMPQ(at, quads)
	JB(LabelRef("quad"))
	for i, x := range acc {
		VMOVDQU(x, Mem{Base: dst, Disp: 32 * i})
	}
	ADDQ(Imm(64), dst)
	DECQ(groups)
	JNZ(LabelRef("group"))
	finish()
}
