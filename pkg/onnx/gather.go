package onnx

import (
	"fmt"
	"slices"
)

func buildGather(n *node) (kernel, error) {
	axis := n.integer("axis", 0)
	n.give(n.in[0])
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	return n.byDtype(0, gather[float32](axis), gather[int64](axis), gather[bool](axis), gather[string](axis))
}

// gather picks slices along an axis by index; a negative index counts from the end.
func gather[T element](along int64) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		shape, indices := in[0].Shape, in[1]
		axis, err := axisOf(along, len(shape))
		if err != nil {
			return err
		}
		outer, size, inner := count(shape[:axis]), shape[axis], count(shape[axis+1:])
		for _, i := range indices.Ints {
			if i < -int64(size) || i >= int64(size) {
				return fmt.Errorf("index %d is out of range for dimension %d of %v", i, axis, shape)
			}
		}
		t, dst, err := alloc[T](mem, mem.joined(shape[:axis], indices.Shape, shape[axis+1:]))
		if err != nil {
			return err
		}
		src := data[T](in[0])
		for o := range outer {
			block := src[o*size*inner:]
			for _, i := range indices.Ints {
				at := clampIndex(i, size) * inner
				dst = dst[copy(dst, block[at:at+inner]):]
			}
		}
		out[0] = t
		return nil
	}
}

func buildConcat(n *node) (kernel, error) {
	axis := n.integer("axis", 0)
	if !n.present("axis") {
		return nil, fmt.Errorf("attribute %q is missing", "axis")
	}
	n.give(n.in[0])
	if err := n.same(0, len(n.in)); err != nil {
		return nil, err
	}
	return n.byDtype(0, concat[float32](axis), concat[int64](axis), concat[bool](axis), concat[string](axis))
}

func concat[T element](along int64) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		axis, err := axisOf(along, len(in[0].Shape))
		if err != nil {
			return err
		}
		shape := mem.shape(in[0].Shape...)
		for i, t := range in[1:] {
			if len(t.Shape) != len(shape) || !slices.Equal(t.Shape[:axis], shape[:axis]) ||
				!slices.Equal(t.Shape[axis+1:], shape[axis+1:]) {
				return fmt.Errorf("input %d has shape %v, which does not go with %v along axis %d", i+1, t.Shape, in[0].Shape, axis)
			}
			shape[axis] += t.Shape[axis]
		}
		t, dst, err := alloc[T](mem, shape)
		if err != nil {
			return err
		}
		width := count(shape[axis:])
		at := 0
		for _, part := range in {
			own, src := count(part.Shape[axis:]), data[T](part)
			for o := 0; o*own < len(src); o++ {
				copy(dst[o*width+at:], src[o*own:(o+1)*own])
			}
			at += own
		}
		out[0] = t
		return nil
	}
}

// buildSplit makes the kernel of Split: sizes from an attribute before version 13 of the operator set and from an
// optional input after; without them, parts of one size, of which the last may be smaller.
func buildSplit(n *node) (kernel, error) {
	s := splitter{axis: n.integer("axis", 0), even: n.opset < 18}
	if n.opset < 13 {
		s.sizes = n.integers("split")
	}
	if parts := n.integer("num_outputs", int64(len(n.out))); parts != int64(len(n.out)) {
		return nil, fmt.Errorf("num_outputs is %d, but there are %d outputs", parts, len(n.out))
	}
	n.give(n.in[0])
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	return n.byDtype(0, split[float32](s), split[int64](s), split[bool](s), split[string](s))
}

type splitter struct {
	axis  int64
	sizes []int64
	even  bool // without sizes, the last part may not be smaller
}

func split[T element](s splitter) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		axis, err := axisOf(s.axis, len(in[0].Shape))
		if err != nil {
			return err
		}
		sizes := s.sizes
		if len(in) > 1 {
			sizes = in[1].Ints
		}
		size := in[0].Shape[axis]
		if sizes == nil {
			if s.even && size%len(out) != 0 {
				return fmt.Errorf("%d does not split into %d equal parts", size, len(out))
			}
			sizes = evenly(size, len(out))
		}
		if len(sizes) != len(out) {
			return fmt.Errorf("%d sizes for %d outputs", len(sizes), len(out))
		}
		strides, from := rowMajor(in[0].Shape), 0
		for i, part := range sizes {
			if part < 0 || part > int64(size-from) {
				return fmt.Errorf("sizes %v do not add up to %d", sizes, size)
			}
			shape := mem.shape(in[0].Shape...)
			shape[axis] = int(part)
			if out[i], err = gatherStrided[T](mem, in[0], shape, strides, from*strides[axis]); err != nil {
				return err
			}
			from += int(part)
		}
		if from != size {
			return fmt.Errorf("sizes %v do not add up to %d", sizes, size)
		}
		return nil
	}
}

// evenly divides a size into parts.
func evenly(size, parts int) []int64 {
	each := (size + parts - 1) / parts
	sizes := make([]int64, parts)
	for i := range sizes {
		sizes[i] = int64(min(each, size))
		size -= int(sizes[i])
	}
	return sizes
}
