package onnx

import (
	"errors"
	"fmt"
	"math"
)

// reduction folds elements of type T in an accumulator of type A.
type reduction[T, A number2] struct {
	start  A
	add    func(acc A, v T) A
	finish func(acc A, count int) T
}

// number2 is number and what sums of float32 are kept in.
type number2 interface{ float32 | int64 | float64 }

func sumFloats() reduction[float32, float64] {
	return reduction[float32, float64]{
		add:    func(acc float64, v float32) float64 { return acc + float64(v) },
		finish: func(acc float64, _ int) float32 { return float32(acc) },
	}
}

func meanFloats() reduction[float32, float64] {
	r := sumFloats()
	r.finish = func(acc float64, count int) float32 { return float32(acc / float64(count)) }
	return r
}

func normFloats() reduction[float32, float64] {
	return reduction[float32, float64]{
		add:    func(acc float64, v float32) float64 { return acc + float64(v)*float64(v) },
		finish: func(acc float64, _ int) float32 { return float32(math.Sqrt(acc)) },
	}
}

// sumOf adds up a function of each element, and takes another of the sum; nil is none.
func sumOf(each, last func(float64) float64) reduction[float32, float64] {
	same := func(v float64) float64 { return v }
	if each == nil {
		each = same
	}
	if last == nil {
		last = same
	}
	return reduction[float32, float64]{
		add:    func(acc float64, v float32) float64 { return acc + each(float64(v)) },
		finish: func(acc float64, _ int) float32 { return float32(last(acc)) },
	}
}

func squared(v float64) float64 { return v * v }

func productFloats() reduction[float32, float64] {
	return reduction[float32, float64]{
		start:  1,
		add:    func(acc float64, v float32) float64 { return acc * float64(v) },
		finish: func(acc float64, _ int) float32 { return float32(acc) },
	}
}

func sumInts() reduction[int64, int64] {
	return reduction[int64, int64]{add: func(acc, v int64) int64 { return acc + v }, finish: first[int64]}
}

func maxOf[T number](lowest T) reduction[T, T] {
	return reduction[T, T]{start: lowest, add: func(acc, v T) T { return max(acc, v) }, finish: first[T]}
}

func minOf[T number](highest T) reduction[T, T] {
	return reduction[T, T]{start: highest, add: func(acc, v T) T { return min(acc, v) }, finish: first[T]}
}

func first[T any](acc T, _ int) T { return acc }

var (
	positive = float32(math.Inf(1))
	negative = float32(math.Inf(-1))
)

// buildReduce makes a builder; axes became an input in version axesInput of the operator set.
func buildReduce(axesInput int64, floats, ints func(r reducer) kernel) func(n *node) (kernel, error) {
	return func(n *node) (kernel, error) {
		r := reducer{keep: n.integer("keepdims", 1) != 0}
		if n.opset >= axesInput {
			if r.noop = n.integer("noop_with_empty_axes", 0) != 0; r.noop && notAlone[n.op] {
				return nil, errors.New("noop_with_empty_axes is not supported: ONNX has said both that elements stay and that they do not")
			}
			if err := n.expect(1, Int64); err != nil {
				return nil, err
			}
		} else {
			r.axes = n.integers("axes")
			if len(n.in) > 1 {
				return nil, fmt.Errorf("has %d inputs, expected 1 at opset %d", len(n.in), n.opset)
			}
		}
		n.give(n.in[0])
		k := map[Dtype]func(r reducer) kernel{Float32: floats, Int64: ints}[n.in[0]]
		if k == nil {
			return n.byDtype(0, nil, nil, nil)
		}
		return k(r), nil
	}
}

// notAlone are the reductions that change even a single element.
var notAlone = map[string]bool{
	":ReduceL1": true, ":ReduceL2": true, ":ReduceLogSum": true, ":ReduceLogSumExp": true, ":ReduceSumSquare": true,
}

// reducer is the attributes of a reduction.
type reducer struct {
	axes       []int64
	keep, noop bool
}

func reduced[T number, A number2](fold reduction[T, A]) func(r reducer) kernel {
	return func(r reducer) kernel {
		return func(mem *Arena, in, out []Tensor) error {
			axes := r.axes
			if len(in) > 1 {
				axes = in[1].Ints
			}
			if len(axes) == 0 && r.noop {
				out[0] = in[0]
				return nil
			}
			t, err := reduce(mem, in[0], axes, r.keep, fold)
			out[0] = t
			return err
		}
	}
}

func reduce[T number, A number2](mem *Arena, t Tensor, axes []int64, keep bool, fold reduction[T, A]) (Tensor, error) {
	dropped, err := axisSet(axes, len(t.Shape))
	if err != nil {
		return Tensor{}, err
	}
	kept, shape, count := mem.shape(t.Shape...), mem.dims.take(len(t.Shape))[:0], 1
	for d, size := range t.Shape {
		if !dropped[d] && len(axes) > 0 {
			shape = append(shape, size)
			continue
		}
		kept[d] = 1
		count *= size
		if keep {
			shape = append(shape, 1)
		}
	}
	result, dst, err := alloc[T](mem, shape)
	if err != nil {
		return Tensor{}, err
	}
	acc := make([]A, len(dst))
	for i := range acc {
		acc[i] = fold.start
	}
	n := newNest(t.Shape, spread(kept, t.Shape))
	row, step, src := n.row(), n.step(0), data[T](t)
	n.each(func(at int, offsets [3]int) {
		for i, v := range src[at : at+row] {
			a := &acc[offsets[0]+i*step]
			*a = fold.add(*a, v)
		}
	})
	for i, a := range acc {
		dst[i] = fold.finish(a, count)
	}
	return result, nil
}

// axisOf converts an axis, which may count from the end, of a tensor of a rank.
func axisOf(axis int64, rank int) (int, error) {
	if axis < -int64(rank) || axis >= int64(rank) {
		return 0, fmt.Errorf("axis %d is out of range for %d dimensions", axis, rank)
	}
	if axis < 0 {
		axis += int64(rank)
	}
	return int(axis), nil
}

// axisSet marks axes; one that is named twice is an error.
func axisSet(axes []int64, rank int) (set [maxRank]bool, err error) {
	for _, axis := range axes {
		d, err := axisOf(axis, rank)
		if err != nil {
			return set, err
		}
		if set[d] {
			return set, fmt.Errorf("axes %v name a dimension twice", axes)
		}
		set[d] = true
	}
	return set, nil
}
