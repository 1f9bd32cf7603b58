package onnx

import (
	"errors"
	"math"
)

// span computes one row of a broadcast operator: the strides of a and b are 0 or 1.
type span[T, R element] func(dst []R, a []T, stepA int, b []T, stepB int)

// pairwise broadcasts an operator over two tensors.
func pairwise[T, R element](op span[T, R]) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		t, err := combine(mem, in[0], in[1], op)
		out[0] = t
		return err
	}
}

func combine[T, R element](mem *Arena, a, b Tensor, op span[T, R]) (Tensor, error) {
	shape, err := broadcast(mem, a.Shape, b.Shape)
	if err != nil {
		return Tensor{}, err
	}
	t, dst, err := alloc[R](mem, shape)
	if err != nil {
		return Tensor{}, err
	}
	x, y := data[T](a), data[T](b)
	n := newNest(shape, spread(a.Shape, shape), spread(b.Shape, shape))
	row, stepX, stepY := n.row(), n.step(0), n.step(1)
	n.each(func(at int, offsets [3]int) {
		op(dst[at:at+row], x[offsets[0]:], stepX, y[offsets[1]:], stepY)
	})
	return t, nil
}

// variadic folds an operator over any number of tensors.
func variadic[T element](op span[T, T]) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		out[0] = in[0]
		for _, t := range in[1:] {
			next, err := combine(mem, out[0], t, op)
			if err != nil {
				return err
			}
			out[0] = next
		}
		return nil
	}
}

// buildMean makes the kernel of Mean of any number of tensors.
func buildMean(n *node) (kernel, error) {
	if err := n.same(0, len(n.in)); err != nil {
		return nil, err
	}
	n.give(Float32)
	total, count := variadic(add[float32]), float32(len(n.in))
	return func(mem *Arena, in, out []Tensor) error {
		if err := total(mem, in, out); err != nil {
			return err
		}
		t, dst, err := alloc[float32](mem, out[0].Shape)
		if err != nil {
			return err
		}
		for i, v := range out[0].Floats {
			dst[i] = v / count
		}
		out[0] = t
		return nil
	}, n.expect(0, Float32)
}

// buildBinary makes a builder for operators whose inputs and output have one dtype.
func buildBinary(floats, ints, bools kernel) func(n *node) (kernel, error) {
	return func(n *node) (kernel, error) {
		if err := n.same(0, len(n.in)); err != nil {
			return nil, err
		}
		n.give(n.in[0])
		return n.byDtype(0, floats, ints, bools)
	}
}

func add[T number](dst, a []T, stepA int, b []T, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] + b[i*stepB]
	}
}

func sub[T number](dst, a []T, stepA int, b []T, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] - b[i*stepB]
	}
}

func mul[T number](dst, a []T, stepA int, b []T, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] * b[i*stepB]
	}
}

func div[T number](dst, a []T, stepA int, b []T, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] / b[i*stepB]
	}
}

// least and greatest are NaN where either operand is.
func least[T number](dst, a []T, stepA int, b []T, stepB int) {
	for i := range dst {
		dst[i] = min(a[i*stepA], b[i*stepB])
	}
}

func greatest[T number](dst, a []T, stepA int, b []T, stepB int) {
	for i := range dst {
		dst[i] = max(a[i*stepA], b[i*stepB])
	}
}

// divInts refuses zeros, for which integers have no answer.
func divInts(mem *Arena, in, out []Tensor) error {
	for _, v := range in[1].Ints {
		if v == 0 {
			return errors.New("integer division by zero")
		}
	}
	return pairwise(div[int64])(mem, in, out)
}

func powFloats(dst, a []float32, stepA int, b []float32, stepB int) {
	for i := range dst {
		x, y := a[i*stepA], b[i*stepB]
		if y == 2 {
			dst[i] = x * x
		} else {
			dst[i] = float32(math.Pow(float64(x), float64(y)))
		}
	}
}

// powInts raises by squaring, so that it is exact where the result fits; a negative exponent gives the truncated quotient.
func powInts(dst, a []int64, stepA int, b []int64, stepB int) {
	for i := range dst {
		x, y := a[i*stepA], b[i*stepB]
		if y < 0 {
			dst[i] = int64(math.Pow(float64(x), float64(y)))
			continue
		}
		dst[i] = 1
		for ; y > 0; y >>= 1 {
			if y&1 == 1 {
				dst[i] *= x
			}
			x *= x
		}
	}
}

// buildPow makes the kernel of Pow, whose exponent may have another dtype than the base and the result.
func buildPow(n *node) (kernel, error) {
	if err := n.expect(1, Float32, Int64); err != nil {
		return nil, err
	}
	n.give(n.in[0])
	kernel, err := n.byDtype(0, pairwise(powFloats), pairwise(powInts), nil)
	if err != nil || n.in[0] == n.in[1] {
		return kernel, err
	}
	floats := pairwise(powFloats)
	return func(mem *Arena, in, out []Tensor) error {
		pair := mem.tensors(toFloats(mem, in[0]), toFloats(mem, in[1]))
		if err := floats(mem, pair, out); err != nil {
			return err
		}
		if in[0].Ints != nil {
			out[0] = toInts(mem, out[0])
		}
		return nil
	}, nil
}
