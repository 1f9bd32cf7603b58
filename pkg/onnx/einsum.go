package onnx

import (
	"fmt"
	"slices"
	"strings"
)

// einsum is the letters of an equation: those of each operand and those of the result; summed are the others. An ellipsis is the
// letter '.'.
type einsum struct {
	operands []string
	result   string
}

// buildEinsum makes the kernel of Einsum: the sum of products of the operands over the letters that the result does not have.
func buildEinsum(n *node) (kernel, error) {
	equation := strings.ReplaceAll(n.text("equation", ""), " ", "")
	left, right, explicit := strings.Cut(strings.ReplaceAll(equation, "...", "."), "->")
	e := &einsum{operands: strings.Split(left, ","), result: right}
	if !explicit {
		e.result = implied(left)
	}
	if len(e.operands) != len(n.in) {
		return nil, fmt.Errorf("equation %q has %d operands, expected %d", equation, len(e.operands), len(n.in))
	}
	for _, letters := range append(slices.Clone(e.operands), e.result) {
		for _, c := range letters {
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' || c == '.' && strings.Count(letters, ".") > 1 {
				return nil, fmt.Errorf("equation %q is no equation", equation)
			}
		}
	}
	for i, c := range e.result {
		if !strings.ContainsRune(left, c) && c != '.' || strings.ContainsRune(e.result[:i], c) {
			return nil, fmt.Errorf("equation %q: the result has the letter %q, which no operand has or which is there twice", equation, c)
		}
	}
	if err := n.same(0, len(n.in)); err != nil {
		return nil, err
	}
	n.give(n.in[0])
	return n.byDtype(0, sumProducts[float32](e), sumProducts[int64](e), nil)
}

// implied is the result of an equation that has none: the letters that are there once, in order, after the ellipsis.
func implied(left string) string {
	var letters []rune
	for _, c := range left {
		if c != '.' && c != ',' && strings.Count(left, string(c)) == 1 {
			letters = append(letters, c)
		}
	}
	slices.Sort(letters)
	if strings.Contains(left, ".") {
		return "." + string(letters)
	}
	return string(letters)
}

// maxLoops bounds the letters of an equation, with the dimensions that ellipses stand for; as many operands may there be.
const maxLoops = 2 * maxRank

// loops is one loop for each letter, those of the result first. A letter is known by its rune, a dimension of an ellipsis by its
// number, counted from the end.
type loops struct {
	names [maxLoops]rune
	sizes [maxLoops]int
	count int
	steps [maxLoops][maxLoops]int // by loop and operand
}

// find returns the loop over a letter, or adds it.
func (l *loops) find(name rune) (int, error) {
	for i, known := range l.names[:l.count] {
		if known == name {
			return i, nil
		}
	}
	if l.count == maxLoops {
		return 0, fmt.Errorf("more than %d letters", maxLoops)
	}
	l.names[l.count], l.sizes[l.count] = name, 1
	l.count++
	return l.count - 1, nil
}

// each calls visit with the loop and the dimension of each letter.
func (l *loops) each(letters string, rank int, visit func(loop, dim int) error) error {
	ellipsis, dim := rank-len(letters)+1, 0
	if hidden := strings.Contains(letters, "."); ellipsis < 0 || !hidden && ellipsis != 1 {
		return fmt.Errorf("%d dimensions for the letters %q", rank, letters)
	}
	for _, c := range letters {
		times := 1
		if c == '.' {
			times = ellipsis
		}
		for k := range times {
			name := c
			if c == '.' {
				name = rune(times - k)
			}
			loop, err := l.find(name)
			if err != nil {
				return err
			}
			if err := visit(loop, dim); err != nil {
				return err
			}
			dim++
		}
	}
	return nil
}

// operand adds the sizes and the steps of an operand.
func (l *loops) operand(k int, letters string, shape []int) error {
	strides := rowMajor(shape)
	return l.each(letters, len(shape), func(loop, dim int) error {
		size := shape[dim]
		if l.sizes[loop] == 1 {
			l.sizes[loop] = size
		}
		if size != 1 {
			l.steps[loop][k] += strides[dim]
		}
		if size != 1 && size != l.sizes[loop] {
			return fmt.Errorf("operand %d: the letters %q stand for %v, but one was %d before", k, letters, shape, l.sizes[loop])
		}
		return nil
	})
}

func sumProducts[T number](e *einsum) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		if len(in) > maxLoops {
			return fmt.Errorf("%d operands, expected at most %d", len(in), maxLoops)
		}
		var l loops
		rank := len(e.result)
		for k, t := range in { // an ellipsis of the result is the longest of the operands
			if strings.Contains(e.result, ".") && strings.Contains(e.operands[k], ".") {
				rank = max(rank, len(e.result)-1+len(t.Shape)-len(e.operands[k])+1)
			}
		}
		if strings.Contains(e.result, ".") && rank == len(e.result) && !e.ellipsis(in) {
			rank--
		}
		if rank > maxRank {
			return fmt.Errorf("the result has %d dimensions, expected at most %d", rank, maxRank)
		}
		if err := l.each(e.result, rank, func(int, int) error { return nil }); err != nil {
			return err
		}
		for k, t := range in {
			if err := l.operand(k, e.operands[k], t.Shape); err != nil {
				return err
			}
		}
		t, dst, err := alloc[T](mem, mem.shape(l.sizes[:rank]...))
		if err != nil {
			return err
		}
		if err := mem.spend(l.products()); err != nil {
			return err
		}
		sumOver(&l, rank, dst, in)
		out[0] = t
		return nil
	}
}

// ellipsis reports whether an ellipsis stands for one dimension or more.
func (e *einsum) ellipsis(in []Tensor) bool {
	for k, t := range in {
		if strings.Contains(e.operands[k], ".") && len(t.Shape) >= len(e.operands[k]) {
			return true
		}
	}
	return false
}

// products returns how many products the loops take; more than any run may is all the same.
func (l *loops) products() int64 {
	n := int64(1)
	for _, size := range l.sizes[:l.count] {
		n = min(n, maxWork+1) * int64(size)
	}
	return n
}

// sumOver adds up the products: the loops from kept on are summed over.
func sumOver[T number](l *loops, kept int, dst []T, in []Tensor) {
	for _, size := range l.sizes[:l.count] {
		if size == 0 {
			return
		}
	}
	var operands [maxLoops][]T
	for k, t := range in {
		operands[k] = data[T](t)
	}
	var index, at [maxLoops]int
	place := 0
	for {
		product := operands[0][at[0]]
		for k := 1; k < len(in); k++ {
			product *= operands[k][at[k]]
		}
		dst[place] += product
		d := l.count - 1
		for ; d >= 0; d-- {
			index[d]++
			for k := range in {
				at[k] += l.steps[d][k]
			}
			if index[d] < l.sizes[d] {
				break
			}
			for k := range in {
				at[k] -= l.steps[d][k] * l.sizes[d]
			}
			index[d] = 0
		}
		if d < 0 {
			return
		}
		if d < kept {
			place++
		}
	}
}
