// Command gen writes the kernels of package gemm for amd64.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"   //nolint:staticcheck // avo reads as assembly this way
	. "github.com/mmcloughlin/avo/operand" //nolint:staticcheck // as above
	"github.com/mmcloughlin/avo/reg"
)

const signature = "func(dst, a, weights, init *float32, k, strideDst, strideA, initStep, rows, mask, relu uint64)"

func main() {
	avx512()
	avx2()
	Generate()
}

// arguments are the parameters of a kernel in registers.
type arguments struct {
	dst, a, weights, init                reg.GPVirtual
	k, strideDst, strideA, initStep      reg.GPVirtual
	rows, mask, relu, far, strideA3, row reg.GPVirtual
}

func load() arguments {
	param := func(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }
	return arguments{
		dst: param("dst"), a: param("a"), weights: param("weights"), init: param("init"), k: param("k"),
		strideDst: param("strideDst"), strideA: param("strideA"), initStep: param("initStep"),
		rows: param("rows"), mask: param("mask"), relu: param("relu"),
	}
}

// rowAddress is where a row of a begins: rows from the fourth on count from far.
func (x arguments) rowAddress(r int) Mem {
	m := Mem{Base: x.a}
	if r >= 4 {
		m.Base = x.far
	}
	switch r % 4 {
	case 1:
		return m.Idx(x.strideA, 1)
	case 2:
		return m.Idx(x.strideA, 2)
	case 3:
		return m.Idx(x.strideA3, 1)
	}
	return m
}

// avx512 writes tiles of 8, 4, 2 and 1 rows by 32 columns: two vectors a row.
func avx512() {
	TEXT("tileAVX512", NOSPLIT, signature)
	Doc("tileAVX512 computes a tile of 8, 4, 2 or 1 rows by up to 32 columns.")
	x := load()
	low, high := K(), K()
	KMOVW(x.mask.As32(), low)
	SHRQ(Imm(16), x.mask)
	KMOVW(x.mask.As32(), high)
	x.strideA3 = GP64()
	LEAQ(Mem{Base: x.strideA}.Idx(x.strideA, 2), x.strideA3)
	x.far = GP64()
	LEAQ(Mem{Base: x.a}.Idx(x.strideA, 4), x.far)
	for _, rows := range []int{8, 4, 2} {
		CMPQ(x.rows, Imm(uint64(rows)))
		JE(LabelRef(fmt.Sprintf("rows%d", rows)))
	}
	for _, rows := range []int{1, 2, 4, 8} {
		Label(fmt.Sprintf("rows%d", rows))
		tile512(x, rows, low, high)
	}
}

func tile512(x arguments, rows int, low, high reg.OpmaskVirtual) {
	name := func(s string) string { return fmt.Sprintf("%s%d", s, rows) }
	acc := make([][2]reg.VecVirtual, rows)
	for r := range acc {
		acc[r] = [2]reg.VecVirtual{ZMM(), ZMM()}
		VPXORQ(acc[r][0], acc[r][0], acc[r][0])
		VPXORQ(acc[r][1], acc[r][1], acc[r][1])
	}
	TESTQ(x.init, x.init)
	JZ(LabelRef(name("loop")))
	for r := range acc {
		VMOVUPS_Z(Mem{Base: x.init}, low, acc[r][0])
		VMOVUPS_Z(Mem{Base: x.init, Disp: 64}, high, acc[r][1])
		if r+1 < rows {
			ADDQ(x.initStep, x.init)
		}
	}
	Label(name("loop"))
	w0, w1, v := ZMM(), ZMM(), ZMM()
	VMOVUPS(Mem{Base: x.weights}, w0)
	VMOVUPS(Mem{Base: x.weights, Disp: 64}, w1)
	for r := range acc {
		VBROADCASTSS(x.rowAddress(r), v)
		VFMADD231PS(w0, v, acc[r][0])
		VFMADD231PS(w1, v, acc[r][1])
	}
	ADDQ(Imm(128), x.weights)
	ADDQ(Imm(4), x.a)
	if rows > 4 {
		ADDQ(Imm(4), x.far)
	}
	DECQ(x.k)
	JNZ(LabelRef(name("loop")))
	TESTQ(x.relu, x.relu)
	JZ(LabelRef(name("store")))
	zero := ZMM()
	VPXORQ(zero, zero, zero)
	for r := range acc {
		VMAXPS(acc[r][0], zero, acc[r][0]) // NaN is in the operand that wins
		VMAXPS(acc[r][1], zero, acc[r][1])
	}
	Label(name("store"))
	for r := range acc {
		VMOVUPS(acc[r][0], low, Mem{Base: x.dst})
		VMOVUPS(acc[r][1], high, Mem{Base: x.dst, Disp: 64})
		if r+1 < rows {
			ADDQ(x.strideDst, x.dst)
		}
	}
	VZEROUPPER()
	RET()
}

// avx2 writes tiles of 4, 2 and 1 rows by 16 columns: two vectors a row. weights may lie in either half of a panel.
func avx2() {
	masks := GLOBL("masks", RODATA|NOPTR)
	for i := range 16 {
		value := uint32(0)
		if i < 8 {
			value = 0xffffffff
		}
		DATA(i*4, U32(value))
	}
	TEXT("tileAVX2", NOSPLIT, signature)
	Doc("tileAVX2 computes a tile of 4, 2 or 1 rows by up to 16 columns; mask is how many.")
	x := load()
	table := GP64()
	LEAQ(masks, table)
	low, high := maskOf(table, x.mask, 0), maskOf(table, x.mask, 8)
	x.strideA3 = GP64()
	LEAQ(Mem{Base: x.strideA}.Idx(x.strideA, 2), x.strideA3)
	for _, rows := range []int{4, 2} {
		CMPQ(x.rows, Imm(uint64(rows)))
		JE(LabelRef(fmt.Sprintf("rows%d", rows)))
	}
	for _, rows := range []int{1, 2, 4} {
		Label(fmt.Sprintf("rows%d", rows))
		tile2(x, rows, low, high)
	}
}

// maskOf makes a vector mask of the columns from, from+1, ... that are there.
func maskOf(table, columns reg.GPVirtual, from int) reg.VecVirtual {
	n, limit := GP64(), GP64()
	MOVQ(columns, n)
	SUBQ(Imm(uint64(from)), n)
	XORQ(limit, limit)
	CMPQ(n, Imm(0))
	CMOVQLT(limit, n)
	MOVQ(U64(8), limit)
	CMPQ(n, limit)
	CMOVQGT(limit, n)
	NEGQ(n)
	m := YMM()
	VMOVUPS(Mem{Base: table, Disp: 32}.Idx(n, 4), m)
	return m
}

func tile2(x arguments, rows int, low, high reg.VecVirtual) {
	name := func(s string) string { return fmt.Sprintf("%s%d", s, rows) }
	acc := make([][2]reg.VecVirtual, rows)
	for r := range acc {
		acc[r] = [2]reg.VecVirtual{YMM(), YMM()}
		VXORPS(acc[r][0], acc[r][0], acc[r][0])
		VXORPS(acc[r][1], acc[r][1], acc[r][1])
	}
	TESTQ(x.init, x.init)
	JZ(LabelRef(name("loop")))
	for r := range acc {
		VMASKMOVPS(Mem{Base: x.init}, low, acc[r][0])
		VMASKMOVPS(Mem{Base: x.init, Disp: 32}, high, acc[r][1])
		if r+1 < rows {
			ADDQ(x.initStep, x.init)
		}
	}
	Label(name("loop"))
	w0, w1, v := YMM(), YMM(), YMM()
	VMOVUPS(Mem{Base: x.weights}, w0)
	VMOVUPS(Mem{Base: x.weights, Disp: 32}, w1)
	for r := range acc {
		VBROADCASTSS(x.rowAddress(r), v)
		VFMADD231PS(w0, v, acc[r][0])
		VFMADD231PS(w1, v, acc[r][1])
	}
	ADDQ(Imm(128), x.weights)
	ADDQ(Imm(4), x.a)
	DECQ(x.k)
	JNZ(LabelRef(name("loop")))
	TESTQ(x.relu, x.relu)
	JZ(LabelRef(name("store")))
	zero := YMM()
	VXORPS(zero, zero, zero)
	for r := range acc {
		VMAXPS(acc[r][0], zero, acc[r][0])
		VMAXPS(acc[r][1], zero, acc[r][1])
	}
	Label(name("store"))
	for r := range acc {
		VMASKMOVPS(acc[r][0], low, Mem{Base: x.dst})
		VMASKMOVPS(acc[r][1], high, Mem{Base: x.dst, Disp: 32})
		if r+1 < rows {
			ADDQ(x.strideDst, x.dst)
		}
	}
	VZEROUPPER()
	RET()
}
