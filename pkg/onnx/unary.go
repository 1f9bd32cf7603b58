package onnx

import "math"

// unary computes an operator over all elements of a tensor; both slices are as long.
func unary[T, R element](op func(dst []R, src []T)) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		t, dst, err := alloc[R](mem, in[0].Shape)
		if err != nil {
			return err
		}
		op(dst, data[T](in[0]))
		out[0] = t
		return nil
	}
}

// mapped is a unary operator by one function of an element.
func mapped(f func(float32) float32) kernel {
	return unary(func(dst, src []float32) {
		for i, v := range src {
			dst[i] = f(v)
		}
	})
}

// inDouble is a unary operator by a function that is calculated in double precision.
func inDouble(f func(float64) float64) kernel {
	return mapped(func(v float32) float32 { return float32(f(float64(v))) })
}

// buildUnary makes a builder for operators without attributes whose output has the dtype of the input.
func buildUnary(floats, ints, bools kernel) func(n *node) (kernel, error) {
	return func(n *node) (kernel, error) {
		n.give(n.in[0])
		return n.byDtype(0, floats, ints, bools)
	}
}

func negate[T number](dst, src []T) {
	for i, v := range src {
		dst[i] = -v
	}
}

func absolute[T number](dst, src []T) {
	for i, v := range src {
		dst[i] = max(v, -v)
	}
}

func relu[T number](dst, src []T) {
	for i, v := range src {
		dst[i] = max(v, 0)
	}
}

func reciprocal(v float32) float32 { return 1 / v }

// sigmoid never overflows: its exponent is never positive.
func sigmoid(v float32) float32 {
	e := math.Exp(-math.Abs(float64(v)))
	if v < 0 {
		return float32(e / (1 + e))
	}
	return float32(1 / (1 + e))
}

// softplus is log(1 + exp(v)) without overflow.
func softplus(v float64) float64 { return max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))) }

func buildLeakyRelu(n *node) (kernel, error) {
	alpha := n.float("alpha", 0.01)
	n.give(Float32)
	return mapped(func(v float32) float32 {
		if v < 0 {
			return alpha * v
		}
		return v
	}), n.expect(0, Float32)
}

func buildElu(n *node) (kernel, error) {
	alpha := n.float("alpha", 1)
	n.give(Float32)
	return mapped(func(v float32) float32 {
		if v < 0 {
			return float32(float64(alpha) * math.Expm1(float64(v)))
		}
		return v
	}), n.expect(0, Float32)
}

func buildIsNaN(n *node) (kernel, error) {
	n.give(Bool)
	return unary(func(dst []bool, src []float32) {
		for i, v := range src {
			dst[i] = v != v
		}
	}), n.expect(0, Float32)
}

// buildClip takes its bounds from attributes before operator set 11 and from optional scalars after.
func buildClip(n *node) (kernel, error) {
	n.give(n.in[0])
	if n.opset < 11 {
		low, high := n.float("min", -math.MaxFloat32), n.float("max", math.MaxFloat32)
		return unary(func(dst, src []float32) { clip(dst, src, low, high) }), n.expect(0, Float32)
	}
	if err := n.same(0, 3); err != nil {
		return nil, err
	}
	inf := float32(math.Inf(1))
	return n.byDtype(0, clipped(-inf, inf), clipped[int64](math.MinInt64, math.MaxInt64), nil)
}

func clipped[T number](lowest, highest T) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		low, err := scalarOr(in, 1, lowest)
		if err != nil {
			return err
		}
		high, err := scalarOr(in, 2, highest)
		if err != nil {
			return err
		}
		return unary(func(dst, src []T) { clip(dst, src, low, high) })(mem, in, out)
	}
}

func clip[T number](dst, src []T, low, high T) {
	for i, v := range src {
		dst[i] = min(max(v, low), high)
	}
}
