package onnx

import (
	"errors"
	"fmt"
	"slices"
)

// cuts is what Slice takes: parallel lists, where axes and steps may be nil (all from the first; 1).
type cuts struct{ starts, ends, axes, steps []int64 }

// buildSlice makes the kernel of Slice, whose cuts are attributes before version 10 of the operator set and inputs after.
func buildSlice(n *node) (kernel, error) {
	n.give(n.in[0])
	if n.opset < 10 {
		c := cuts{starts: n.integers("starts"), ends: n.integers("ends"), axes: n.integers("axes")}
		fixed := func([]Tensor) cuts { return c }
		return n.byDtype(0, slice[float32](fixed), slice[int64](fixed), slice[bool](fixed), slice[string](fixed))
	}
	for i := 1; i < len(n.in); i++ {
		if err := n.expect(i, Int64); err != nil {
			return nil, err
		}
	}
	if !n.has(1) || !n.has(2) {
		return nil, errors.New("starts and ends are missing")
	}
	return n.byDtype(0, slice[float32](cutsOf), slice[int64](cutsOf), slice[bool](cutsOf), slice[string](cutsOf))
}

func cutsOf(in []Tensor) cuts {
	c := cuts{starts: in[1].Ints, ends: in[2].Ints}
	if len(in) > 3 {
		c.axes = in[3].Ints
	}
	if len(in) > 4 {
		c.steps = in[4].Ints
	}
	return c
}

func slice[T element](given func(in []Tensor) cuts) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		t, c := in[0], given(in)
		if c.axes == nil {
			for i := range c.starts {
				c.axes = append(c.axes, int64(i))
			}
		}
		if c.steps == nil {
			c.steps = slices.Repeat([]int64{1}, len(c.starts))
		}
		if len(c.ends) != len(c.starts) || len(c.axes) != len(c.starts) || len(c.steps) != len(c.starts) {
			return fmt.Errorf("%d starts, %d ends, %d axes and %d steps, expected as many of each",
				len(c.starts), len(c.ends), len(c.axes), len(c.steps))
		}
		if _, err := axisSet(c.axes, len(t.Shape)); err != nil {
			return err
		}
		shape, strides, start := mem.shape(t.Shape...), rowMajor(t.Shape), 0
		for i, axis := range c.axes {
			d, _ := axisOf(axis, len(t.Shape))
			from, size, err := cut(c.starts[i], c.ends[i], c.steps[i], t.Shape[d])
			if err != nil {
				return err
			}
			start += from * strides[d]
			shape[d], strides[d] = size, strides[d]*int(c.steps[i])
		}
		var err error
		out[0], err = gatherStrided[T](mem, t, shape, strides, start)
		return err
	}
}

// cut returns the first index and the number of indices of start:end:step over a dimension, by Python's rules.
func cut(start, end, step int64, size int) (from, n int, err error) {
	switch {
	case step == 0:
		return 0, 0, errors.New("a step is 0")
	case step > maxElements || step < -maxElements:
		return 0, 0, fmt.Errorf("step %d is out of range", step)
	}
	if start < 0 {
		start = max(start+int64(size), -1)
	}
	if end < 0 {
		end = max(end+int64(size), -1)
	}
	if step > 0 {
		start, end = min(max(start, 0), int64(size)), min(max(end, 0), int64(size))
		return int(start), int(max(0, (end-start+step-1)/step)), nil
	}
	start, end = min(start, int64(size)-1), min(end, int64(size)-1)
	n = int(max(0, (start-end-step-1)/-step))
	return int(max(start, 0)), n, nil
}
