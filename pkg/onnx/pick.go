package onnx

import (
	"fmt"
	"math"
)

// buildGatherElements makes the kernel of GatherElements: for each place, the element whose position along one dimension is
// an index.
func buildGatherElements(n *node) (kernel, error) {
	axis := n.integer("axis", 0)
	n.give(n.in[0])
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	return n.byDtype(0, gatherElements[float32](axis), gatherElements[int64](axis), gatherElements[bool](axis), gatherElements[string](axis))
}

func gatherElements[T element](along int64) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		shape, index := in[0].Shape, in[1]
		axis, err := axisOf(along, len(shape))
		if err != nil {
			return err
		}
		if len(index.Shape) != len(shape) {
			return fmt.Errorf("indices have shape %v, expected %d dimensions", index.Shape, len(shape))
		}
		for d, size := range index.Shape {
			if d != axis && size > shape[d] {
				return fmt.Errorf("indices have shape %v, which does not lie in %v", index.Shape, shape)
			}
		}
		t, dst, err := alloc[T](mem, index.Shape)
		if err != nil {
			return err
		}
		src, strides, own := data[T](in[0]), rowMajor(shape), rowMajor(index.Shape)
		for i, at := range index.Ints {
			if at < 0 {
				at += int64(shape[axis])
			}
			if at < 0 || at >= int64(shape[axis]) {
				return fmt.Errorf("index %d is out of range for dimension %d of %v", index.Ints[i], axis, shape)
			}
			from, rest := int(at)*strides[axis], i
			for d := range index.Shape {
				if d != axis {
					from += rest / own[d] * strides[d]
				}
				rest %= own[d]
			}
			dst[i] = src[from]
		}
		out[0] = t
		return nil
	}
}

// buildSize makes the kernel of Size: the number of elements.
func buildSize(n *node) (kernel, error) {
	n.giveAs(0, codeInt64)
	return func(mem *Arena, in, out []Tensor) error {
		t, dst, err := alloc[int64](mem, nil)
		if err != nil {
			return err
		}
		dst[0] = int64(in[0].size())
		out[0] = t
		return nil
	}, nil
}

// buildRange makes the kernel of Range: numbers from start up to, or down to, limit.
func buildRange(n *node) (kernel, error) {
	if err := n.same(0, 3); err != nil {
		return nil, err
	}
	n.give(n.in[0])
	return n.byDtype(0, rangeOf[float32], rangeOf[int64], nil)
}

func rangeOf[T number](mem *Arena, in, out []Tensor) error {
	var ends [3]T
	for i := range ends {
		var err error
		if ends[i], err = scalarOr(in, i, T(0)); err != nil {
			return err
		}
	}
	steps := math.Ceil((float64(ends[1]) - float64(ends[0])) / float64(ends[2]))
	if !(steps <= maxElements) || ends[2] == 0 {
		return fmt.Errorf("from %v to %v by %v is more than %d numbers", ends[0], ends[1], ends[2], maxElements)
	}
	t, dst, err := alloc[T](mem, mem.shape(int(max(steps, 0))))
	if err != nil {
		return err
	}
	for i := range dst {
		dst[i] = ends[0] + T(i)*ends[2]
	}
	out[0] = t
	return nil
}

// buildTile makes the kernel of Tile: the tensor repeated along each dimension.
func buildTile(n *node) (kernel, error) {
	n.give(n.in[0])
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	return n.byDtype(0, tile[float32], tile[int64], tile[bool], tile[string])
}

func tile[T element](mem *Arena, in, out []Tensor) error {
	rank := len(in[0].Shape)
	if len(in[1].Ints) != rank || 2*rank > maxRank {
		return fmt.Errorf("%d repeats for %d dimensions, expected as many, of up to %d", len(in[1].Ints), rank, maxRank/2)
	}
	repeats, err := toShape(in[1].Ints)
	if err != nil {
		return err
	}
	// Each dimension becomes two: the repeats, which do not move, and the elements.
	own := rowMajor(in[0].Shape)
	shape, whole, strides := mem.dims.take(2*rank), mem.dims.take(rank), [maxRank]int{}
	for d := range rank {
		shape[2*d], shape[2*d+1], strides[2*d+1] = repeats[d], in[0].Shape[d], own[d]
		whole[d] = repeats[d] * in[0].Shape[d]
	}
	t, err := gatherStrided[T](mem, in[0], shape, strides, 0)
	out[0] = t.view(whole)
	return err
}

// buildTrilu makes the kernel of Trilu: the upper or the lower triangle of matrices, the rest zero.
func buildTrilu(n *node) (kernel, error) {
	upper := n.integer("upper", 1) != 0
	n.give(n.in[0])
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	return n.byDtype(0, trilu[float32](upper), trilu[int64](upper), trilu[bool](upper))
}

func trilu[T element](upper bool) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		diagonal, err := scalarOr(in, 1, int64(0))
		if err != nil {
			return err
		}
		shape := in[0].Shape
		if len(shape) < 2 {
			return fmt.Errorf("input 0 has shape %v, expected matrices", shape)
		}
		t, dst, err := alloc[T](mem, shape)
		if err != nil {
			return err
		}
		rows, columns := shape[len(shape)-2], shape[len(shape)-1]
		for i, v := range data[T](in[0]) {
			row, column := int64(i/columns%rows), int64(i%columns)
			if upper && column-row >= diagonal || !upper && column-row <= diagonal {
				dst[i] = v
			}
		}
		out[0] = t
		return nil
	}
}
