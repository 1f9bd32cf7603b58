package onnx

import (
	"cmp"
	"fmt"
	"slices"
)

// lines is how a tensor is seen along one dimension: as many lines as outer times inner, of size elements, inner apart.
type lines struct{ axis, outer, size, inner int }

func alongAxis(shape []int, axis int64) (lines, error) {
	at, err := axisOf(axis, len(shape))
	if err != nil {
		return lines{}, err
	}
	return lines{at, count(shape[:at]), shape[at], count(shape[at+1:])}, nil
}

// buildTopK makes the kernel of TopK: the greatest or the least elements of each line, and their positions.
func buildTopK(n *node) (kernel, error) {
	k := top{axis: n.integer("axis", -1), least: n.integer("largest", 1) == 0}
	n.ignore("sorted") // what may be unsorted may be sorted too
	n.give(n.in[0])
	n.giveAs(1, codeInt64)
	if n.opset < 10 {
		k.fixed = n.integer("k", 0)
	} else if len(n.in) < 2 {
		return nil, fmt.Errorf("has 1 input, expected 2 at opset %d", n.opset)
	}
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	return n.byDtype(0, topK[float32](k), topK[int64](k), nil)
}

// top is the attributes of TopK.
type top struct {
	axis, fixed int64
	least       bool
}

func topK[T number](a top) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		k, err := scalarOr(in, 1, a.fixed)
		if err != nil {
			return err
		}
		l, err := alongAxis(in[0].Shape, a.axis)
		if err != nil {
			return err
		}
		if k < 0 || k > int64(l.size) {
			return fmt.Errorf("k is %d, expected 0 to %d", k, l.size)
		}
		shape := mem.shape(in[0].Shape...)
		shape[l.axis] = int(k)
		values, dst, err := alloc[T](mem, shape)
		if err != nil {
			return err
		}
		places, dstPlaces, err := alloc[int64](mem, shape)
		if err != nil {
			return err
		}
		src, order := data[T](in[0]), mem.ints.take(l.size)
		for line := range l.outer * l.inner {
			from := src[line/l.inner*l.size*l.inner+line%l.inner:]
			rank(order, from, l.inner, a.least)
			to := line/l.inner*int(k)*l.inner + line%l.inner
			for i, at := range order[:k] {
				dst[to+i*l.inner], dstPlaces[to+i*l.inner] = from[int(at)*l.inner], at
			}
		}
		copy(out, mem.tensors(values, places))
		return nil
	}
}

func isNaN[T sortable](v T) bool { return v != v } //nolint:gocritic // nothing else differs from itself

// rank fills order with the positions of elements that are step apart, the greatest, or the least, first; among equals the
// first. NaN counts as greater than all.
func rank[T number](order []int64, src []T, step int, least bool) {
	for i := range order {
		order[i] = int64(i)
	}
	slices.SortFunc(order, func(i, j int64) int {
		x, y := src[int(i)*step], src[int(j)*step]
		c := cmp.Compare(y, x)
		switch {
		case isNaN(x) && !isNaN(y):
			c = -1
		case isNaN(y) && !isNaN(x):
			c = 1
		}
		if least {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(i, j))
	})
}

// buildOneHot makes the kernel of OneHot: along a new dimension, the second of two values at the index and the first elsewhere.
func buildOneHot(n *node) (kernel, error) {
	axis := n.integer("axis", -1)
	for i := range 2 {
		if err := n.expect(i, Int64, Float32); err != nil {
			return nil, err
		}
	}
	if n.out[0] = n.in[2]; len(n.outCodes) > 0 {
		n.outCodes[0] = n.inCodes[2]
	}
	return n.byDtype(2, oneHot[float32](axis), oneHot[int64](axis), oneHot[bool](axis), oneHot[string](axis))
}

func oneHot[T element](at int64) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		index, depths, values := toInts(mem, in[0]), toInts(mem, in[1]).Ints, data[T](in[2])
		if len(depths) != 1 || depths[0] < 0 || depths[0] > maxElements || len(values) != 2 {
			return fmt.Errorf("%d depths and %d values, expected 1 that is not negative, and 2", len(depths), len(values))
		}
		axis, err := axisOf(at, len(index.Shape)+1)
		if err != nil {
			return err
		}
		depth := int(depths[0])
		t, dst, err := alloc[T](mem, mem.joined(index.Shape[:axis], mem.shape(depth), index.Shape[axis:]))
		if err != nil {
			return err
		}
		for i := range dst {
			dst[i] = values[0]
		}
		inner := count(index.Shape[axis:])
		for i, v := range index.Ints {
			if v >= -depths[0] && v < depths[0] {
				dst[(i/inner*depth+clampIndex(v, depth))*inner+i%inner] = values[1]
			}
		}
		out[0] = t
		return nil
	}
}

// buildCompress makes the kernel of Compress: what of a dimension, or of all elements, a condition is true for.
func buildCompress(n *node) (kernel, error) {
	axis, flat := n.integer("axis", 0), !n.present("axis")
	n.give(n.in[0])
	if err := n.expect(1, Bool); err != nil {
		return nil, err
	}
	return n.byDtype(0, compress[float32](axis, flat), compress[int64](axis, flat), compress[bool](axis, flat), compress[string](axis, flat))
}

func compress[T element](at int64, flat bool) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		x := in[0]
		if flat {
			x = x.view(mem.shape(x.size()))
		}
		l, err := alongAxis(x.Shape, at)
		if err != nil {
			return err
		}
		if len(in[1].Shape) != 1 || len(in[1].Bools) > l.size {
			return fmt.Errorf("condition has shape %v, expected up to %d", in[1].Shape, l.size)
		}
		kept := 0
		for _, keep := range in[1].Bools {
			if keep {
				kept++
			}
		}
		shape := mem.shape(x.Shape...)
		shape[l.axis] = kept
		t, dst, err := alloc[T](mem, shape)
		if err != nil {
			return err
		}
		src := data[T](x)
		for o := range l.outer {
			for i, keep := range in[1].Bools {
				if keep {
					dst = dst[copy(dst, src[(o*l.size+i)*l.inner:][:l.inner]):]
				}
			}
		}
		out[0] = t
		return nil
	}
}

// buildNonZero makes the kernel of NonZero: the positions of what is not zero, a column for each.
func buildNonZero(n *node) (kernel, error) {
	n.giveAs(0, codeInt64)
	return func(mem *Arena, in, out []Tensor) error {
		shape, found := in[0].Shape, 0
		set := toBools(mem, in[0]).Bools
		for _, v := range set {
			if v {
				found++
			}
		}
		t, dst, err := alloc[int64](mem, mem.shape(len(shape), found))
		if err != nil {
			return err
		}
		strides, column := rowMajor(shape), 0
		for i, v := range set {
			if !v {
				continue
			}
			for d := range shape {
				dst[d*found+column] = int64(i / strides[d] % shape[d])
			}
			column++
		}
		out[0] = t
		return nil
	}, n.expect(0, Float32, Int64, Bool)
}
