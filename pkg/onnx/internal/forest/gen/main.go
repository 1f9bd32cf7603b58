// Command gen writes the kernels of package forest for amd64 with AVX-512.
package main

import (
	. "github.com/mmcloughlin/avo/build"   //nolint:staticcheck // avo reads as assembly this way
	. "github.com/mmcloughlin/avo/operand" //nolint:staticcheck // as above
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	const notLessOrEqual, greater = 0x16, 0x1e // unordered is true; unordered is false
	strike("strikeAbove", "closes the branches whose threshold the feature is not at most, NaN included.", notLessOrEqual)
	strike("strikeOrdered", "closes the branches whose threshold the feature is above.", greater)
	sum()
	Generate()
}

func param(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// strike writes the loop over segments, and in it over thresholds until no lane is above one.
func strike(name, does string, predicate uint64) {
	TEXT(name, NOSPLIT, "func(x *float32, bits *uint64, segments *uint32, count uint64, nodes *float32)")
	Doc(name + " " + does)
	x, bits, segments, count, nodes := param("x"), param("bits"), param("segments"), param("count"), param("nodes")
	at, end, tree := GP64(), GP64(), GP64()
	values, mask, low, high := ZMM(), ZMM(), ZMM(), ZMM()
	above, upper := K(), K()
	Label("segment")
	MOVL(Mem{Base: segments}, at.As32())
	VMOVUPS(Mem{Base: x}.Idx(at, 1), values)
	MOVL(Mem{Base: segments, Disp: 4}, at.As32())
	MOVL(Mem{Base: segments, Disp: 8}, end.As32())
	ADDQ(nodes, at)
	ADDQ(nodes, end)
	Label("node")
	VCMPPS_BCST(U8(predicate), Mem{Base: at}, values, above)
	KORTESTW(above, above)
	JZ(LabelRef("next"))
	MOVL(Mem{Base: at, Disp: 4}, tree.As32())
	VPBROADCASTQ(Mem{Base: at, Disp: 8}, mask)
	KSHIFTRW(Imm(8), above, upper)
	VMOVDQU64(Mem{Base: bits}.Idx(tree, 1), low)
	VMOVDQU64(Mem{Base: bits, Disp: 64}.Idx(tree, 1), high)
	VPANDQ(mask, low, above, low)
	VPANDQ(mask, high, upper, high)
	VMOVDQU64(low, Mem{Base: bits}.Idx(tree, 1))
	VMOVDQU64(high, Mem{Base: bits, Disp: 64}.Idx(tree, 1))
	ADDQ(Imm(16), at)
	CMPQ(at, end)
	JB(LabelRef("node"))
	Label("next")
	ADDQ(Imm(12), segments)
	DECQ(count)
	JNZ(LabelRef("segment"))
	VZEROUPPER()
	RET()
}

// sum writes the look-up of each tree's leaf in its table of 64, and the sums in double precision.
func sum() {
	TEXT("sumVotes", NOSPLIT, "func(bits *uint64, tables *float32, count uint64, sums *float64)")
	Doc("sumVotes adds up the votes of the leaves that are left, for 16 rows.")
	bits, tables, count, sums := param("bits"), param("tables"), param("count"), param("sums")
	top := ZMM()
	thirtyTwo := GP32()
	MOVL(U32(32), thirtyTwo)
	VPBROADCASTD(thirtyTwo, top)
	first, second := ZMM(), ZMM()
	VPXORQ(first, first, first)
	VPXORQ(second, second, second)
	Label("tree")
	low, high := ZMM(), ZMM()
	VPLZCNTQ(Mem{Base: bits}, low)
	VPLZCNTQ(Mem{Base: bits, Disp: 64}, high)
	half := YMM()
	index := ZMM()
	VPMOVQD(low, index.AsY())
	VPMOVQD(high, half)
	VINSERTI64X4(Imm(1), half, index, index)
	behind := K()
	VPTESTMD(top, index, behind)
	front, back := ZMM(), ZMM()
	VMOVDQU64(index, front)
	VMOVDQU64(index, back)
	t0, t2 := ZMM(), ZMM()
	VMOVUPS(Mem{Base: tables}, t0)
	VPERMI2PS(Mem{Base: tables, Disp: 64}, t0, front)
	VMOVUPS(Mem{Base: tables, Disp: 128}, t2)
	VPERMI2PS(Mem{Base: tables, Disp: 192}, t2, back)
	VMOVUPS(back, behind, front)
	wide := ZMM()
	VCVTPS2PD(front.AsY(), wide)
	VADDPD(wide, first, first)
	VEXTRACTF64X4(Imm(1), front, half)
	VCVTPS2PD(half, wide)
	VADDPD(wide, second, second)
	ADDQ(Imm(128), bits)
	ADDQ(U32(256), tables)
	DECQ(count)
	JNZ(LabelRef("tree"))
	VMOVUPD(first, Mem{Base: sums})
	VMOVUPD(second, Mem{Base: sums, Disp: 64})
	VZEROUPPER()
	RET()
}
