package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// integers is a span over int64.
type integers = span[int64, int64]

// ofIntegers makes a span from a function of two integers.
func ofIntegers(f func(a, b int64) int64) integers {
	return func(dst, a []int64, stepA int, b []int64, stepB int) {
		for i := range dst {
			dst[i] = f(a[i*stepA], b[i*stepB])
		}
	}
}

func bitAnd(a, b int64) int64 { return a & b }
func bitOr(a, b int64) int64  { return a | b }
func bitXor(a, b int64) int64 { return a ^ b }

func bitNot(dst, src []int64) {
	for i, v := range src {
		dst[i] = ^v
	}
}

// buildBitShift makes the kernel of BitShift, of unsigned integers.
func buildBitShift(n *node) (kernel, error) {
	n.give(Int64)
	shift := func(a, b int64) int64 { return int64(uint64(a) << uint64(b)) } //nolint:gosec // bits
	switch to := n.text("direction", ""); to {
	case "LEFT":
	case "RIGHT":
		shift = func(a, b int64) int64 { return int64(uint64(a) >> uint64(b)) } //nolint:gosec // bits
	default:
		return nil, fmt.Errorf("direction %q is not known", to)
	}
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	return pairwise(ofIntegers(shift)), n.expect(0, Int64)
}

// buildMod makes the kernel of Mod: the remainder with the sign of the divisor, or of the dividend where fmod is set, as it must
// be for floats.
func buildMod(n *node) (kernel, error) {
	truncating := n.integer("fmod", 0) != 0
	n.give(n.in[0])
	if err := n.same(0, 2); err != nil {
		return nil, err
	}
	if n.in[0] == Float32 && !truncating {
		return nil, errors.New("fmod is 0, expected 1 for floats")
	}
	remainder := pairwise(ofIntegers(func(a, b int64) int64 {
		r := a % b
		if !truncating && r != 0 && (r < 0) != (b < 0) {
			r += b
		}
		return r
	}))
	ints := func(mem *Arena, in, out []Tensor) error {
		if slices.Contains(in[1].Ints, 0) {
			return errors.New("integer division by zero")
		}
		return remainder(mem, in, out)
	}
	return n.byDtype(0, pairwise(modFloats), ints, nil)
}

func modFloats(dst, a []float32, stepA int, b []float32, stepB int) {
	for i := range dst {
		dst[i] = float32(math.Mod(float64(a[i*stepA]), float64(b[i*stepB])))
	}
}
