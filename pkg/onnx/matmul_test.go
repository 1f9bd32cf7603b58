package onnx

import (
	"slices"
	"testing"
)

func TestMatMul(t *testing.T) {
	a, b := floats([]int{2, 3}, 1, 2, 3, 4, 5, 6), floats([]int{3, 2}, 1, 2, 3, 4, 5, 6)
	ab := floats([]int{2, 2}, 22, 28, 49, 64)
	runOps(t, []opCase{
		{op: "MatMul", name: "matrices", in: []Tensor{a, b}, want: []Tensor{ab}},
		{op: "MatMul", name: "ints", in: []Tensor{ints([]int{1, 2}, 1, 2), ints([]int{2, 1}, 3, 4)}, want: []Tensor{ints([]int{1, 1}, 11)}},
		{op: "MatMul", name: "row vector", in: []Tensor{vec(1, 2, 3), b}, want: []Tensor{vec(22, 28)}},
		{op: "MatMul", name: "column vector", in: []Tensor{a, vec(1, 2, 3)}, want: []Tensor{vec(14, 32)}},
		{op: "MatMul", name: "dot", in: []Tensor{vec(1, 2, 3), vec(1, 2, 3)}, want: []Tensor{floats([]int{}, 14)}},
		{op: "MatMul", name: "batches", in: []Tensor{floats([]int{2, 1, 2}, 1, 2, 3, 4), floats([]int{2, 2, 1}, 1, 2, 3, 4)}, want: []Tensor{floats([]int{2, 1, 1}, 5, 25)}},
		{op: "MatMul", name: "shared right", in: []Tensor{floats([]int{2, 1, 2}, 1, 2, 3, 4), floats([]int{2, 1}, 1, 2)}, want: []Tensor{floats([]int{2, 1, 1}, 5, 11)}},
		{op: "MatMul", name: "no rows", in: []Tensor{floats([]int{0, 3}), b}, want: []Tensor{floats([]int{0, 2})}},
		{op: "MatMul", name: "no inner", in: []Tensor{floats([]int{2, 0}), floats([]int{0, 2})}, want: []Tensor{floats([]int{2, 2}, 0, 0, 0, 0)}},
		{op: "MatMul", name: "inner", in: []Tensor{a, a}, err: "the inner dimensions differ"},
		{op: "MatMul", name: "scalar", in: []Tensor{a, floats([]int{}, 1)}, err: "a scalar is not a matrix"},
		{op: "Gemm", name: "plain", in: []Tensor{a, b}, want: []Tensor{ab}},
		{op: "Gemm", name: "bias", in: []Tensor{a, b, vec(1, 2)}, want: []Tensor{floats([]int{2, 2}, 23, 30, 50, 66)}},
		{op: "Gemm", name: "column bias", in: []Tensor{a, b, floats([]int{2, 1}, 1, 2)}, want: []Tensor{floats([]int{2, 2}, 23, 29, 51, 66)}},
		{
			op: "Gemm", name: "alpha and beta", attrs: attrs{"alpha": float32(0.5), "beta": float32(2)},
			in: []Tensor{a, b, floats([]int{}, 1)}, want: []Tensor{floats([]int{2, 2}, 13, 16, 26.5, 34)},
		},
		{op: "Gemm", name: "transposed right", attrs: attrs{"transB": 1}, in: []Tensor{a, a}, want: []Tensor{floats([]int{2, 2}, 14, 32, 32, 77)}},
		{op: "Gemm", name: "transposed weights", known: true, attrs: attrs{"transB": 1}, in: []Tensor{a, a, vec(1, 2)}, want: []Tensor{floats([]int{2, 2}, 15, 34, 33, 79)}},
		{op: "Gemm", name: "transposed left", attrs: attrs{"transA": 1}, in: []Tensor{b, b}, want: []Tensor{floats([]int{2, 2}, 35, 44, 44, 56)}},
		{op: "Gemm", name: "bias shape", in: []Tensor{a, b, vec(1, 2, 3)}, err: "do not broadcast"},
		{op: "Gemm", name: "wide bias", in: []Tensor{a, b, floats([]int{1, 1, 1}, 1)}, err: "input 2 does not broadcast"},
		{op: "Gemm", name: "vector", in: []Tensor{a, vec(1, 2, 3)}, err: "expected matrices"},
		{op: "Gemm", name: "known vector", known: true, attrs: attrs{"transB": 1}, in: []Tensor{a, vec(1)}, err: "expected a matrix"},
		{op: "Gemm", name: "inner", in: []Tensor{a, a}, err: "the inner dimensions differ"},
		{op: "Gemm", name: "ints", in: []Tensor{ints([]int{1, 1}, 1), ints([]int{1, 1}, 1)}, err: "expected [float32]"},
	})
}

// TestProduct compares with the textbook loop for every remainder of the unrolled one.
func TestProduct(t *testing.T) {
	t.Parallel()
	for k := range 11 {
		m, n := 3, 5
		a, b, want := make([]int64, m*k), make([]int64, k*n), make([]int64, m*n)
		for i := range a {
			a[i] = int64(i%7) - 3
		}
		for i := range b {
			b[i] = int64(i%5) - 2
		}
		for i := range want {
			for p := range k {
				want[i] += a[i/n*k+p] * b[p*n+i%n]
			}
		}
		got := make([]int64, m*n)
		product(got, a, b, m, k, n)
		if !slices.Equal(got, want) {
			t.Errorf("k=%d: got %v, want %v", k, got, want)
		}
	}
}
