package plan

import (
	"fmt"
	"slices"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// general emits an operator that runs as package onnx runs it, on the tensors of a block, if it treats candidates
// independently.
func (c *compiler) general(n onnx.Node) error {
	if slices.ContainsFunc(n.Inputs(), func(v int) bool { return v >= 0 && c.values[v].class == rowed }) {
		if err := c.independent(n); err != nil {
			return err
		}
	}
	var reads, writes []int
	for _, v := range n.Inputs() {
		if v >= 0 {
			if c.values[v].class == extent {
				return errMixed
			}
			reads = append(reads, v)
		}
	}
	for _, v := range n.Outputs() {
		if v >= 0 {
			writes = append(writes, v)
		}
	}
	c.widest = max(c.widest, len(n.Inputs()), len(n.Outputs()))
	c.emit(n, reads, writes, -1, func(f *frame, rows int) error { return f.general(c.values, n, rows) })
	return nil
}

// general runs an operator on tensors and copies its results to their places.
func (f *frame) general(values []value, n onnx.Node, rows int) error {
	f.mem.Reset()
	in, out := f.in[:len(n.Inputs())], f.out[:len(n.Outputs())]
	for i, v := range n.Inputs() {
		in[i] = onnx.Tensor{}
		if v >= 0 {
			in[i] = f.tensor(&values[v], v, rows)
		}
	}
	if err := n.Run(&f.mem, in, out); err != nil {
		return err
	}
	for i, v := range n.Outputs() {
		if v >= 0 {
			if err := fits(&values[v], out[i], rows); err != nil {
				return err
			}
			copy(f.floats[v], out[i].Floats)
			copy(f.ints[v], out[i].Ints)
			copy(f.bools[v], out[i].Bools)
			copy(f.texts[v], out[i].Strings)
		}
	}
	return nil
}

// fits checks that a result has as many elements as were learned.
func fits(v *value, t onnx.Tensor, rows int) error {
	want := v.width()
	if v.perRow() {
		want *= rows
	}
	if t.Size() != want {
		return fmt.Errorf("its result has shape %v, expected %d elements", t.Shape, want)
	}
	return nil
}

// tensor is the block's part of a value; of a value that repeats it is one row, which broadcasts.
func (f *frame) tensor(v *value, number, rows int) onnx.Tensor {
	if v.class == constant {
		return v.known
	}
	size := v.width()
	if v.perRow() {
		size *= rows
	}
	shape := f.shapes[number]
	if v.class == rowed {
		shape[0] = v.factor
		if v.perRow() {
			shape[0] *= rows
		}
	}
	t := onnx.Tensor{Shape: shape}
	switch v.dtype {
	case onnx.Float32:
		t.Floats = f.floats[number][:size]
	case onnx.Int64:
		t.Ints = f.ints[number][:size]
	case onnx.String:
		t.Strings = f.texts[number][:size]
	default:
		t.Bools = f.bools[number][:size]
	}
	return t
}
