#include "textflag.h"

// func prefetch(a *float32, n uint64)
// n is not 0. A line of the cache is 64 bytes; the one of the last element is asked for as well.
TEXT ·prefetch(SB), NOSPLIT, $0-16
	MOVQ a+0(FP), SI
	MOVQ n+8(FP), CX
	LEAQ -4(SI)(CX*4), DI

line:
	PREFETCHT0 (SI)
	ADDQ       $64, SI
	CMPQ       SI, DI
	JB         line
	PREFETCHT0 (DI)
	RET
