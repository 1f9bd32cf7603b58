package main

import "fmt"

// operand registers: R0 is dst, the sources follow; R4 counts, R9 has the constants. V0 and on are the sources' elements, V31 a
// number that all share.
const spread = 31

func two(op operation) func(b *block, in []value) value {
	return func(b *block, in []value) value { return b.do(op, in[0], in[1]) }
}

func swapped(op operation) func(b *block, in []value) value {
	return func(b *block, in []value) value { return b.do(op, in[1], in[0]) }
}

func one(op operation) func(b *block, in []value) value {
	return func(b *block, in []value) value { return b.do(op, in[0]) }
}

func (f *file) elementwise() {
	for _, k := range []struct {
		name string
		op   operation
	}{{"add", fadd}, {"sub", fsub}, {"mul", fmul}, {"div", fdiv}, {"min", fmin}, {"max", fmax}} {
		f.loop(k.name+"NEON", 2, false, two(k.op))
		if k.name != "sub" {
			f.loop(k.name+"ScalarNEON", 1, true, two(k.op))
		}
	}
	f.loop("scalarSubNEON", 1, true, swapped(fsub))
	f.loop("scalarDivNEON", 1, true, swapped(fdiv))
	f.loop("leakyReluNEON", 1, true, func(b *block, in []value) value {
		return b.choose(b.less(in[0], b.number(0)), b.do(fmul, in[0], in[1]), in[0])
	})
	f.loop("mulAddNEON", 3, false, func(b *block, in []value) value {
		return b.change(fmla, b.do(orr, in[2], in[2]), in[0], in[1])
	})
}

func (f *file) functions() {
	for _, k := range []struct {
		name string
		op   operation
	}{{"neg", fneg}, {"abs", fabs}, {"sqrt", fsqrt}, {"floor", frintm}, {"ceil", frintp}} {
		f.loop(k.name+"NEON", 1, false, one(k.op))
	}
	for _, k := range []struct {
		name    string
		compute func(b *block, x value) value
	}{
		{"exp", (*block).exp}, {"log", (*block).log}, {"sigmoid", (*block).sigmoid},
		{"tanh", (*block).tanh}, {"erf", (*block).erf}, {"gelu", (*block).gelu},
	} {
		f.loop(k.name+"NEON", 1, false, func(b *block, in []value) value { return k.compute(b, in[0]) })
	}
}

// loop writes a function of n elements of each source, n not being 0: four at a time, then the up to three that remain.
func (f *file) loop(name string, sources int, scalar bool, compute func(b *block, in []value) value) {
	parameters := "dst, " + []string{"", "a", "a, b", "a, b, c"}[sources] + " *float32, "
	at := 8 * (sources + 1)
	if scalar {
		parameters += "s float32, "
	}
	size := at + 8
	if scalar {
		size += 8
	}
	f.text(name, parameters+"n uint64", "", size)
	f.line("MOVD dst+0(FP), R0")
	registers := []int{}
	for i := range sources {
		f.line("MOVD %c+%d(FP), R%d", 'a'+i, 8*(i+1), i+1)
		registers = append(registers, i)
	}
	if scalar {
		f.line("FMOVS s+%d(FP), F%d", at, spread)
		f.line("VDUP V%d.S[0], V%d.S4", spread, spread)
		registers, at = append(registers, spread), at+8
	}
	f.line("MOVD n+%d(FP), R4", at)
	f.line("MOVD $constants<>(SB), R9")
	f.line("SUBS $4, R4")
	f.line("BLO rest")
	f.label("loop")
	for i := range sources {
		f.line("VLD1.P 16(R%d), [V%d.S4]", i+1, i)
	}
	out := f.block(compute, registers...)
	f.line("VST1.P [V%d.S4], 16(R0)", out)
	f.line("SUBS $4, R4")
	f.line("BHS loop")
	f.label("rest")
	f.line("ADDS $4, R4")
	f.line("BEQ done")
	f.few("load", func(i, n int) { f.part("%s (R%[3]d), F%[2]d", "VLD1 (R10), V%[2]d.S[2]", n, i, i+1) }, sources)
	out = f.block(compute, registers...)
	f.few("store", func(_, n int) { f.part("%s F%[2]d, (R%[3]d)", "VST1 V%[2]d.S[2], (R10)", n, out, 0) }, 1)
	f.label("done")
	f.line("RET")
}

// few writes the choice among one, two and three elements, each done for all operands.
func (f *file) few(does string, part func(i, n int), operands int) {
	f.line("CMP $2, R4")
	f.line("BEQ %s2", does)
	f.line("BHI %s3", does)
	for n := 1; n <= 3; n++ {
		if n > 1 {
			f.label(fmt.Sprint(does, n))
		}
		for i := range operands {
			part(i, n)
		}
		if n < 3 {
			f.line("B %sed", does)
		}
	}
	f.label(does + "ed")
}

// part writes the move of n elements of a vector at an address, of three as two and one.
func (f *file) part(move, third string, n, vector, address int) {
	f.line(move, []string{"", "FMOVS", "FMOVD", "FMOVD"}[n], vector, address)
	if n == 3 {
		f.line("ADD $8, R%d, R10", address)
		f.line(third, "", vector, address)
	}
}
