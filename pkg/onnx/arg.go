package onnx

import "fmt"

// buildArg makes a builder for ArgMax and ArgMin: the position, along one dimension, of the element that beats the others.
func buildArg(floats func(a, b float32) bool, ints func(a, b int64) bool) func(n *node) (kernel, error) {
	return func(n *node) (kernel, error) {
		a := argument{
			axis: n.integer("axis", 0), keep: n.integer("keepdims", 1) != 0, last: n.integer("select_last_index", 0) != 0,
		}
		kernel, err := n.byDtype(0, argOf(a, floats), argOf(a, ints), nil)
		n.giveAs(0, codeInt64)
		return kernel, err
	}
}

// argument is the attributes of ArgMax and ArgMin.
type argument struct {
	axis       int64
	keep, last bool
}

func argOf[T number](a argument, beats func(x, y T) bool) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		shape := in[0].Shape
		axis, err := axisOf(a.axis, len(shape))
		if err != nil {
			return err
		}
		size, inner := shape[axis], count(shape[axis+1:])
		if size == 0 {
			return fmt.Errorf("dimension %d of %v is empty", axis, shape)
		}
		kept := mem.shape(shape...)
		kept[axis] = 1
		t, dst, err := alloc[int64](mem, kept)
		if err != nil {
			return err
		}
		src := data[T](in[0])
		for i := range dst {
			from := i/inner*size*inner + i%inner
			best := 0
			for k := 1; k < size; k++ {
				v, top := src[from+k*inner], src[from+best*inner]
				if beats(v, top) || a.last && v == top {
					best = k
				}
			}
			dst[i] = int64(best)
		}
		if !a.keep {
			t = t.view(mem.joined(shape[:axis], nil, shape[axis+1:]))
		}
		out[0] = t
		return nil
	}
}

func above[T number](a, b T) bool { return a > b }

func beneath[T number](a, b T) bool { return a < b }

// hardmax is 1 for the first greatest of n elements that are step apart, and 0 for the others.
func hardmax(dst, src []float32, n, step int) {
	best := 0
	for i := 1; i < n; i++ {
		if src[i*step] > src[best*step] {
			best = i
		}
	}
	for i := range n {
		dst[i*step] = 0
	}
	dst[best*step] = 1
}

// buildCumSum makes the kernel of CumSum: running sums along a dimension.
func buildCumSum(n *node) (kernel, error) {
	exclusive, reverse := n.integer("exclusive", 0) != 0, n.integer("reverse", 0) != 0
	n.give(n.in[0])
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	return n.byDtype(0, cumSum[float32](exclusive, reverse), cumSum[int64](exclusive, reverse), nil)
}

func cumSum[T number](exclusive, reverse bool) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		along, err := scalarOr(in, 1, int64(0))
		if err != nil {
			return err
		}
		shape := in[0].Shape
		axis, err := axisOf(along, len(shape))
		if err != nil {
			return err
		}
		t, dst, err := alloc[T](mem, shape)
		if err != nil {
			return err
		}
		size, inner, src := shape[axis], count(shape[axis+1:]), data[T](in[0])
		for line := 0; size > 0 && line < len(dst)/size; line++ {
			from := line/inner*size*inner + line%inner
			var sum T
			for k := range size {
				at := from + k*inner
				if reverse {
					at = from + (size-1-k)*inner
				}
				if exclusive {
					dst[at] = sum
				}
				if sum += src[at]; !exclusive {
					dst[at] = sum
				}
			}
		}
		out[0] = t
		return nil
	}
}
