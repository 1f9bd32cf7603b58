#include "textflag.h"

// func dotNEON(a, b *float32, n uint64, sums *float32)
// n is a multiple of 16 and not 0; sums are four, to be added up.
TEXT ·dotNEON(SB), NOSPLIT, $0-32
	MOVD a+0(FP), R0
	MOVD b+8(FP), R1
	MOVD n+16(FP), R2
	MOVD sums+24(FP), R3
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	VEOR V2.B16, V2.B16, V2.B16
	VEOR V3.B16, V3.B16, V3.B16

loop:
	VLD1.P 64(R0), [V16.S4, V17.S4, V18.S4, V19.S4]
	VLD1.P 64(R1), [V20.S4, V21.S4, V22.S4, V23.S4]
	VFMLA  V16.S4, V20.S4, V0.S4
	VFMLA  V17.S4, V21.S4, V1.S4
	VFMLA  V18.S4, V22.S4, V2.S4
	VFMLA  V19.S4, V23.S4, V3.S4
	SUBS   $16, R2
	BNE    loop
	FMOVS  $1.0, F16
	VDUP   V16.S[0], V16.S4
	VFMLA  V1.S4, V16.S4, V0.S4
	VFMLA  V3.S4, V16.S4, V2.S4
	VFMLA  V2.S4, V16.S4, V0.S4
	VST1   [V0.S4], (R3)
	RET

// func axpyNEON(dst *float32, s float32, a *float32, n uint64)
// n is a multiple of 16 and not 0.
TEXT ·axpyNEON(SB), NOSPLIT, $0-32
	MOVD  dst+0(FP), R0
	FMOVS s+8(FP), F24
	MOVD  a+16(FP), R1
	MOVD  n+24(FP), R2
	VDUP  V24.S[0], V24.S4

loop:
	VLD1   (R0), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R1), [V16.S4, V17.S4, V18.S4, V19.S4]
	VFMLA  V16.S4, V24.S4, V0.S4
	VFMLA  V17.S4, V24.S4, V1.S4
	VFMLA  V18.S4, V24.S4, V2.S4
	VFMLA  V19.S4, V24.S4, V3.S4
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	SUBS   $16, R2
	BNE    loop
	RET
