package onnx

import (
	"fmt"
	"slices"
)

// reducer of scatters: how an update meets what is there.
func meeting[T number](n *node) (func(old, v T) T, error) {
	switch how := n.text("reduction", "none"); how {
	case "none":
		return nil, nil //nolint:nilnil // nothing of the old value stays
	case "add":
		return func(old, v T) T { return old + v }, nil
	case "mul":
		return func(old, v T) T { return old * v }, nil
	case "min":
		return func(old, v T) T { return min(old, v) }, nil
	case "max":
		return func(old, v T) T { return max(old, v) }, nil
	default:
		return nil, fmt.Errorf("reduction %q is not known", how)
	}
}

// buildScatter makes a builder for operators that put updates (input 2) of a tensor (input 0) to indices (input 1).
func buildScatter(floats func(n *node, meet func(old, v float32) float32) kernel,
	ints func(n *node, meet func(old, v int64) int64) kernel,
	bools func(n *node, meet func(old, v bool) bool) kernel,
	texts func(n *node, meet func(old, v string) string) kernel,
) func(n *node) (kernel, error) {
	return func(n *node) (kernel, error) {
		n.give(n.in[0])
		if err := n.expect(1, Int64); err != nil {
			return nil, err
		}
		if err := n.expect(2, n.in[0]); err != nil {
			return nil, err
		}
		meetFloats, err := meeting[float32](n)
		if err != nil {
			return nil, err
		}
		meetInts, _ := meeting[int64](n)
		if meetInts != nil && n.in[0] != Float32 && n.in[0] != Int64 {
			return nil, fmt.Errorf("reduction %q of %v is not known", n.text("reduction", ""), n.in[0])
		}
		return n.byDtype(0, floats(n, meetFloats), ints(n, meetInts), bools(n, nil), texts(n, nil))
	}
}

// scatterElements puts each update to the place that has its own position but for one dimension, where the index says it.
func scatterElements[T element](n *node, meet func(old, v T) T) kernel {
	along := n.integer("axis", 0)
	return func(mem *Arena, in, out []Tensor) error {
		shape, index := in[0].Shape, in[1]
		axis, err := axisOf(along, len(shape))
		if err != nil {
			return err
		}
		if len(index.Shape) != len(shape) || !slices.Equal(index.Shape, in[2].Shape) {
			return fmt.Errorf("indices have shape %v and updates %v, expected one of %d dimensions", index.Shape, in[2].Shape, len(shape))
		}
		for d, size := range index.Shape {
			if d != axis && size > shape[d] {
				return fmt.Errorf("indices have shape %v, which does not lie in %v", index.Shape, shape)
			}
		}
		t, dst, err := alloc[T](mem, shape)
		if err != nil {
			return err
		}
		copy(dst, data[T](in[0]))
		updates, strides, own := data[T](in[2]), rowMajor(shape), rowMajor(index.Shape)
		for i, at := range index.Ints {
			if at < -int64(shape[axis]) || at >= int64(shape[axis]) {
				return fmt.Errorf("index %d is out of range for dimension %d of %v", at, axis, shape)
			}
			to, rest := clampIndex(at, shape[axis])*strides[axis], i
			for d := range index.Shape {
				if d != axis {
					to += rest / own[d] * strides[d]
				}
				rest %= own[d]
			}
			put(&dst[to], updates[i], meet)
		}
		out[0] = t
		return nil
	}
}

func put[T element](to *T, v T, meet func(old, v T) T) {
	if meet != nil {
		v = meet(*to, v)
	}
	*to = v
}

// scatterND puts slices to the places that the last dimension of the indices leads to.
func scatterND[T element](_ *node, meet func(old, v T) T) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		shape, index := in[0].Shape, in[1]
		if len(index.Shape) == 0 || index.Shape[len(index.Shape)-1] > len(shape) {
			return fmt.Errorf("indices have shape %v, expected paths of up to %d dimensions", index.Shape, len(shape))
		}
		last := len(index.Shape) - 1
		depth := index.Shape[last]
		if want := mem.joined(index.Shape[:last], shape[depth:], nil); !slices.Equal(want, in[2].Shape) {
			return fmt.Errorf("updates have shape %v, expected %v", in[2].Shape, want)
		}
		t, dst, err := alloc[T](mem, shape)
		if err != nil {
			return err
		}
		copy(dst, data[T](in[0]))
		updates, size := data[T](in[2]), count(shape[depth:])
		for i := range count(index.Shape[:last]) {
			to, err := follow(index.Ints[i*depth:][:depth], shape)
			if err != nil {
				return err
			}
			for k := range size {
				put(&dst[to+k], updates[i*size+k], meet)
			}
		}
		out[0] = t
		return nil
	}
}

// follow returns the element at which the slice begins that indices lead to.
func follow(path []int64, shape []int) (int, error) {
	strides, at := rowMajor(shape), 0
	for d, i := range path {
		if i < -int64(shape[d]) || i >= int64(shape[d]) {
			return 0, fmt.Errorf("index %d is out of range for dimension %d of %v", i, d, shape)
		}
		at += clampIndex(i, shape[d]) * strides[d]
	}
	return at, nil
}

// buildGatherND makes the kernel of GatherND: the slices that the last dimension of the indices leads to, within as many leading
// dimensions as batch_dims says.
func buildGatherND(n *node) (kernel, error) {
	batch := int(n.integer("batch_dims", 0))
	n.give(n.in[0])
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	return n.byDtype(0, gatherND[float32](batch), gatherND[int64](batch), gatherND[bool](batch), gatherND[string](batch))
}

func gatherND[T element](batch int) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		shape, index := in[0].Shape, in[1]
		last := len(index.Shape) - 1
		if batch < 0 || last < batch || len(shape) < batch || !slices.Equal(shape[:batch], index.Shape[:batch]) ||
			index.Shape[last] > len(shape)-batch {
			return fmt.Errorf("indices have shape %v, which does not go with %v", index.Shape, shape)
		}
		depth := index.Shape[last]
		t, dst, err := alloc[T](mem, mem.joined(index.Shape[:last], shape[batch+depth:], nil))
		if err != nil {
			return err
		}
		src, own, size := data[T](in[0]), count(shape[batch:]), count(shape[batch+depth:])
		paths := count(index.Shape[:last])
		perBatch := max(1, count(index.Shape[batch:last]))
		for i := range paths {
			from, err := follow(index.Ints[i*depth:][:depth], shape[batch:])
			if err != nil {
				return err
			}
			copy(dst[i*size:][:size], src[i/perBatch*own+from:])
		}
		out[0] = t
		return nil
	}
}
