package main

import "fmt"

// counted begins a loop over groups, of which there is at least one.
func (f *file) counted(offset int) {
	f.line("MOVD groups+%d(FP), R4", offset)
	f.label("loop")
}

func (f *file) repeat() {
	f.line("SUBS $1, R4")
	f.line("BNE loop")
}

// do writes one instruction on registers.
func (f *file) do(op operation, to int, from ...int) {
	word, names := op.word|uint32(to), fmt.Sprintf("V%d", to) //nolint:gosec // less than 32
	for i, register := range from {
		word |= uint32(register) << []int{5, 16}[i] //nolint:gosec // as above
		names += fmt.Sprintf(", V%d", register)
	}
	f.line("WORD $0x%08x // %s %s", word, op.name, names)
}

func (f *file) zero(registers ...int) {
	for _, r := range registers {
		f.line("VEOR V%d.B16, V%d.B16, V%d.B16", r, r, r)
	}
}

func (f *file) reductions() {
	f.text("sumNEON", "a *float32, groups uint64, sum *float32", "adds up groups of 16 elements; groups is not 0.", 24)
	f.line("MOVD a+0(FP), R0")
	f.line("MOVD sum+16(FP), R1")
	f.zero(0, 1, 2, 3)
	f.counted(8)
	f.line("VLD1.P 64(R0), [V16.S4, V17.S4, V18.S4, V19.S4]")
	for i := range 4 {
		f.do(fadd, i, i, 16+i)
	}
	f.repeat()
	f.do(fadd, 0, 0, 1)
	f.do(fadd, 2, 2, 3)
	f.do(fadd, 0, 0, 2)
	f.do(faddp, 0, 0, 0)
	f.do(faddp, 0, 0, 0)
	f.line("FMOVS F0, (R1)")
	f.line("RET")

	f.text("maxOfNEON", "a *float32, groups uint64, top *float32", "finds the greatest of groups of 16 elements, NaN if there is one; groups is not 0.", 24)
	f.line("MOVD a+0(FP), R0")
	f.line("MOVD top+16(FP), R1")
	f.line("VLD1 (R0), [V0.S4, V1.S4, V2.S4, V3.S4]")
	f.counted(8)
	f.line("VLD1.P 64(R0), [V16.S4, V17.S4, V18.S4, V19.S4]")
	for i := range 4 {
		f.do(fmax, i, i, 16+i)
	}
	f.repeat()
	f.do(fmax, 0, 0, 1)
	f.do(fmax, 2, 2, 3)
	f.do(fmax, 0, 0, 2)
	f.do(fmaxv, 0, 0)
	f.line("FMOVS F0, (R1)")
	f.line("RET")
}

// bounds writes a bit for each element of whole groups of 16: 1, 2, 4 and so on where it is set, added up over all lanes.
func (f *file) bounds() {
	for _, k := range []struct {
		name, kind string
		size       int
		op         operation
	}{{"atLeastNEON", "float32", 32, fcmge}, {"atLeastInt32NEON", "int32", 32, cmge}} {
		f.text(k.name, fmt.Sprintf("bits *uint64, a *%s, least %s, groups uint64", k.kind, k.kind),
			"sets the bits of the elements that are at least a number, of groups of 16; groups is not 0.", k.size)
		f.line("MOVD bits+0(FP), R0")
		f.line("MOVD a+8(FP), R1")
		f.line("MOVWU least+16(FP), R2")
		f.line("VDUP R2, V31.S4")
		f.line("MOVD $weights<>(SB), R9")
		f.line("VLD1 (R9), [V4.S4, V5.S4, V6.S4, V7.S4]")
		f.counted(24)
		f.line("VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]")
		for i := range 4 {
			f.do(k.op, i, i, 31)
			f.do(and, i, i, 4+i)
		}
		f.do(orr, 0, 0, 1)
		f.do(orr, 2, 2, 3)
		f.do(orr, 0, 0, 2)
		f.do(addv, 0, 0)
		f.line("VMOV V0.S[0], R2")
		f.line("MOVH.P R2, 2(R0)")
		f.repeat()
		f.line("RET")
	}
	fmt.Fprintln(&f.code)
	for i := range 8 {
		fmt.Fprintf(&f.code, "DATA weights<>+%d(SB)/8, $0x%08x%08x\n", 8*i, 2<<(2*i), 1<<(2*i))
	}
	fmt.Fprintf(&f.code, "GLOBL weights<>(SB), RODATA|NOPTR, $64\n")
}

// int8 writes the products of packed rows, with the instructions for products of bytes and without.
func (f *file) int8() {
	const parameters = "dst *int32, packed, query *int8, groups, quads uint64"
	const does = "computes the inner products of groups of 16 rows, quads times four columns each; neither number is 0."
	f.text("dotInt8DP", parameters, does, 40)
	f.rows(func() {
		f.zero(0, 1, 2, 3)
	}, func() {
		for i := range 4 {
			f.do(sdot, i, 16+i, 20)
		}
	}, func() {})
	f.text("dotInt8NEON", parameters, does, 40)
	f.rows(func() {
		f.zero(0, 1, 2, 3, 4, 5, 6, 7)
	}, func() {
		for i := range 4 {
			f.do(smull, 24, 16+i, 20)
			f.do(smull2, 25, 16+i, 20)
			f.do(sadalp, i, 24)
			f.do(sadalp, 4+i, 25)
		}
	}, func() {
		for i := range 4 {
			f.do(addp, i, i, 4+i)
		}
	})
}

// rows writes a loop over groups with one over four columns in it: the rows' elements are in V16 to V19, the query's in each
// lane of V20, and the sums in V0 to V3.
func (f *file) rows(begin, quad, end func()) {
	f.line("MOVD dst+0(FP), R0")
	f.line("MOVD packed+8(FP), R1")
	f.line("MOVD query+16(FP), R2")
	f.line("MOVD quads+32(FP), R3")
	f.counted(24)
	begin()
	f.line("MOVD R2, R5")
	f.line("MOVD R3, R6")
	f.label("quad")
	f.line("VLD1.P 64(R1), [V16.B16, V17.B16, V18.B16, V19.B16]")
	f.line("VLD1R.P 4(R5), [V20.S4]")
	quad()
	f.line("SUBS $1, R6")
	f.line("BNE quad")
	end()
	f.line("VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)")
	f.repeat()
	f.line("RET")
}
