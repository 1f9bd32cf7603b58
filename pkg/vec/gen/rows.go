package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"   //nolint:staticcheck // avo reads as assembly this way
	. "github.com/mmcloughlin/avo/operand" //nolint:staticcheck // as above
	"github.com/mmcloughlin/avo/reg"
)

// columns is what the passes over a row share: where they are in it, in bytes, where its last whole vector ends, and its tail.
type columns struct {
	at, even, left, stride reg.GPVirtual
	tail                   tail
}

func (l level) columns(n reg.GPVirtual) columns {
	c := columns{at: GP64(), even: GP64(), left: GP64(), stride: GP64()}
	MOVQ(n, c.left)
	ANDQ(Imm(l.lanes()-1), c.left)
	MOVQ(n, c.even)
	SUBQ(c.left, c.even)
	SHLQ(Imm(2), c.even)
	MOVQ(n, c.stride)
	SHLQ(Imm(2), c.stride)
	c.tail = l.remaining(c.left)
	return c
}

// pass writes a loop over the columns of a row.
func (l level) pass(name string, c columns, body func(t *tail)) {
	XORQ(c.at, c.at)
	CMPQ(c.at, c.even)
	JAE(LabelRef(name + "Rest"))
	Label(name)
	body(nil)
	ADDQ(Imm(uint64(l.bytes())), c.at)
	CMPQ(c.at, c.even)
	JB(LabelRef(name))
	Label(name + "Rest")
	TESTQ(c.left, c.left)
	JZ(LabelRef(name + "Done"))
	body(&c.tail)
	Label(name + "Done")
}

// across combines the lanes; the result is in all four of the register.
func (l level) across(op func(ops ...Op), acc reg.VecVirtual) reg.VecVirtual {
	y, x, other := YMM(), XMM(), XMM()
	if l.wide {
		VEXTRACTF64X4(Imm(1), acc, y)
		op(y, acc.AsY(), y)
	} else {
		VMOVUPS(acc, y)
	}
	VEXTRACTF128(Imm(1), y, x)
	op(x, y.AsX(), x)
	VPERMILPS(Imm(0x4e), x, other)
	op(other, x, x)
	VPERMILPS(Imm(0xb1), x, other)
	op(other, x, x)
	return x
}

// everywhere copies the first lane to all.
func (l level) everywhere(x reg.VecVirtual) reg.VecVirtual {
	all := l.vec()
	VBROADCASTSS(x, all)
	return all
}

// kept replaces the lanes that a tail does not have by zeros.
func (l level) kept(x reg.VecVirtual, t *tail, zero reg.VecVirtual) reg.VecVirtual {
	if t == nil {
		return x
	}
	return l.choose(condition{k: t.k, v: t.v}, x, zero)
}

// softmaxRows needs no care for NaN and infinities: a difference that is NaN makes the sum, and so the row, NaN.
func (l level) softmaxRows() {
	TEXT("softmaxRows"+l.name, NOSPLIT, "func(dst, a *float32, rows, n uint64)")
	Doc("softmaxRows" + l.name + " computes rows of n elements; neither number is 0.")
	dst, a, rows, c := param("dst"), param("a"), param("rows"), l.columns(param("n"))
	lowest, zero, top, sum := l.number(math.Inf(-1)), l.zeros(1)[0], l.vec(), l.vec()
	Label("rows")
	VMOVUPS(lowest, top)
	l.pass("top", c, func(t *tail) { VMAXPS(l.loadOr(Mem{Base: a}.Idx(c.at, 1), t, lowest), top, top) })
	shift := l.everywhere(l.across(vmaxps, top))
	VXORPS(sum, sum, sum)
	l.pass("powers", c, func(t *tail) {
		e := l.exp(l.two(vsubps, shift, l.load(Mem{Base: a}.Idx(c.at, 1), t)))
		VADDPS(l.kept(e, t, zero), sum, sum)
		l.store(e, Mem{Base: dst}.Idx(c.at, 1), t)
	})
	share := l.across(vaddps, sum)
	VDIVSS(share, l.one(), share)
	share = l.everywhere(share)
	l.pass("shares", c, func(t *tail) {
		to := Mem{Base: dst}.Idx(c.at, 1)
		l.store(l.two(vmulps, share, l.load(to, t)), to, t)
	})
	ADDQ(c.stride, a)
	ADDQ(c.stride, dst)
	DECQ(rows)
	JNZ(LabelRef("rows"))
	finish()
}

func (l level) one() reg.VecVirtual {
	x := XMM()
	VMOVSS(constant(math.Float32bits(1)), x)
	return x
}

func (l level) normalizeRows() {
	TEXT("normalizeRows"+l.name, NOSPLIT, "func(dst, a, scale, bias *float32, rows, n uint64, size, epsilon float32)")
	Doc("normalizeRows" + l.name + " computes rows of n elements; size is n, and neither number is 0.")
	dst, a, scale, bias, rows := param("dst"), param("a"), param("scale"), param("bias"), param("rows")
	c, size, epsilon := l.columns(param("n")), XMM(), XMM()
	Load(Param("size"), size)
	Load(Param("epsilon"), epsilon)
	zero, sum, squares := l.zeros(1)[0], l.vec(), l.vec()
	Label("rows")
	VXORPS(sum, sum, sum)
	l.pass("sum", c, func(t *tail) { VADDPS(l.load(Mem{Base: a}.Idx(c.at, 1), t), sum, sum) })
	mean := l.across(vaddps, sum)
	VDIVSS(size, mean, mean)
	mean = l.everywhere(mean)
	VXORPS(squares, squares, squares)
	l.pass("squares", c, func(t *tail) {
		x := l.kept(l.two(vsubps, mean, l.load(Mem{Base: a}.Idx(c.at, 1), t)), t, zero)
		VFMADD231PS(x, x, squares)
	})
	deviation := l.across(vaddps, squares)
	VDIVSS(size, deviation, deviation)
	VADDSS(epsilon, deviation, deviation)
	VSQRTSS(deviation, deviation, deviation)
	VDIVSS(deviation, l.one(), deviation)
	factor := l.everywhere(deviation)
	l.pass("results", c, func(t *tail) {
		x := l.two(vmulps, factor, l.two(vsubps, mean, l.load(Mem{Base: a}.Idx(c.at, 1), t)))
		y := l.load(Mem{Base: bias}.Idx(c.at, 1), t)
		VFMADD231PS(l.load(Mem{Base: scale}.Idx(c.at, 1), t), x, y)
		l.store(y, Mem{Base: dst}.Idx(c.at, 1), t)
	})
	ADDQ(c.stride, a)
	ADDQ(c.stride, dst)
	DECQ(rows)
	JNZ(LabelRef("rows"))
	finish()
}

func (l level) copyRows() {
	TEXT("copyRows"+l.name, NOSPLIT, "func(dst, a *float32, rows, n, strideDst, strideA uint64)")
	Doc("copyRows" + l.name + " copies rows of n elements, which are so many bytes apart; neither number is 0.")
	dst, a, rows, c := param("dst"), param("a"), param("rows"), l.columns(param("n"))
	strideDst, strideA := param("strideDst"), param("strideA")
	Label("rows")
	l.pass("columns", c, func(t *tail) { l.store(l.load(Mem{Base: a}.Idx(c.at, 1), t), Mem{Base: dst}.Idx(c.at, 1), t) })
	ADDQ(strideA, a)
	ADDQ(strideDst, dst)
	DECQ(rows)
	JNZ(LabelRef("rows"))
	finish()
}
