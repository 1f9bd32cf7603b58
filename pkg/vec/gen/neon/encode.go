package main

// operation is an instruction on vectors of four numbers, or on their bits: its name, and its word with all registers 0. The
// register written is in the bits from 0 on, the first source in those from 5, the second in those from 16. Go's assembler
// has no mnemonic for most of them. The words are those of the Arm Architecture Reference Manual for A-profile, C7.2.
type operation struct {
	name string
	word uint32
}

// The groups of instructions, section C4.1.96: the bits that all of a group share. All work on whole registers (Q is 1).
const (
	threeSame = 1<<30 | 0b01110<<24 | 1<<21 | 1<<10
	twoMisc   = 1<<30 | 0b01110<<24 | 0b10000<<17 | 0b10<<10
	across    = 1<<30 | 0b01110<<24 | 0b11000<<17 | 0b10<<10
	three     = 1<<30 | 0b01110<<24 | 1<<21 // of different widths
	extended  = 1<<30 | 0b01110<<24 | 1<<15 | 1<<10
	shift     = 1<<30 | 0b01111<<24 | 1<<10
)

// same is an instruction with two sources of the same kind.
func same(name string, u, size, opcode uint32) operation {
	return operation{name, threeSame | u<<29 | size<<22 | opcode<<11}
}

// misc is one with one source.
func misc(name string, u, size, opcode uint32) operation {
	return operation{name, twoMisc | u<<29 | size<<22 | opcode<<12}
}

// Sizes: of floats the lower bit is 0 for 32 bits and the upper one belongs to the opcode; of integers 2 is 32 bits.
var (
	fadd  = same("FADD", 0, 0, 0b11010)
	fsub  = same("FSUB", 0, 2, 0b11010)
	fmul  = same("FMUL", 1, 0, 0b11011)
	fdiv  = same("FDIV", 1, 0, 0b11111)
	fmin  = same("FMIN", 0, 2, 0b11110)
	fmax  = same("FMAX", 0, 0, 0b11110)
	fmla  = same("FMLA", 0, 0, 0b11001)
	fcmeq = same("FCMEQ", 0, 0, 0b11100)
	fcmge = same("FCMGE", 1, 0, 0b11100)
	fcmgt = same("FCMGT", 1, 2, 0b11100)
	faddp = same("FADDP", 1, 0, 0b11010)

	add  = same("ADD", 0, 2, 0b10000)
	sub  = same("SUB", 1, 2, 0b10000)
	addp = same("ADDP", 0, 2, 0b10111)
	cmge = same("CMGE", 0, 2, 0b00111)

	// Of bits the size is a part of the opcode.
	and = same("AND", 0, 0, 0b00011)
	orr = same("ORR", 0, 2, 0b00011)
	eor = same("EOR", 1, 0, 0b00011)
	bsl = same("BSL", 1, 1, 0b00011) // takes the first source where the register written has ones, else the second

	fneg   = misc("FNEG", 1, 2, 0b01111)
	fabs   = misc("FABS", 0, 2, 0b01111)
	fsqrt  = misc("FSQRT", 1, 2, 0b11111)
	frintn = misc("FRINTN", 0, 0, 0b11000) // to the nearest
	frintm = misc("FRINTM", 0, 0, 0b11001) // down
	frintp = misc("FRINTP", 0, 2, 0b11000) // up
	fcvtns = misc("FCVTNS", 0, 0, 0b11010)
	scvtf  = misc("SCVTF", 0, 0, 0b11101)
	sadalp = misc("SADALP", 0, 1, 0b00110) // adds pairs of int16 to int32

	fmaxv = operation{"FMAXV", across | 1<<29 | 0b01111<<12}
	addv  = operation{"ADDV", across | 2<<22 | 0b11011<<12}

	sdot = operation{"SDOT", extended&^(1<<21) | 2<<22 | 0b0010<<11} // adds four products of bytes to each int32
	// smull multiplies the lower eight bytes to int16, smull2 the upper ones.
	smull  = operation{"SMULL", three&^(1<<30) | 0b1100<<12}
	smull2 = operation{"SMULL2", three | 0b1100<<12}
)

// shl and sshr shift 32 bits: the number lies in seven bits from 16 on, counted from 32 up and from 64 down.
func shl(by uint32) operation  { return operation{"SHL", shift | (32+by)<<16 | 0b01010<<11} }
func sshr(by uint32) operation { return operation{"SSHR", shift | (64-by)<<16 | 0b00000<<11} }
