package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"   //nolint:staticcheck // avo reads as assembly this way
	. "github.com/mmcloughlin/avo/operand" //nolint:staticcheck // as above
	"github.com/mmcloughlin/avo/reg"
)

// level is an instruction set: the same loops are written for each.
type level struct {
	name string
	wide bool // AVX-512
}

func (l level) lanes() uint64 {
	if l.wide {
		return 16
	}
	return 8
}

func (l level) bytes() int { return int(l.lanes()) * 4 }

// vec returns a new register.
func (l level) vec() reg.VecVirtual {
	if l.wide {
		return ZMM()
	}
	return YMM()
}

// number returns a register with one number in each lane.
func (l level) number(v float64) reg.VecVirtual { return l.bits(math.Float32bits(float32(v))) }

func (l level) bits(b uint32) reg.VecVirtual {
	x := l.vec()
	VBROADCASTSS(constant(b), x)
	return x
}

var constants = map[uint32]Mem{}

func constant(b uint32) Mem {
	if _, ok := constants[b]; !ok {
		constants[b] = ConstData(fmt.Sprintf("c%08x", b), U32(b))
	}
	return constants[b]
}

// two computes a new register from two.
func (l level) two(op func(ops ...Op), b, a Op) reg.VecVirtual {
	x := l.vec()
	op(b, a, x)
	return x
}

// fma returns a*b + c in the register of c.
func (l level) fma(a, b Op, c reg.VecVirtual) reg.VecVirtual {
	VFMADD231PS(b, a, c)
	return c
}

// horner evaluates a polynomial whose coefficients ascend.
func (l level) horner(x reg.VecVirtual, coefficients ...float64) reg.VecVirtual {
	acc := l.number(coefficients[len(coefficients)-1])
	for i := len(coefficients) - 2; i >= 0; i-- {
		if l.wide {
			VFMADD213PS_BCST(constant(math.Float32bits(float32(coefficients[i]))), x, acc)
			continue
		}
		acc = l.fma(acc, x, l.number(coefficients[i]))
	}
	return acc
}

// condition is the result of a comparison.
type condition struct {
	k reg.OpmaskVirtual
	v reg.VecVirtual
}

// The predicates of VCMPPS that are used; unordered is false but for the last.
const (
	lessThan    = 0x11
	greaterThan = 0x1e
	equalTo     = 0x00
	unordered   = 0x03
)

func (l level) compare(predicate uint64, a, b Op) condition {
	if l.wide {
		c := condition{k: K()}
		VCMPPS(U8(predicate), b, a, c.k)
		return c
	}
	c := condition{v: YMM()}
	VCMPPS(U8(predicate), b, a, c.v)
	return c
}

// choose returns yes where the condition holds, else no.
func (l level) choose(c condition, yes, no reg.VecVirtual) reg.VecVirtual {
	x := l.vec()
	if l.wide {
		VBLENDMPS(yes, no, c.k, x)
	} else {
		VBLENDVPS(c.v, yes, no, x)
	}
	return x
}

// round rounds to a whole number: 0 nearest, 1 down, 2 up.
func (l level) round(mode uint64, a Op) reg.VecVirtual {
	x := l.vec()
	if l.wide {
		VRNDSCALEPS(U8(mode), a, x)
	} else {
		VROUNDPS(U8(mode), a, x)
	}
	return x
}

// and, or and xor work on bits.
func (l level) and(a, b Op) reg.VecVirtual { return l.two(vandps, b, a) }
func (l level) or(a, b Op) reg.VecVirtual  { return l.two(vorps, b, a) }

func vandps(ops ...Op) { VANDPS(ops...) }
func vorps(ops ...Op)  { VORPS(ops...) }

// tail is the mask of the lanes that remain.
type tail struct {
	k reg.OpmaskVirtual
	v reg.VecVirtual
}

// remaining makes the mask of the first n lanes, n being less than there are.
func (l level) remaining(n reg.GPVirtual) tail {
	if l.wide {
		ones := GP32()
		MOVL(U32(0xffff), ones)
		bits := GP32()
		BZHIL(n.As32(), ones, bits)
		t := tail{k: K()}
		KMOVW(bits, t.k)
		return t
	}
	table := GP64()
	LEAQ(masks, table)
	back := GP64()
	MOVQ(n, back)
	NEGQ(back)
	t := tail{v: YMM()}
	VMOVUPS(Mem{Base: table, Disp: 32}.Idx(back, 4), t.v)
	return t
}

func (l level) load(m Mem, t *tail) reg.VecVirtual {
	x := l.vec()
	switch {
	case t == nil:
		VMOVUPS(m, x)
	case l.wide:
		VMOVUPS_Z(m, t.k, x)
	default:
		VMASKMOVPS(m, t.v, x)
	}
	return x
}

// loadOr is load with a filler in the lanes of a tail that are not there.
func (l level) loadOr(m Mem, t *tail, filler reg.VecVirtual) reg.VecVirtual {
	x := l.load(m, t)
	if t == nil {
		return x
	}
	return l.choose(condition{k: t.k, v: t.v}, x, filler)
}

func (l level) store(x reg.VecVirtual, m Mem, t *tail) {
	switch {
	case t == nil:
		VMOVUPS(x, m)
	case l.wide:
		VMOVUPS(x, t.k, m)
	default:
		VMASKMOVPS(x, t.v, m)
	}
}

// masks is where AVX2 finds the mask of a tail: eight lanes that are set, eight that are not.
var masks Mem

func declareMasks() {
	masks = GLOBL("masks", RODATA|NOPTR)
	for i := range 16 {
		value := uint32(0)
		if i < 8 {
			value = 0xffffffff
		}
		DATA(i*4, U32(value))
	}
}
