package main

import (
	"math"

	"github.com/repli-mesh/repli/pkg/vec/gen/fit"
)

const (
	signBit  = 0x80000000
	restBits = 0x7fffffff
)

// The functions are those of the kernels for amd64, step by step; there the reasons are told.

// horner evaluates a polynomial whose coefficients ascend.
func (b *block) horner(x value, coefficients ...float64) value {
	acc := b.number(coefficients[len(coefficients)-1])
	for i := len(coefficients) - 2; i >= 0; i-- {
		acc = b.change(fmla, b.number(coefficients[i]), acc, x)
	}
	return acc
}

// choose returns yes where a condition holds, else no. The condition is used up.
func (b *block) choose(condition, yes, no value) value { return b.change(bsl, condition, yes, no) }

func (b *block) less(x, y value) value { return b.do(fcmgt, y, x) }

func (b *block) exp(x value) value {
	x = b.do(fmax, b.do(fmin, x, b.number(89)), b.number(-104))
	n := b.do(frintn, b.do(fmul, x, b.number(math.Log2E)))
	r := b.do(orr, x, x)
	b.change(fmla, r, n, b.number(-fit.Ln2High))
	b.change(fmla, r, n, b.number(-fit.Ln2Low))
	q := b.horner(r, fit.Exp...)
	p := b.change(fmla, b.do(fadd, r, b.number(1)), b.do(fmul, r, r), q)
	whole := b.do(fcvtns, n)
	half := b.do(sshr(1), whole)
	rest := b.do(sub, whole, half)
	return b.do(fmul, b.do(fmul, p, b.power(half)), b.power(rest))
}

// power is 2^n for whole n that are small enough for the exponent's bits.
func (b *block) power(n value) value { return b.do(shl(23), b.do(add, n, b.bits(127))) }

func (b *block) log(x value) value {
	const least = 1.17549435e-38 // that is not denormal
	scaled := b.choose(b.less(x, b.number(least)), b.do(fmul, x, b.number(8388608)), x)
	whole := b.do(sshr(23), b.do(sub, scaled, b.bits(math.Float32bits(math.Sqrt2/2))))
	m := b.do(sub, scaled, b.do(shl(23), whole))
	n := b.do(scvtf, whole)
	n = b.choose(b.less(x, b.number(least)), b.do(fsub, n, b.number(23)), n)
	f := b.do(fsub, m, b.number(1))
	q := b.horner(f, fit.Log...)
	square := b.do(fmul, f, f)
	y := b.do(fmul, b.do(fmul, f, square), q)
	b.change(fmla, y, n, b.number(fit.Ln2Low))
	b.change(fmla, y, square, b.number(-0.5))
	y = b.do(fadd, f, y)
	b.change(fmla, y, n, b.number(fit.Ln2High))
	inf, zero := b.number(math.Inf(1)), b.number(0)
	y = b.choose(b.do(fcmeq, x, inf), inf, y)
	y = b.choose(b.do(fcmeq, x, zero), b.number(math.Inf(-1)), y)
	y = b.choose(b.less(x, zero), b.number(math.NaN()), y)
	return b.choose(b.do(fcmeq, x, x), y, x)
}

func (b *block) sigmoid(x value) value {
	e := b.exp(b.do(orr, x, b.bits(signBit)))
	one := b.number(1)
	top := b.choose(b.less(x, b.number(0)), e, one)
	return b.do(fdiv, top, b.do(fadd, e, one))
}

func (b *block) tanh(x value) value {
	size, sign := b.do(fabs, x), b.do(and, x, b.bits(signBit))
	e := b.do(fadd, b.exp(b.do(fadd, size, size)), b.number(1))
	far := b.do(fsub, b.number(1), b.do(fdiv, b.number(2), e))
	far = b.do(orr, far, sign)
	z := b.do(fmul, x, x)
	q := b.horner(z, fit.Tanh...)
	near := b.change(fmla, b.do(orr, x, x), b.do(fmul, x, z), q)
	return b.choose(b.less(size, b.number(0.625)), near, far)
}

func (b *block) erf(x value) value {
	size, sign := b.do(fmin, b.do(fabs, x), b.number(4)), b.do(and, x, b.bits(signBit))
	g := b.horner(size, fit.ErfFar...)
	e := b.exp(b.do(fneg, b.do(fmul, g, size)))
	far := b.do(orr, b.do(fsub, b.number(1), e), sign)
	z := b.do(fmul, x, x)
	near := b.horner(z, fit.ErfNear...)
	return b.choose(b.less(size, b.number(0.92)), b.do(fmul, x, near), far)
}

func (b *block) gelu(x value) value {
	phi := b.do(fadd, b.erf(b.do(fmul, x, b.number(math.Sqrt2/2))), b.number(1))
	return b.do(fmul, phi, b.do(fmul, x, b.number(0.5)))
}
