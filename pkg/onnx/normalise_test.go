package onnx

import "testing"

func TestNormalise(t *testing.T) {
	x := floats([]int{1, 2, 2}, 0, 0, 0, 1)
	a, b := float32(0.26894143), float32(0.7310586)
	c, d := float32(0.17487772), float32(0.47536686)
	rows := floats([]int{2, 2}, 1, 3, -2, 2)
	runOps(t, []opCase{
		{op: "Softmax", name: "last", in: []Tensor{x}, want: []Tensor{floats([]int{1, 2, 2}, 0.5, 0.5, a, b)}},
		{op: "Softmax", name: "axis", attrs: attrs{"axis": 1}, in: []Tensor{x}, want: []Tensor{floats([]int{1, 2, 2}, 0.5, a, 0.5, b)}},
		{op: "Softmax", name: "before 13", opset: 12, in: []Tensor{x}, want: []Tensor{floats([]int{1, 2, 2}, c, c, c, d)}},
		{op: "Softmax", name: "large", in: []Tensor{vec(1e6, 1e6)}, want: []Tensor{vec(0.5, 0.5)}},
		{op: "Softmax", name: "empty", in: []Tensor{floats([]int{0, 2})}, want: []Tensor{floats([]int{0, 2})}},
		{op: "Softmax", name: "scalar", in: []Tensor{floats([]int{}, 1)}, err: "axis -1 is out of range"},
		{op: "Softmax", name: "ints", in: []Tensor{ivec(1)}, err: "expected [float32]"},
		{
			op: "BatchNormalization", name: "channels", attrs: attrs{"epsilon": float32(0), "momentum": float32(0.9)},
			in: []Tensor{rows, vec(1, 2), vec(0, 1), vec(1, 2), vec(4, 1)}, want: []Tensor{floats([]int{2, 2}, 0, 3, -1.5, 1)},
		},
		{op: "BatchNormalization", name: "vector", in: []Tensor{vec(1), vec(1), vec(1), vec(1), vec(1)}, err: "two dimensions or more"},
		{op: "BatchNormalization", name: "shape", in: []Tensor{rows, vec(1), vec(0, 1), vec(1, 2), vec(4, 1)}, err: "input 1 has shape [1], expected [2]"},
		{op: "BatchNormalization", name: "training", attrs: attrs{"training_mode": 1}, in: []Tensor{rows, vec(1, 1), vec(1, 1), vec(1, 1), vec(1, 1)}, err: "training_mode 0"},
		{
			op: "LayerNormalization", name: "rows", attrs: attrs{"epsilon": float32(0)}, in: []Tensor{rows, vec(1, 2), vec(10, 20)},
			want: []Tensor{floats([]int{2, 2}, 9, 22, 9, 22), floats([]int{2, 1}, 2, 0), floats([]int{2, 1}, 1, 0.5)},
		},
		{op: "LayerNormalization", name: "no bias", attrs: attrs{"axis": 0, "epsilon": float32(0)}, in: []Tensor{vec(-1, 1), vec(3)}, want: []Tensor{vec(-3, 3)}},
		{op: "LayerNormalization", name: "scale", in: []Tensor{rows, vec(1, 2, 3)}, err: "input 1: shape [3] does not broadcast to [2]"},
	})
}
