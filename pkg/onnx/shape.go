package onnx

import (
	"errors"
	"fmt"
	"slices"
)

// viewed returns t under another shape, which must have as many elements.
func viewed(t Tensor, shape []int) (Tensor, error) {
	n, err := elements(shape)
	if err == nil && n != t.size() {
		err = fmt.Errorf("%v and %v differ in the number of elements", t.Shape, shape)
	}
	return t.view(shape), err
}

// buildReshape makes the kernel of Reshape: 0 keeps a dimension (unless allowzero is set), one -1 is what remains.
func buildReshape(n *node) (kernel, error) {
	keepZeros := n.integer("allowzero", 0) != 0
	n.give(n.in[0])
	return func(mem *Arena, in, out []Tensor) error {
		shape, err := reshape(in[0], in[1].Ints, keepZeros)
		if err != nil {
			return err
		}
		out[0], err = viewed(in[0], shape)
		return err
	}, n.expect(1, Int64)
}

func reshape(t Tensor, dims []int64, keepZeros bool) ([]int, error) {
	wanted := slices.Clone(dims)
	unknown := -1
	for i, d := range dims {
		switch {
		case d == 0 && !keepZeros:
			if i >= len(t.Shape) {
				return nil, fmt.Errorf("shape %v keeps dimension %d, which %v does not have", dims, i, t.Shape)
			}
			wanted[i] = int64(t.Shape[i])
		case d == -1 && unknown >= 0:
			return nil, fmt.Errorf("shape %v has more than one -1", dims)
		case d == -1:
			unknown, wanted[i] = i, 1
		}
	}
	shape, err := toShape(wanted)
	if err != nil {
		return nil, err
	}
	if unknown < 0 {
		return shape, nil
	}
	others, err := elements(shape)
	if err != nil {
		return nil, err
	}
	if others == 0 || t.size()%others != 0 {
		return nil, fmt.Errorf("%v does not reshape to %v", t.Shape, dims)
	}
	shape[unknown] = t.size() / others
	return shape, nil
}

// buildFlatten makes the kernel of Flatten: a matrix with the dimensions before axis and those from it on.
func buildFlatten(n *node) (kernel, error) {
	at := n.integer("axis", 1)
	n.give(n.in[0])
	return func(mem *Arena, in, out []Tensor) error {
		t := in[0]
		if at < -int64(len(t.Shape)) || at > int64(len(t.Shape)) {
			return fmt.Errorf("axis %d is out of range for %d dimensions", at, len(t.Shape))
		}
		split := int(at)
		if split < 0 {
			split += len(t.Shape)
		}
		rows, columns := count(t.Shape[:split]), count(t.Shape[split:])
		var err error
		out[0], err = viewed(t, mem.shape(rows, columns))
		return err
	}, nil
}

// count multiplies the dimensions of a tensor that exists.
func count(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// axesFrom makes a function that gives the axes: an attribute before version 13 of the operator set, an input from then.
func axesFrom(n *node) (func(in []Tensor) []int64, error) {
	if n.opset < 13 {
		axes := n.integers("axes")
		if len(n.in) > 1 {
			return nil, fmt.Errorf("has %d inputs, expected 1 at opset %d", len(n.in), n.opset)
		}
		return func([]Tensor) []int64 { return axes }, nil
	}
	return func(in []Tensor) []int64 {
		if len(in) < 2 {
			return nil
		}
		return in[1].Ints
	}, n.expect(1, Int64)
}

func buildSqueeze(n *node) (kernel, error) {
	axes, err := axesFrom(n)
	n.give(n.in[0])
	return func(mem *Arena, in, out []Tensor) error {
		dropped, err := axisSet(axes(in), len(in[0].Shape))
		if err != nil {
			return err
		}
		all := len(axes(in)) == 0
		shape := mem.dims.take(len(in[0].Shape))[:0]
		for d, size := range in[0].Shape {
			if dropped[d] && size != 1 {
				return fmt.Errorf("dimension %d of %v is not 1", d, in[0].Shape)
			}
			if !dropped[d] && (!all || size != 1) {
				shape = append(shape, size)
			}
		}
		out[0] = in[0].view(shape)
		return nil
	}, err
}

func buildUnsqueeze(n *node) (kernel, error) {
	axes, err := axesFrom(n)
	n.give(n.in[0])
	return func(mem *Arena, in, out []Tensor) error {
		rank := len(in[0].Shape) + len(axes(in))
		if rank > maxRank {
			return fmt.Errorf("the result has %d dimensions, expected at most %d", rank, maxRank)
		}
		added, err := axisSet(axes(in), rank)
		if err != nil {
			return err
		}
		shape, rest := mem.dims.take(rank), in[0].Shape
		for d := range shape {
			if shape[d] = 1; !added[d] {
				shape[d], rest = rest[0], rest[1:]
			}
		}
		out[0] = in[0].view(shape)
		return nil
	}, err
}

// buildShape makes the kernel of Shape, of the dimensions start to end.
func buildShape(n *node) (kernel, error) {
	start, end := n.integer("start", 0), n.integer("end", 1<<31)
	n.giveAs(0, codeInt64)
	return func(mem *Arena, in, out []Tensor) error {
		dims := mem.ints.take(len(in[0].Shape))[:0]
		for _, d := range in[0].Shape {
			dims = append(dims, int64(d))
		}
		from, to := clampIndex(start, len(dims)), clampIndex(end, len(dims))
		dims = dims[from:max(from, to)]
		out[0] = wrap(mem.shape(len(dims)), dims)
		return nil
	}, nil
}

// clampIndex converts an index, which may count from the end, to 0..size.
func clampIndex(i int64, size int) int {
	if i < 0 {
		i += int64(size)
	}
	return int(min(max(i, 0), int64(size)))
}

func buildTranspose(n *node) (kernel, error) {
	perm := n.integers("perm")
	n.give(n.in[0])
	return n.byDtype(0, transpose[float32](perm), transpose[int64](perm), transpose[bool](perm), transpose[string](perm))
}

func transpose[T element](perm []int64) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		rank := len(in[0].Shape)
		order := perm
		if order == nil {
			for d := rank - 1; d >= 0; d-- {
				order = append(order, int64(d))
			}
		}
		if _, err := axisSet(order, rank); err != nil || len(order) != rank || slices.Min(append([]int64{0}, order...)) < 0 {
			return errors.Join(fmt.Errorf("perm %v is no permutation of %d dimensions", perm, rank), err)
		}
		own := rowMajor(in[0].Shape)
		shape, strides := mem.dims.take(rank), [maxRank]int{}
		for d, from := range order {
			shape[d], strides[d] = in[0].Shape[from], own[from]
		}
		var err error
		out[0], err = gatherStrided[T](mem, in[0], shape, strides, 0)
		return err
	}
}

// gatherStrided copies the elements that a start and strides lead to, in row-major order of shape.
func gatherStrided[T element](mem *Arena, t Tensor, shape []int, strides [maxRank]int, start int) (Tensor, error) {
	result, dst, err := alloc[T](mem, shape)
	if err != nil {
		return Tensor{}, err
	}
	n, src := newNest(shape, strides), data[T](t)
	row, step := n.row(), n.step(0)
	n.each(func(at int, offsets [3]int) {
		from := start + offsets[0]
		if step == 1 {
			copy(dst[at:at+row], src[from:])
			return
		}
		for i := range row {
			dst[at+i] = src[from+i*step]
		}
	})
	return result, nil
}

func buildExpand(n *node) (kernel, error) {
	n.give(n.in[0])
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	return n.byDtype(0, expand[float32], expand[int64], expand[bool], expand[string])
}

func expand[T element](mem *Arena, in, out []Tensor) error {
	wanted, err := toShape(in[1].Ints)
	if err != nil {
		return err
	}
	shape, err := broadcast(mem, in[0].Shape, wanted)
	if err != nil {
		return err
	}
	out[0], err = gatherStrided[T](mem, in[0], shape, spread(in[0].Shape, shape), 0)
	return err
}
