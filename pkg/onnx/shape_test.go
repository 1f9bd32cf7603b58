package onnx

import "testing"

func TestReshaping(t *testing.T) {
	x := floats([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	as := func(shape ...int) []Tensor { return []Tensor{x.view(shape)} }
	one := floats([]int{1, 3, 1}, 1, 2, 3)
	runOps(t, []opCase{
		{op: "Reshape", name: "unknown", in: []Tensor{x, ivec(3, -1)}, want: as(3, 2)},
		{op: "Reshape", name: "keep", in: []Tensor{x, ivec(0, 3, 1)}, want: as(2, 3, 1)},
		{op: "Reshape", name: "to scalar", in: []Tensor{vec(7), ivec()}, want: []Tensor{floats([]int{}, 7)}},
		{op: "Reshape", name: "zero", attrs: attrs{"allowzero": 1}, in: []Tensor{floats([]int{0, 3}), ivec(3, 0)}, want: []Tensor{floats([]int{3, 0})}},
		{op: "Reshape", name: "two unknown", in: []Tensor{x, ivec(-1, -1)}, err: "more than one -1"},
		{op: "Reshape", name: "wrong size", in: []Tensor{x, ivec(4, 2)}, err: "differ in the number of elements"},
		{op: "Reshape", name: "no remainder", in: []Tensor{x, ivec(4, -1)}, err: "does not reshape"},
		{op: "Reshape", name: "keep beyond", in: []Tensor{x, ivec(6, 1, 0)}, err: "keeps dimension 2"},
		{op: "Reshape", name: "negative", in: []Tensor{x, ivec(-2, 3)}, err: "out of range"},
		{op: "Reshape", name: "overflow", in: []Tensor{x, ivec(1<<26, 1<<26, 1<<26)}, err: "more than"},
		{op: "Reshape", name: "rank", in: []Tensor{x, ivec(6, 1, 1, 1, 1, 1, 1, 1, 1)}, err: "expected at most 8"},
		{op: "Flatten", name: "default", in: []Tensor{x.view([]int{1, 2, 3})}, want: as(1, 6)},
		{op: "Flatten", name: "zero", attrs: attrs{"axis": 0}, in: []Tensor{x}, want: as(1, 6)},
		{op: "Flatten", name: "negative", attrs: attrs{"axis": -1}, in: []Tensor{x}, want: as(2, 3)},
		{op: "Flatten", name: "beyond", attrs: attrs{"axis": 3}, in: []Tensor{x}, err: "axis 3 is out of range"},
		{op: "Squeeze", name: "all", in: []Tensor{one}, want: []Tensor{vec(1, 2, 3)}},
		{op: "Squeeze", name: "axes", in: []Tensor{one, ivec(-1)}, want: []Tensor{floats([]int{1, 3}, 1, 2, 3)}},
		{op: "Squeeze", name: "attribute", opset: 11, attrs: attrs{"axes": []int64{0}}, in: []Tensor{one}, want: []Tensor{floats([]int{3, 1}, 1, 2, 3)}},
		{op: "Squeeze", name: "input before 13", opset: 11, in: []Tensor{one, ivec(0)}, err: "expected 1 at opset 11"},
		{op: "Squeeze", name: "attribute from 13", attrs: attrs{"axes": []int64{0}}, in: []Tensor{one}, err: `attribute "axes" is not supported`},
		{op: "Squeeze", name: "not one", in: []Tensor{one, ivec(1)}, err: "is not 1"},
		{op: "Unsqueeze", name: "axes", in: []Tensor{vec(1, 2), ivec(0, -1)}, want: []Tensor{floats([]int{1, 2, 1}, 1, 2)}},
		{op: "Unsqueeze", name: "attribute", opset: 11, attrs: attrs{"axes": []int64{1}}, in: []Tensor{vec(1, 2)}, want: []Tensor{floats([]int{2, 1}, 1, 2)}},
		{op: "Unsqueeze", name: "twice", in: []Tensor{vec(1, 2), ivec(0, 0)}, err: "name a dimension twice"},
		{op: "Unsqueeze", name: "rank", in: []Tensor{vec(1), ivec(0, 1, 2, 3, 4, 5, 6, 7)}, err: "expected at most 8"},
		{op: "Transpose", name: "default", in: []Tensor{x}, want: []Tensor{floats([]int{3, 2}, 1, 4, 2, 5, 3, 6)}},
		{op: "Transpose", name: "perm", attrs: attrs{"perm": []int64{1, 2, 0}}, in: []Tensor{x.view([]int{1, 2, 3})}, want: as(2, 3, 1)},
		{op: "Transpose", name: "ints", in: []Tensor{ints([]int{2, 1}, 1, 2)}, want: []Tensor{ints([]int{1, 2}, 1, 2)}},
		{op: "Transpose", name: "bad perm", attrs: attrs{"perm": []int64{0, 0}}, in: []Tensor{x}, err: "is no permutation"},
		{op: "Transpose", name: "negative perm", attrs: attrs{"perm": []int64{-1, 0}}, in: []Tensor{x}, err: "is no permutation"},
		{op: "Expand", name: "column", in: []Tensor{floats([]int{2, 1}, 1, 2), ivec(3, 1, 2)}, want: []Tensor{floats([]int{3, 2, 2}, 1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2)}},
		{op: "Expand", name: "smaller", in: []Tensor{x, ivec(1)}, want: as(2, 3)},
		{op: "Expand", name: "mismatch", in: []Tensor{x, ivec(2)}, err: "do not broadcast"},
		{op: "Expand", name: "absurd", in: []Tensor{vec(1), ivec(1<<20, 1<<20)}, err: "more than"},
		{op: "Shape", name: "all", in: []Tensor{x}, want: []Tensor{ivec(2, 3)}},
		{op: "Shape", name: "part", attrs: attrs{"start": -1}, in: []Tensor{x}, want: []Tensor{ivec(3)}},
		{op: "Shape", name: "none", attrs: attrs{"start": 1, "end": 0}, in: []Tensor{x}, want: []Tensor{ivec()}},
		{op: "Identity", name: "bools", in: []Tensor{bools([]int{1}, true)}, want: []Tensor{bools([]int{1}, true)}},
	})
}

func TestConstants(t *testing.T) {
	runOps(t, []opCase{
		{op: "Constant", name: "tensor", attrs: attrs{"value": bools([]int{2}, true, false)}, want: []Tensor{bools([]int{2}, true, false)}},
		{op: "Constant", name: "empty", attrs: attrs{"value": ivec()}, want: []Tensor{ivec()}},
		{op: "Constant", name: "float", attrs: attrs{"value_float": float32(2)}, want: []Tensor{floats([]int{}, 2)}},
		{op: "Constant", name: "int", attrs: attrs{"value_int": 2}, want: []Tensor{ints([]int{}, 2)}},
		{op: "Constant", name: "floats", attrs: attrs{"value_floats": []float32{1, 2}}, want: []Tensor{vec(1, 2)}},
		{op: "Constant", name: "ints", attrs: attrs{"value_ints": []int64{1, 2}}, want: []Tensor{ivec(1, 2)}},
		{op: "Constant", name: "text", attrs: attrs{"value_string": "x"}, want: []Tensor{texts([]int{}, "x")}},
		{op: "ConstantOfShape", name: "default", in: []Tensor{ivec(2, 1)}, want: []Tensor{floats([]int{2, 1}, 0, 0)}},
		{op: "ConstantOfShape", name: "int", attrs: attrs{"value": ivec(7)}, in: []Tensor{ivec(2)}, want: []Tensor{ivec(7, 7)}},
		{op: "ConstantOfShape", name: "bool", attrs: attrs{"value": bools([]int{1}, true)}, in: []Tensor{ivec()}, want: []Tensor{bools([]int{}, true)}},
		{op: "ConstantOfShape", name: "two values", attrs: attrs{"value": ivec(7, 8)}, in: []Tensor{ivec(2)}, err: "expected one element"},
		{op: "ConstantOfShape", name: "absurd", attrs: attrs{"value": ivec(7)}, in: []Tensor{ivec(1<<25, 4)}, err: "more than"},
		{op: "Dropout", name: "mask", in: []Tensor{vec(1, 2)}, want: []Tensor{vec(1, 2), bools([]int{2}, true, true)}},
		{op: "Dropout", name: "empty", in: []Tensor{vec()}, want: []Tensor{vec(), bools([]int{0})}},
		{op: "Dropout", name: "ratio", opset: 10, attrs: attrs{"ratio": float32(0.5)}, in: []Tensor{vec(1, 2)}, want: []Tensor{vec(1, 2)}},
		{op: "Dropout", name: "training", in: []Tensor{vec(1), {}, bools([]int{}, true)}, err: "training mode"},
		{op: "Dropout", name: "trained", known: true, in: []Tensor{vec(1), {}, bools([]int{}, true)}, err: "training mode"},
	})
}

func TestGatherAndConcat(t *testing.T) {
	x := floats([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	runOps(t, []opCase{
		{op: "Gather", name: "rows", in: []Tensor{x, ivec(1, -2, 1)}, want: []Tensor{floats([]int{3, 3}, 4, 5, 6, 1, 2, 3, 4, 5, 6)}},
		{op: "Gather", name: "columns", attrs: attrs{"axis": 1}, in: []Tensor{x, ints([]int{1, 2}, 2, 0)}, want: []Tensor{floats([]int{2, 1, 2}, 3, 1, 6, 4)}},
		{op: "Gather", name: "scalar", in: []Tensor{ivec(5, 6), ints([]int{}, 1)}, want: []Tensor{ints([]int{}, 6)}},
		{op: "Gather", name: "beyond", in: []Tensor{x, ivec(2)}, err: "index 2 is out of range"},
		{op: "Gather", name: "before", in: []Tensor{x, ivec(-3)}, err: "index -3 is out of range"},
		{op: "Gather", name: "float index", in: []Tensor{x, vec(0)}, err: "expected [int64]"},
		{op: "Gather", name: "rank", in: []Tensor{x, ints([]int{1, 1, 1, 1, 1, 1, 1, 1}, 0)}, err: "more than 8 dimensions"},
		{op: "Concat", name: "rows", attrs: attrs{"axis": 0}, in: []Tensor{x, floats([]int{1, 3}, 7, 8, 9)}, want: []Tensor{floats([]int{3, 3}, 1, 2, 3, 4, 5, 6, 7, 8, 9)}},
		{op: "Concat", name: "columns", attrs: attrs{"axis": -1}, in: []Tensor{x, floats([]int{2, 1}, 7, 8)}, want: []Tensor{floats([]int{2, 4}, 1, 2, 3, 7, 4, 5, 6, 8)}},
		{op: "Concat", name: "mismatch", attrs: attrs{"axis": 1}, in: []Tensor{x, floats([]int{1, 1}, 7)}, err: "input 1 has shape [1 1]"},
		{op: "Concat", name: "no axis", in: []Tensor{x}, err: `attribute "axis" is missing`},
		{op: "Concat", name: "scalars", attrs: attrs{"axis": 0}, in: []Tensor{floats([]int{}, 1)}, err: "axis 0 is out of range"},
		{op: "Split", name: "sizes", in: []Tensor{ivec(1, 2, 3), ivec(1, 2)}, want: []Tensor{ivec(1), ivec(2, 3)}},
		{op: "Split", name: "evenly", attrs: attrs{"axis": 1}, in: []Tensor{x.view([]int{3, 2})}, want: []Tensor{floats([]int{3, 1}, 1, 3, 5), floats([]int{3, 1}, 2, 4, 6)}},
		{op: "Split", name: "uneven", opset: 18, attrs: attrs{"num_outputs": 2}, in: []Tensor{ivec(1, 2, 3)}, want: []Tensor{ivec(1, 2), ivec(3)}},
		{op: "Split", name: "attribute", opset: 11, attrs: attrs{"split": []int64{2, 1}}, in: []Tensor{ivec(1, 2, 3)}, want: []Tensor{ivec(1, 2), ivec(3)}},
		{op: "Split", name: "too little", in: []Tensor{ivec(1, 2, 3), ivec(1, 1)}, want: []Tensor{ivec(), ivec()}, err: "do not add up to 3"},
		{op: "Split", name: "too much", in: []Tensor{ivec(1, 2, 3), ivec(1, 3)}, want: []Tensor{ivec(), ivec()}, err: "do not add up to 3"},
		{op: "Split", name: "count", in: []Tensor{ivec(1, 2, 3), ivec(3)}, want: []Tensor{ivec(), ivec()}, err: "1 sizes for 2 outputs"},
		{op: "Split", name: "num_outputs", opset: 18, attrs: attrs{"num_outputs": 3}, in: []Tensor{ivec(1)}, want: []Tensor{ivec()}, err: "num_outputs is 3"},
	})
}

func TestSlice(t *testing.T) {
	x := ivec(0, 1, 2, 3, 4)
	m := ints([]int{2, 3}, 0, 1, 2, 3, 4, 5)
	cut := func(parts ...Tensor) []Tensor { return append([]Tensor{x}, parts...) }
	runOps(t, []opCase{
		{op: "Slice", name: "middle", in: cut(ivec(1), ivec(3)), want: []Tensor{ivec(1, 2)}},
		{op: "Slice", name: "from the end", in: cut(ivec(-2), ivec(1<<62)), want: []Tensor{ivec(3, 4)}},
		{op: "Slice", name: "steps", in: cut(ivec(0), ivec(5), ivec(0), ivec(2)), want: []Tensor{ivec(0, 2, 4)}},
		{op: "Slice", name: "reverse", in: cut(ivec(-1), ivec(-1<<62), Tensor{}, ivec(-2)), want: []Tensor{ivec(4, 2, 0)}},
		{op: "Slice", name: "reverse part", in: cut(ivec(9), ivec(1), Tensor{}, ivec(-1)), want: []Tensor{ivec(4, 3, 2)}},
		{op: "Slice", name: "reverse before", in: cut(ivec(-9), ivec(-9), Tensor{}, ivec(-1)), want: []Tensor{ivec()}},
		{op: "Slice", name: "nothing", in: cut(ivec(3), ivec(3)), want: []Tensor{ivec()}},
		{op: "Slice", name: "backwards", in: cut(ivec(4), ivec(1)), want: []Tensor{ivec()}},
		{op: "Slice", name: "columns", in: []Tensor{m, ivec(1), ivec(3), ivec(-1)}, want: []Tensor{ints([]int{2, 2}, 1, 2, 4, 5)}},
		{op: "Slice", name: "both", in: []Tensor{m, ivec(1, 0), ivec(2, 3), ivec(0, 1), ivec(1, 2)}, want: []Tensor{ints([]int{1, 2}, 3, 5)}},
		{op: "Slice", name: "attributes", opset: 9, attrs: attrs{"starts": []int64{1}, "ends": []int64{9}, "axes": []int64{1}}, in: []Tensor{m}, want: []Tensor{ints([]int{2, 2}, 1, 2, 4, 5)}},
		{op: "Slice", name: "no step", in: cut(ivec(0), ivec(1), Tensor{}, ivec(0)), err: "a step is 0"},
		{op: "Slice", name: "absurd step", in: cut(ivec(0), ivec(1), Tensor{}, ivec(-1<<62)), err: "is out of range"},
		{op: "Slice", name: "axis", in: cut(ivec(0), ivec(1), ivec(1)), err: "axis 1 is out of range"},
		{op: "Slice", name: "lengths", in: cut(ivec(0), ivec(1, 2)), err: "expected as many of each"},
		{op: "Slice", name: "no starts", in: []Tensor{x}, err: "starts and ends are missing"},
	})
}
