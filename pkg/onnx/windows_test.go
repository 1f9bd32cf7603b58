package onnx

import "testing"

func TestWindowEdges(t *testing.T) {
	x := floats([]int{1, 1, 3}, 1, 2, 3)
	pool := func(name string, a attrs, want Tensor, err string) opCase {
		return opCase{op: "MaxPool", name: name, attrs: a, in: []Tensor{x}, want: []Tensor{want}, err: err}
	}
	runOps(t, []opCase{
		pool("ceil", attrs{"kernel_shape": []int64{2}, "strides": []int64{2}, "ceil_mode": 1}, floats([]int{1, 1, 2}, 2, 3), ""),
		pool("negative stride", attrs{"kernel_shape": []int64{2}, "strides": []int64{-1}}, vec(), "out of range"),
		pool("no kernel", attrs{"kernel_shape": []int64{0}}, vec(), "out of range"),
		pool("negative pad", attrs{"kernel_shape": []int64{1}, "pads": []int64{-1, 0}}, vec(), "out of range"),
		pool("absurd pad", attrs{"kernel_shape": []int64{1}, "pads": []int64{1 << 40, 0}}, vec(), "out of range"),
		pool("absurd dilation", attrs{"kernel_shape": []int64{2}, "dilations": []int64{big}}, vec(), "out of range"),
		pool("too large a window", attrs{"kernel_shape": []int64{4}}, vec(), "a window of 4 does not fit dimension 2 of 3"),
		pool("rank", attrs{"kernel_shape": []int64{1, 1}}, vec(), "have 2 entries, expected 1"),
		pool("pads", attrs{"kernel_shape": []int64{1}, "pads": []int64{1}}, vec(), "1 pads, expected 2"),
		pool("auto pad", attrs{"kernel_shape": []int64{1}, "auto_pad": "SOME"}, vec(), `auto_pad "SOME" is not known`),
		pool("many places of a large window", attrs{"kernel_shape": []int64{1 << 25}, "pads": []int64{1 << 25, 1 << 25}}, vec(), "more products and look-ups"),
		{op: "MaxPool", name: "no planes", attrs: attrs{"kernel_shape": []int64{1}}, in: []Tensor{floats([]int{0, 2, 3})}, want: []Tensor{floats([]int{0, 2, 3})}},
		{op: "MaxPool", name: "vector", attrs: attrs{"kernel_shape": []int64{1}}, in: []Tensor{vec(1)}, err: "expected batch, channels and one dimension or more"},
		{op: "AveragePool", name: "pads counted", attrs: attrs{"kernel_shape": []int64{3}, "pads": []int64{1, 1}, "count_include_pad": 1}, in: []Tensor{x}, want: []Tensor{floats([]int{1, 1, 3}, 1, 2, 5.0/3)}},
		{op: "GlobalAveragePool", name: "rank", in: []Tensor{floats([]int{1, 2}, 1, 2)}, err: "expected batch, channels"},
		{op: "Conv", name: "groups", attrs: attrs{"group": 2}, in: []Tensor{x, floats([]int{1, 1, 1}, 1)}, err: "do not go together in 2 groups"},
		{op: "Conv", name: "absurd groups", attrs: attrs{"group": big}, in: []Tensor{x, floats([]int{1, 1, 1}, 1)}, err: "do not go together"},
		{op: "Conv", name: "no groups", attrs: attrs{"group": 0}, in: []Tensor{x, floats([]int{1, 1, 1}, 1)}, err: "do not go together in 0 groups"},
		{op: "Conv", name: "kernel", attrs: attrs{"kernel_shape": []int64{2}}, in: []Tensor{x, floats([]int{1, 1, 1}, 1)}, err: "but the weights have shape"},
		{op: "Conv", name: "bias", in: []Tensor{x, floats([]int{1, 1, 1}, 1), vec(1, 2)}, err: "input 2 has 2 values, expected 1"},
		{op: "Conv", name: "rank", in: []Tensor{x, floats([]int{1, 1}, 1)}, err: "expected batch, channels"},
		{op: "Conv", name: "no filters", in: []Tensor{x, floats([]int{0, 1, 1})}, want: []Tensor{floats([]int{1, 0, 3})}},
		{op: "ConvTranspose", name: "absurd padding", attrs: attrs{"output_padding": []int64{big}}, in: []Tensor{x, floats([]int{1, 1, 1}, 1)}, err: "out of range"},
		{op: "ConvTranspose", name: "absurd shape", attrs: attrs{"output_shape": []int64{1 << 40}}, in: []Tensor{x, floats([]int{1, 1, 1}, 1)}, err: "of the result would be"},
		{op: "ConvTranspose", name: "negative shape", attrs: attrs{"pads": []int64{9, 9}}, in: []Tensor{x, floats([]int{1, 1, 1}, 1)}, err: "of the result would be -15"},
	})
}

func TestIntegerEdges(t *testing.T) {
	runOps(t, []opCase{
		{op: "BitShift", name: "everything out", attrs: attrs{"direction": "LEFT"}, in: []Tensor{ivec(1, 1), ivec(64, big)}, want: []Tensor{ivec(0, 0)}},
		{op: "BitShift", name: "direction", in: []Tensor{ivec(1), ivec(1)}, err: `direction "" is not known`},
		{op: "Mod", name: "signs", in: []Tensor{ivec(-7, 7, -7), ivec(3, -3, -3)}, want: []Tensor{ivec(2, -2, -1)}},
		{op: "Mod", name: "the least by -1", in: []Tensor{ivec(-big - 1), ivec(-1)}, want: []Tensor{ivec(0)}},
		{op: "Mod", name: "zero", in: []Tensor{ivec(1), ivec(0)}, err: "integer division by zero"},
		{op: "Mod", name: "floats", in: []Tensor{vec(1), vec(1)}, err: "fmod is 0, expected 1"},
		{op: "Mod", name: "floats by zero", attrs: attrs{"fmod": 1}, in: []Tensor{vec(1), vec(0)}, want: []Tensor{vec(nan)}},
		{op: "Div", name: "the least by -1", in: []Tensor{ivec(-big - 1), ivec(-1)}, want: []Tensor{ivec(-big - 1)}},
		{op: "Cast", name: "no number", attrs: attrs{"to": codeFloat}, in: []Tensor{texts([]int{1}, "x")}, want: []Tensor{vec()}, err: `element 0: "x" is not such a number`},
		{op: "Cast", name: "too large a number", attrs: attrs{"to": codeInt64}, in: []Tensor{texts([]int{1}, "99999999999999999999")}, want: []Tensor{ivec()}, err: "is not such a number"},
		{op: "Cast", name: "numbers of texts", attrs: attrs{"to": codeFloat}, in: []Tensor{texts([]int{3}, "NaN", "-1e2", "+7")}, want: []Tensor{vec(nan, -100, 7)}},
		{op: "Cast", name: "no type", in: []Tensor{vec(1)}, err: "dtype UNDEFINED is not supported"},
		{op: "QuantizeLinear", name: "NaN and infinities", in: []Tensor{vec(nan, positive, negative), floats([]int{}, 1)}, want: []Tensor{ivec(0, 255, 0)}},
		{op: "QuantizeLinear", name: "blocks", opset: 21, attrs: attrs{"block_size": 2}, in: []Tensor{vec(1, 2), vec(1)}, want: []Tensor{ivec()}, err: "block_size 2"},
		{op: "QuantizeLinear", name: "scales", in: []Tensor{floats([]int{1, 3}, 1, 2, 3), vec(1, 2)}, want: []Tensor{ivec()}, err: "2 scales, expected 1 or 3"},
		{op: "DequantizeLinear", name: "axis", attrs: attrs{"axis": 2}, in: []Tensor{ints([]int{1, 2}, 1, 2), vec(1, 2)}, want: []Tensor{vec()}, err: "axis 2 is out of range"},
		{op: "DequantizeLinear", name: "zero points", in: []Tensor{ints([]int{1, 2}, 1, 2), vec(1, 2), ivec(1)}, want: []Tensor{vec()}, err: "2 scales and 1 zero points"},
		{op: "DynamicQuantizeLinear", name: "nothing", in: []Tensor{vec()}, want: []Tensor{ivec(), floats([]int{}, 1), ints([]int{}, 0)}},
		{op: "NegativeLogLikelihoodLoss", name: "label", in: []Tensor{floats([]int{1, 2}, -1, -2), ivec(2)}, err: "label 2 is out of range for 2 classes"},
		{op: "NegativeLogLikelihoodLoss", name: "weights", in: []Tensor{floats([]int{1, 2}, -1, -2), ivec(1), vec(1)}, err: "1 weights, expected 2"},
		{op: "NegativeLogLikelihoodLoss", name: "shapes", in: []Tensor{floats([]int{1, 2}, -1, -2), ivec(1, 1)}, err: "expected those of scores by class and of labels"},
	})
}
