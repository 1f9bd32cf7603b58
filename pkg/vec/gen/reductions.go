package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"   //nolint:staticcheck // avo reads as assembly this way
	. "github.com/mmcloughlin/avo/operand" //nolint:staticcheck // as above
	"github.com/mmcloughlin/avo/reg"
)

func (l level) reductions() {
	l.sum()
	l.maxOf()
	l.dot()
	l.dotRows()
	l.softmaxRows()
	l.normalizeRows()
	l.copyRows()
}

// zeros returns n registers of zeros.
func (l level) zeros(n int) []reg.VecVirtual {
	all := make([]reg.VecVirtual, n)
	for i := range all {
		all[i] = l.vec()
		VXORPS(all[i], all[i], all[i])
	}
	return all
}

// fold adds the lanes up, in a tree, and returns the sum in the first lane.
func (l level) fold(acc reg.VecVirtual) reg.VecVirtual {
	x := l.quarter(acc)
	VHADDPS(x, x, x)
	VHADDPS(x, x, x)
	return x
}

// quarter adds the lanes up to four.
func (l level) quarter(acc reg.VecVirtual) reg.VecVirtual {
	y := YMM()
	if l.wide {
		VEXTRACTF64X4(Imm(1), acc, y)
		VADDPS(y, acc.AsY(), y)
	} else {
		VMOVUPS(acc, y)
	}
	x := XMM()
	VEXTRACTF128(Imm(1), y, x)
	VADDPS(x, y.AsX(), x)
	return x
}

// four writes a loop of four vectors at a time, then single ones, then the tail, adding to four registers.
func (l level) four(n reg.GPVirtual, pointers []reg.GPVirtual, acc []reg.VecVirtual, body func(acc reg.VecVirtual, at int, t *tail)) {
	Label("four")
	CMPQ(n, U32(4*l.lanes()))
	JB(LabelRef("loop"))
	for i := range 4 {
		body(acc[i], i*l.bytes(), nil)
	}
	for _, p := range pointers {
		ADDQ(U32(uint64(4*l.bytes())), p)
	}
	SUBQ(U32(4*l.lanes()), n)
	JMP(LabelRef("four"))
	l.loop(n, pointers, func(t *tail) { body(acc[0], 0, t) })
	VADDPS(acc[1], acc[0], acc[0])
	VADDPS(acc[3], acc[2], acc[2])
	VADDPS(acc[2], acc[0], acc[0])
}

func (l level) sum() {
	TEXT("sum"+l.name, NOSPLIT, "func(a *float32, n uint64) float32")
	a, n := param("a"), param("n")
	acc := l.zeros(4)
	l.four(n, []reg.GPVirtual{a}, acc, func(acc reg.VecVirtual, at int, t *tail) {
		VADDPS(l.load(Mem{Base: a, Disp: at}, t), acc, acc)
	})
	Store(l.fold(acc[0]), ReturnIndex(0))
	finish()
}

// maxOf counts NaN apart, since the instruction forgets it.
func (l level) maxOf() {
	TEXT("maxOf"+l.name, NOSPLIT, "func(a *float32, n uint64) (top float32, nan uint64)")
	Doc("maxOf" + l.name + " returns the greatest number, and whether there was one that is none.")
	a, n := param("a"), param("n")
	lowest, acc, bad := l.number(math.Inf(-1)), l.vec(), l.vec()
	VMOVUPS(lowest, acc)
	VXORPS(bad, bad, bad)
	l.loop(n, []reg.GPVirtual{a}, func(t *tail) {
		x := l.loadOr(Mem{Base: a}, t, lowest)
		VMAXPS(x, acc, acc)
		VORPS(l.choose(l.compare(unordered, x, x), l.bits(1), l.bits(0)), bad, bad)
	})
	Store(l.across(vmaxps, acc), Return("top"))
	y := YMM()
	if l.wide {
		VEXTRACTF64X4(Imm(1), bad, y)
		VORPS(y, bad.AsY(), y)
	} else {
		VMOVUPS(bad, y)
	}
	flag := GP64()
	XORQ(flag, flag)
	VPTEST(y, y)
	SETNE(flag.As8())
	Store(flag, Return("nan"))
	finish()
}

func (l level) dot() {
	TEXT("dot"+l.name, NOSPLIT, "func(a, b *float32, n uint64) float32")
	a, b, n := param("a"), param("b"), param("n")
	acc := l.zeros(4)
	l.four(n, []reg.GPVirtual{a, b}, acc, func(acc reg.VecVirtual, at int, t *tail) {
		x := l.load(Mem{Base: a, Disp: at}, t)
		VFMADD231PS(l.load(Mem{Base: b, Disp: at}, t), x, acc)
	})
	Store(l.fold(acc[0]), ReturnIndex(0))
	finish()
}

// dotRows reads the rows one after the other, as memory likes it, and folds the sums of four together.
func (l level) dotRows() {
	TEXT("dotRows"+l.name, NOSPLIT, "func(dst, rows, query *float32, count, n uint64)")
	Doc("dotRows" + l.name + " computes count inner products, count being a multiple of 4.")
	dst, row, query, count, n := param("dst"), param("rows"), param("query"), param("count"), param("n")
	even, stride, left := GP64(), GP64(), GP64()
	MOVQ(n, stride)
	SHLQ(Imm(2), stride)
	MOVQ(n, left)
	ANDQ(Imm(l.lanes()-1), left)
	MOVQ(n, even)
	SUBQ(left, even)
	SHLQ(Imm(2), even)
	t := l.remaining(left)
	Label("rows")
	acc := l.zeros(4)
	at := GP64()
	for i := range acc {
		columns, rest, next := fmt.Sprint("columns", i), fmt.Sprint("rest", i), fmt.Sprint("next", i)
		XORQ(at, at)
		CMPQ(at, even)
		JAE(LabelRef(rest))
		Label(columns)
		x := l.load(Mem{Base: row}.Idx(at, 1), nil)
		VFMADD231PS(Mem{Base: query}.Idx(at, 1), x, acc[i])
		ADDQ(Imm(uint64(l.bytes())), at)
		CMPQ(at, even)
		JB(LabelRef(columns))
		Label(rest)
		TESTQ(left, left)
		JZ(LabelRef(next))
		x = l.load(Mem{Base: row}.Idx(at, 1), &t)
		VFMADD231PS(l.load(Mem{Base: query}.Idx(at, 1), &t), x, acc[i])
		Label(next)
		ADDQ(stride, row)
	}
	var quarter []reg.VecVirtual
	for i := range acc {
		quarter = append(quarter, l.quarter(acc[i]))
	}
	VHADDPS(quarter[1], quarter[0], quarter[0])
	VHADDPS(quarter[3], quarter[2], quarter[2])
	VHADDPS(quarter[2], quarter[0], quarter[0])
	VMOVUPS(quarter[0], Mem{Base: dst})
	ADDQ(Imm(16), dst)
	SUBQ(Imm(4), count)
	JNZ(LabelRef("rows"))
	finish()
}
