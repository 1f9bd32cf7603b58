package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"   //nolint:staticcheck // avo reads as assembly this way
	. "github.com/mmcloughlin/avo/operand" //nolint:staticcheck // as above
	"github.com/mmcloughlin/avo/reg"

	"github.com/repli-mesh/repli/pkg/vec/gen/fit"
)

const (
	signBit  = 0x80000000
	restBits = 0x7fffffff
)

// functions writes functions of one element.
func (l level) functions() {
	l.function("neg", func(x reg.VecVirtual) reg.VecVirtual { return l.two(vxorps, l.bits(signBit), x) })
	l.function("abs", func(x reg.VecVirtual) reg.VecVirtual { return l.and(x, l.bits(restBits)) })
	l.function("sqrt", func(x reg.VecVirtual) reg.VecVirtual {
		y := l.vec()
		VSQRTPS(x, y)
		return y
	})
	l.function("floor", func(x reg.VecVirtual) reg.VecVirtual { return l.round(1, x) })
	l.function("ceil", func(x reg.VecVirtual) reg.VecVirtual { return l.round(2, x) })
	l.function("exp", l.exp)
	l.function("log", l.log)
	l.function("sigmoid", l.sigmoid)
	l.function("tanh", l.tanh)
	l.function("erf", l.erf)
	l.function("gelu", func(x reg.VecVirtual) reg.VecVirtual {
		phi := l.two(vaddps, l.number(1), l.erf(l.two(vmulps, l.number(math.Sqrt2/2), x)))
		return l.two(vmulps, phi, l.two(vmulps, l.number(0.5), x))
	})
}

func vxorps(ops ...Op)    { VXORPS(ops...) }
func vscalefps(ops ...Op) { VSCALEFPS(ops...) }

func (l level) function(name string, f func(x reg.VecVirtual) reg.VecVirtual) {
	TEXT(name+l.name, NOSPLIT, "func(dst, a *float32, n uint64)")
	dst, a, n := param("dst"), param("a"), param("n")
	l.loop(n, []reg.GPVirtual{dst, a}, func(t *tail) {
		l.store(f(l.load(Mem{Base: a}, t)), Mem{Base: dst}, t)
	})
	finish()
}

// exp is 2^n * e^r with n whole and |r| at most ln(2)/2. AVX-512 has an instruction for the power; elsewhere it is applied in two
// halves, so that results fade through the denormal numbers.
func (l level) exp(x reg.VecVirtual) reg.VecVirtual {
	x = l.two(vminps, x, l.number(89)) // the second source wins if it is NaN
	x = l.two(vmaxps, x, l.number(-104))
	n := l.round(0, l.two(vmulps, l.number(math.Log2E), x))
	r := l.fma(n, l.number(-fit.Ln2High), x) // ln(2) in two parts, the first of few bits
	r = l.fma(n, l.number(-fit.Ln2Low), r)
	q := l.horner(r, fit.Exp...)
	p := l.fma(l.two(vmulps, r, r), q, l.two(vaddps, l.number(1), r))
	if l.wide {
		return l.two(vscalefps, n, p)
	}
	whole, half := l.vec(), l.vec()
	VCVTPS2DQ(n, whole)
	VPSRAD(Imm(1), whole, half)
	rest := l.vec()
	VPSUBD(half, whole, rest)
	return l.two(vmulps, l.power(rest), l.two(vmulps, l.power(half), p))
}

// power is 2^n for whole n that are small enough for the exponent's bits.
func (l level) power(n reg.VecVirtual) reg.VecVirtual {
	x := l.vec()
	VPADDD(l.bits(127), n, x)
	VPSLLD(Imm(23), x, x)
	return x
}

// log is n*ln(2) + log(m) with m between sqrt(1/2) and sqrt(2).
func (l level) log(x reg.VecVirtual) reg.VecVirtual {
	tiny := l.compare(lessThan, x, l.number(1.17549435e-38))
	scaled := l.choose(tiny, l.two(vmulps, l.number(8388608), x), x)
	// The bits above those of sqrt(1/2) count the powers of two.
	over, n, m := l.vec(), l.vec(), l.vec()
	VPSUBD(l.bits(math.Float32bits(math.Sqrt2/2)), scaled, over)
	VPSRAD(Imm(23), over, n)
	shifted := l.vec()
	VPSLLD(Imm(23), n, shifted)
	VPSUBD(shifted, scaled, m)
	VCVTDQ2PS(n, n)
	n = l.choose(tiny, l.two(vsubps, l.number(23), n), n)
	f := l.two(vsubps, l.number(1), m)
	q := l.horner(f, fit.Log...)
	square := l.two(vmulps, f, f)
	y := l.two(vmulps, l.two(vmulps, f, square), q)
	y = l.fma(n, l.number(fit.Ln2Low), y)
	y = l.fma(square, l.number(-0.5), y)
	y = l.fma(n, l.number(fit.Ln2High), l.two(vaddps, f, y))
	// What is not a positive finite number.
	inf := l.number(math.Inf(1))
	y = l.choose(l.compare(equalTo, x, inf), inf, y)
	y = l.choose(l.compare(equalTo, x, l.number(0)), l.number(math.Inf(-1)), y)
	nan := l.number(math.NaN())
	y = l.choose(l.compare(lessThan, x, l.number(0)), nan, y)
	return l.choose(l.compare(unordered, x, x), x, y)
}

// sigmoid is e/(1+e) of negative and 1/(1+e) of other numbers, with e = exp(-|x|).
func (l level) sigmoid(x reg.VecVirtual) reg.VecVirtual {
	e := l.exp(l.or(x, l.bits(signBit)))
	top := l.choose(l.compare(lessThan, x, l.number(0)), e, l.number(1))
	return l.two(vdivps, l.two(vaddps, l.number(1), e), top)
}

// tanh is a polynomial near 0 and 1 - 2/(exp(2|x|)+1), with the sign of x, elsewhere.
func (l level) tanh(x reg.VecVirtual) reg.VecVirtual {
	size, sign := l.and(x, l.bits(restBits)), l.and(x, l.bits(signBit))
	e := l.two(vaddps, l.number(1), l.exp(l.two(vaddps, size, size)))
	far := l.two(vsubps, l.two(vdivps, e, l.number(2)), l.number(1))
	far = l.or(far, sign)
	z := l.two(vmulps, x, x)
	q := l.horner(z, fit.Tanh...)
	near := l.vec()
	VMOVUPS(x, near)
	near = l.fma(l.two(vmulps, x, z), q, near)
	return l.choose(l.compare(lessThan, size, l.number(0.625)), near, far)
}

// erf is a polynomial near 0 and 1 - exp(-|x| g(|x|)), with the sign of x, elsewhere.
func (l level) erf(x reg.VecVirtual) reg.VecVirtual {
	size, sign := l.and(x, l.bits(restBits)), l.and(x, l.bits(signBit))
	size = l.two(vminps, size, l.number(4))
	g := l.horner(size, fit.ErfFar...)
	e := l.exp(l.two(vxorps, l.bits(signBit), l.two(vmulps, g, size)))
	far := l.or(l.two(vsubps, e, l.number(1)), sign)
	z := l.two(vmulps, x, x)
	near := l.horner(z, fit.ErfNear...)
	near = l.two(vmulps, x, near)
	return l.choose(l.compare(lessThan, size, l.number(0.92)), near, far)
}
