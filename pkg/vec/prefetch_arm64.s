#include "textflag.h"

// func prefetch(a *float32, n uint64)
// n is not 0. A line of the cache is 64 bytes; the one of the last element is asked for as well.
TEXT ·prefetch(SB), NOSPLIT, $0-16
	MOVD a+0(FP), R0
	MOVD n+8(FP), R1
	ADD  R1<<2, R0, R1
	SUB  $4, R1

line:
	PRFM (R0), PLDL1KEEP
	ADD  $64, R0
	CMP  R1, R0
	BLO  line
	PRFM (R1), PLDL1KEEP
	RET
