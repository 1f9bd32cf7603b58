#include "textflag.h"

// The generator of the other kernels does not know these instructions.

// func dotInt8VNNI(dst *int32, packed, query *int8, groups, quads uint64, bias int32)
// The instruction multiplies unsigned by signed bytes: rows are taken as 128 more than they are, and bias is 128 times the sum
// of the query's elements. A lane is a row; a step is four of its columns. Neither groups nor quads is 0.
TEXT ·dotInt8VNNI(SB), NOSPLIT, $0-44
	MOVQ         dst+0(FP), DI
	MOVQ         packed+8(FP), SI
	MOVQ         query+16(FP), DX
	MOVQ         groups+24(FP), CX
	MOVQ         quads+32(FP), R8
	MOVL         bias+40(FP), AX
	VPBROADCASTD AX, Z0
	MOVL         $0x80808080, AX
	VPBROADCASTD AX, Z1
	SHLQ         $2, R8           // bytes of the query
	MOVQ         R8, R10
	SHLQ         $4, R10          // bytes of a group
	LEAQ         (R10)(R10*2), R11

// Four groups at a time.
four:
	CMPQ   CX, $4
	JB     one
	VPXORD Z2, Z2, Z2
	VPXORD Z3, Z3, Z3
	VPXORD Z4, Z4, Z4
	VPXORD Z5, Z5, Z5
	XORQ   R9, R9

quads:
	VPBROADCASTD (DX)(R9*1), Z6
	VPXORD       (SI), Z1, Z7
	VPXORD       (SI)(R10*1), Z1, Z8
	VPXORD       (SI)(R10*2), Z1, Z9
	VPXORD       (SI)(R11*1), Z1, Z10
	VPDPBUSD     Z6, Z7, Z2
	VPDPBUSD     Z6, Z8, Z3
	VPDPBUSD     Z6, Z9, Z4
	VPDPBUSD     Z6, Z10, Z5
	ADDQ         $64, SI
	ADDQ         $4, R9
	CMPQ         R9, R8
	JB           quads
	VPSUBD       Z0, Z2, Z2
	VPSUBD       Z0, Z3, Z3
	VPSUBD       Z0, Z4, Z4
	VPSUBD       Z0, Z5, Z5
	VMOVDQU32    Z2, (DI)
	VMOVDQU32    Z3, 64(DI)
	VMOVDQU32    Z4, 128(DI)
	VMOVDQU32    Z5, 192(DI)
	ADDQ         R11, SI
	ADDQ         $256, DI
	SUBQ         $4, CX
	JMP          four

one:
	TESTQ  CX, CX
	JZ     done
	VPXORD Z2, Z2, Z2
	XORQ   R9, R9

quad:
	VPXORD        (SI), Z1, Z7
	VPDPBUSD.BCST (DX)(R9*1), Z7, Z2
	ADDQ          $64, SI
	ADDQ          $4, R9
	CMPQ          R9, R8
	JB            quad
	VPSUBD        Z0, Z2, Z2
	VMOVDQU32     Z2, (DI)
	ADDQ          $64, DI
	SUBQ          $1, CX
	JMP           one

done:
	VZEROUPPER
	RET
