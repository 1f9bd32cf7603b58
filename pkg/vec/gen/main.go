// Command gen writes the kernels of package vec for amd64, once with AVX2 and FMA and once with AVX-512.
package main

import (
	. "github.com/mmcloughlin/avo/build"   //nolint:staticcheck // avo reads as assembly this way
	. "github.com/mmcloughlin/avo/operand" //nolint:staticcheck // as above
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	declareMasks()
	for _, l := range []level{{name: "AVX2"}, {name: "AVX512", wide: true}} {
		l.elementwise()
		l.functions()
		l.reductions()
		l.atLeast()
	}
	dotInt8()
	Generate()
}

func param(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// loop writes a loop over n elements: whole vectors, then the tail. Pointers advance together.
func (l level) loop(n reg.GPVirtual, pointers []reg.GPVirtual, body func(t *tail)) {
	Label("loop")
	CMPQ(n, Imm(l.lanes()))
	JB(LabelRef("tail"))
	body(nil)
	for _, p := range pointers {
		ADDQ(Imm(uint64(l.bytes())), p)
	}
	SUBQ(Imm(l.lanes()), n)
	JMP(LabelRef("loop"))
	Label("tail")
	TESTQ(n, n)
	JZ(LabelRef("done"))
	t := l.remaining(n)
	body(&t)
	Label("done")
}

func finish() {
	VZEROUPPER()
	RET()
}

func (l level) elementwise() {
	arithmetic := []struct {
		name string
		f    func(a, b reg.VecVirtual) reg.VecVirtual
	}{
		{"add", func(a, b reg.VecVirtual) reg.VecVirtual { return l.two(vaddps, b, a) }},
		{"sub", func(a, b reg.VecVirtual) reg.VecVirtual { return l.two(vsubps, b, a) }},
		{"mul", func(a, b reg.VecVirtual) reg.VecVirtual { return l.two(vmulps, b, a) }},
		{"div", func(a, b reg.VecVirtual) reg.VecVirtual { return l.two(vdivps, b, a) }},
		{"min", func(a, b reg.VecVirtual) reg.VecVirtual { return l.ordered(vminps, a, b) }},
		{"max", func(a, b reg.VecVirtual) reg.VecVirtual { return l.ordered(vmaxps, a, b) }},
	}
	for _, op := range arithmetic {
		l.binary(op.name, op.f)
		l.scalar(op.name+"Scalar", op.f)
	}
	l.scalar("scalarSub", func(a, s reg.VecVirtual) reg.VecVirtual { return l.two(vsubps, a, s) })
	l.scalar("scalarDiv", func(a, s reg.VecVirtual) reg.VecVirtual { return l.two(vdivps, a, s) })
	l.scalar("leakyRelu", func(a, s reg.VecVirtual) reg.VecVirtual {
		return l.choose(l.compare(lessThan, a, l.number(0)), l.two(vmulps, s, a), a)
	})
	l.axpy()
	l.mulAdd()
}

// ordered is the lesser or the greater of two, NaN where either is: the instruction gives b where one is.
func (l level) ordered(op func(ops ...Op), a, b reg.VecVirtual) reg.VecVirtual {
	return l.choose(l.compare(unordered, a, a), a, l.two(op, b, a))
}

func vaddps(ops ...Op) { VADDPS(ops...) }
func vsubps(ops ...Op) { VSUBPS(ops...) }
func vmulps(ops ...Op) { VMULPS(ops...) }
func vdivps(ops ...Op) { VDIVPS(ops...) }
func vminps(ops ...Op) { VMINPS(ops...) }
func vmaxps(ops ...Op) { VMAXPS(ops...) }

func (l level) binary(name string, f func(a, b reg.VecVirtual) reg.VecVirtual) {
	TEXT(name+l.name, NOSPLIT, "func(dst, a, b *float32, n uint64)")
	dst, a, b, n := param("dst"), param("a"), param("b"), param("n")
	l.loop(n, []reg.GPVirtual{dst, a, b}, func(t *tail) {
		l.store(f(l.load(Mem{Base: a}, t), l.load(Mem{Base: b}, t)), Mem{Base: dst}, t)
	})
	finish()
}

func (l level) scalar(name string, f func(a, s reg.VecVirtual) reg.VecVirtual) {
	TEXT(name+l.name, NOSPLIT, "func(dst, a *float32, s float32, n uint64)")
	dst, a, n, s := param("dst"), param("a"), param("n"), l.vec()
	l.spread("s", s)
	l.loop(n, []reg.GPVirtual{dst, a}, func(t *tail) {
		l.store(f(l.load(Mem{Base: a}, t), s), Mem{Base: dst}, t)
	})
	finish()
}

// spread loads a parameter into all lanes.
func (l level) spread(name string, x reg.VecVirtual) {
	one := Load(Param(name), XMM())
	VBROADCASTSS(one, x)
}

func (l level) axpy() {
	TEXT("axpy"+l.name, NOSPLIT, "func(dst *float32, s float32, a *float32, n uint64)")
	dst, a, n, s := param("dst"), param("a"), param("n"), l.vec()
	l.spread("s", s)
	l.loop(n, []reg.GPVirtual{dst, a}, func(t *tail) {
		acc := l.load(Mem{Base: dst}, t)
		l.store(l.fma(l.load(Mem{Base: a}, t), s, acc), Mem{Base: dst}, t)
	})
	finish()
}

func (l level) mulAdd() {
	TEXT("mulAdd"+l.name, NOSPLIT, "func(dst, a, b, c *float32, n uint64)")
	dst, a, b, c, n := param("dst"), param("a"), param("b"), param("c"), param("n")
	l.loop(n, []reg.GPVirtual{dst, a, b, c}, func(t *tail) {
		acc := l.load(Mem{Base: c}, t)
		l.store(l.fma(l.load(Mem{Base: a}, t), l.load(Mem{Base: b}, t), acc), Mem{Base: dst}, t)
	})
	finish()
}
