package main

import (
	"fmt"
	"io"
	"math"
)

// value is what a register holds in a block: a number of its own, not that of the register.
type value int

// step is one instruction of a block, or the load of a constant.
type step struct {
	op       operation
	to       value
	from     []value
	constant int // where it lies among the constants, if op has no name
}

// block is instructions without a jump among them.
type block struct {
	constants *constants
	steps     []step
	values    int
	fixed     map[value]int // registers of values that were there before, and stay
	registers map[value]int // of all, once written
}

func newBlock(c *constants) *block {
	return &block{constants: c, fixed: map[value]int{}, registers: map[value]int{}}
}

// value returns a new one.
func (b *block) value() value {
	b.values++
	return value(b.values)
}

// in returns the value of a register that was filled before the block and is not used for others.
func (b *block) in(register int) value {
	v := b.value()
	b.fixed[v] = register
	return v
}

// do computes a new value.
func (b *block) do(op operation, from ...value) value {
	v := b.value()
	b.steps = append(b.steps, step{op: op, to: v, from: from})
	return v
}

// change computes a value from what it was, and others.
func (b *block) change(op operation, v value, from ...value) value {
	b.steps = append(b.steps, step{op: op, to: v, from: from})
	return v
}

// bits returns a value with the same bits in each lane, number one with a number.
func (b *block) bits(bits uint32) value {
	v := b.value()
	b.steps = append(b.steps, step{to: v, constant: b.constants.place(bits)})
	return v
}

func (b *block) number(v float64) value { return b.bits(math.Float32bits(float32(v))) }

// write gives each value a register from its first step to its last, and writes the steps. out must be there at the end.
func (b *block) write(w io.Writer, out ...value) {
	last := map[value]int{}
	for i, s := range b.steps {
		for _, v := range append(s.from, s.to) {
			last[v] = i
		}
	}
	for _, v := range out {
		last[v] = len(b.steps)
	}
	taken := map[int]value{}
	for v, register := range b.fixed {
		b.registers[v], taken[register] = register, v
		last[v] = len(b.steps)
	}
	for i, s := range b.steps {
		for register, v := range taken { // a source may end where the result begins
			if last[v] < i || last[v] == i && v != s.to {
				delete(taken, register)
			}
		}
		if _, ok := b.registers[s.to]; !ok {
			register := 0
			for ; ; register++ {
				if _, ok := taken[register]; !ok {
					break
				}
			}
			if register > 31 {
				panic("out of registers")
			}
			b.registers[s.to] = register
		}
		taken[b.registers[s.to]] = s.to
		fmt.Fprint(w, b.text(s))
	}
}

func (b *block) text(s step) string {
	to := b.registers[s.to]
	if s.op.name == "" {
		return fmt.Sprintf("\tFMOVQ %d(R9), F%d\n", 16*s.constant, to)
	}
	word, names := s.op.word|uint32(to), fmt.Sprintf("V%d", to) //nolint:gosec // less than 32
	for i, v := range s.from {
		word |= uint32(b.registers[v]) << []int{5, 16}[i] //nolint:gosec // as above
		names += fmt.Sprintf(", V%d", b.registers[v])
	}
	return fmt.Sprintf("\tWORD $0x%08x // %s %s\n", word, s.op.name, names)
}

// constants are vectors of four times the same bits.
type constants struct{ all []uint32 }

func (c *constants) place(bits uint32) int {
	for i, b := range c.all {
		if b == bits {
			return i
		}
	}
	c.all = append(c.all, bits)
	return len(c.all) - 1
}

func (c *constants) write(w io.Writer) {
	fmt.Fprintln(w)
	for i, bits := range c.all {
		for half := range 2 {
			fmt.Fprintf(w, "DATA constants<>+%d(SB)/8, $0x%08x%08x\n", 16*i+8*half, bits, bits)
		}
	}
	fmt.Fprintf(w, "GLOBL constants<>(SB), RODATA|NOPTR, $%d\n", 16*len(c.all))
}
