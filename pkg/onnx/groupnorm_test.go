package onnx

import "testing"

func TestGroupNormalisation(t *testing.T) {
	x := floats([]int{1, 4, 2}, 1, 3, 2, 6, -1, 1, 0, 0)
	scale, bias := vec(1, 2, 1, 1), vec(0, 1, 0, 5)
	plain := attrs{"epsilon": float32(0)}
	groups := func(change attrs) attrs { return with(attrs{"num_groups": 2, "epsilon": float32(0)}, change) }
	runOps(t, []opCase{
		{op: "InstanceNormalization", name: "channels", attrs: with(plain, attrs{"epsilon": float32(1)}), in: []Tensor{floats([]int{1, 2, 2}, 1, 3, 2, 2), vec(1, 2), vec(0, 1)}, want: []Tensor{floats([]int{1, 2, 2}, -0.70710677, 0.70710677, 1, 1)}},
		{op: "InstanceNormalization", name: "rank", in: []Tensor{floats([]int{1, 2}, 1, 3), vec(1, 2), vec(0, 1)}, err: "expected batch, channels and more"},
		{op: "InstanceNormalization", name: "scales", in: []Tensor{x, vec(1), bias}, err: "1 scales and 4 biases, expected 4"},
		{op: "InstanceNormalization", name: "no channels", in: []Tensor{floats([]int{1, 0, 2}), vec(), vec()}, err: "0 channels do not make 0 groups"},
		{op: "GroupNormalization", opset: 18, name: "by group", attrs: groups(nil), in: []Tensor{x, vec(1, 2), vec(0, 1)}, want: []Tensor{floats([]int{1, 4, 2}, -1.0690449, 0, -0.5345225, 1.6035675, -1.8284271, 3.8284271, 1, 1)}},
		{op: "GroupNormalization", opset: 21, name: "by channel", attrs: groups(nil), in: []Tensor{x, scale, bias}, want: []Tensor{floats([]int{1, 4, 2}, -1.0690449, 0, -0.069045, 4.207135, -1.4142135, 1.4142135, 5, 5)}},
		{op: "GroupNormalization", opset: 21, name: "groups", attrs: groups(attrs{"num_groups": 3}), in: []Tensor{x, scale, bias}, err: "4 channels do not make 3 groups"},
		{op: "GroupNormalization", opset: 21, name: "no groups", in: []Tensor{x, scale, bias}, err: "num_groups is 0"},
		{op: "GroupNormalization", opset: 17, name: "version", attrs: groups(nil), in: []Tensor{x, scale, bias}, err: "expected 18 to 23"},
		{op: "RMSNormalization", opset: 23, name: "last", attrs: plain, in: []Tensor{floats([]int{2, 2}, 3, 4, 1, 1), vec(1, 2)}, want: []Tensor{floats([]int{2, 2}, 0.84852815, 2.2627418, 1, 2)}},
		{op: "RMSNormalization", opset: 23, name: "scale", in: []Tensor{x, vec(1, 2, 3)}, err: "input 1: shape [3] does not broadcast"},
		{op: "RMSNormalization", opset: 23, name: "nothing", in: []Tensor{floats([]int{0, 2}), vec(1, 2)}, want: []Tensor{floats([]int{0, 2})}},
		{op: "LpNormalization", name: "L2", in: []Tensor{floats([]int{2, 2}, 3, 4, 0, 0)}, want: []Tensor{floats([]int{2, 2}, 0.6, 0.8, 0, 0)}},
		{op: "LpNormalization", name: "L1 of columns", attrs: attrs{"p": 1, "axis": 0}, in: []Tensor{floats([]int{2, 2}, 3, 4, -1, 0)}, want: []Tensor{floats([]int{2, 2}, 0.75, 1, -0.25, 0)}},
		{op: "LpNormalization", name: "L3", attrs: attrs{"p": 3}, in: []Tensor{x}, err: "p is 3, expected 1 or 2"},
		{op: "LpNormalization", name: "axis", attrs: attrs{"axis": 3}, in: []Tensor{x}, err: "axis 3 is out of range"},
		{op: "MeanVarianceNormalization", name: "rows", attrs: attrs{"axes": []int64{1}}, in: []Tensor{floats([]int{2, 2}, 1, 3, 0, 4)}, want: []Tensor{floats([]int{2, 2}, -1, 1, -1, 1)}},
		{op: "MeanVarianceNormalization", name: "axes", in: []Tensor{x}, err: "axis 3 is out of range"},
		{op: "LRN", name: "neighbours", attrs: attrs{"size": 2, "alpha": float32(2), "beta": float32(1)}, in: []Tensor{floats([]int{1, 2, 1}, 1, 2)}, want: []Tensor{floats([]int{1, 2, 1}, 1.0/6, 0.4)}},
		{op: "LRN", name: "size", in: []Tensor{x}, err: "size is 0"},
		{op: "LRN", name: "rank", attrs: attrs{"size": 1}, in: []Tensor{vec(1)}, err: "expected batch, channels and more"},
	})
}
