package main

import (
	. "github.com/mmcloughlin/avo/build"   //nolint:staticcheck // avo reads as assembly this way
	. "github.com/mmcloughlin/avo/operand" //nolint:staticcheck // as above
	"github.com/mmcloughlin/avo/reg"
)

// atLeast writes a bit for each element of whole groups of 16, of float32 and of int32.
func (l level) atLeast() {
	const lessOrEqual = 2 // of VPCMPD and, false where one is NaN, of VCMPPS
	l.bound("atLeast", "float32", func(a Mem, floor reg.VecVirtual, word reg.GPVirtual) {
		if l.wide {
			k := K()
			VCMPPS(Imm(lessOrEqual), a, floor, k)
			KMOVW(k, word)
			return
		}
		x := YMM()
		VCMPPS(Imm(lessOrEqual), a, floor, x)
		VMOVMSKPS(x, word)
	})
	l.bound("atLeastInt32", "int32", func(a Mem, floor reg.VecVirtual, word reg.GPVirtual) {
		if l.wide {
			k := K()
			VPCMPD(Imm(lessOrEqual), a, floor, k)
			KMOVW(k, word)
			return
		}
		x := YMM()
		VPCMPGTD(a, floor, x)
		VMOVMSKPS(x, word)
		NOTL(word)
	})
}

// bound writes a loop over groups of 16, of which compare makes the bits of one vector.
func (l level) bound(name, kind string, compare func(a Mem, floor reg.VecVirtual, word reg.GPVirtual)) {
	TEXT(name+l.name, NOSPLIT, "func(bits *uint64, a *"+kind+", least "+kind+", groups uint64)")
	Doc(name + l.name + " sets the bits of the elements that are at least a number, of groups of 16; groups is not 0.")
	bits, a, groups := param("bits"), param("a"), param("groups")
	floor, word := l.vec(), GP32()
	if kind == "float32" {
		l.spread("least", floor)
	} else {
		one := XMM()
		VMOVD(Load(Param("least"), GP32()), one)
		VPBROADCASTD(one, floor)
	}
	Label("group")
	for i := range 64 / l.bytes() {
		compare(Mem{Base: a, Disp: i * l.bytes()}, floor, word)
		if l.wide {
			MOVW(word.As16(), Mem{Base: bits})
		} else {
			MOVB(word.As8(), Mem{Base: bits, Disp: i})
		}
	}
	ADDQ(Imm(64), a)
	ADDQ(Imm(2), bits)
	DECQ(groups)
	JNZ(LabelRef("group"))
	finish()
}
