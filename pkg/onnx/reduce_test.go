package onnx

import "testing"

func TestReduce(t *testing.T) {
	x := floats([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	xi := ints([]int{2, 3}, 1, 2, 3, 4, 5, 6)
	drop := func(extra attrs) attrs {
		a := attrs{"keepdims": 0}
		for k, v := range extra {
			a[k] = v
		}
		return a
	}
	runOps(t, []opCase{
		{op: "ReduceSum", name: "input axes", in: []Tensor{x, ivec(1)}, want: []Tensor{floats([]int{2, 1}, 6, 15)}},
		{op: "ReduceSum", name: "ints", attrs: drop(nil), in: []Tensor{xi, ivec(0)}, want: []Tensor{ivec(5, 7, 9)}},
		{op: "ReduceSum", name: "all", attrs: drop(nil), in: []Tensor{x}, want: []Tensor{floats([]int{}, 21)}},
		{op: "ReduceSum", name: "all, kept", in: []Tensor{x}, want: []Tensor{floats([]int{1, 1}, 21)}},
		{op: "ReduceSum", name: "noop", attrs: attrs{"noop_with_empty_axes": 1}, in: []Tensor{x}, want: []Tensor{x}},
		{op: "ReduceSum", name: "attribute axes", opset: 11, attrs: drop(attrs{"axes": []int64{-1}}), in: []Tensor{x}, want: []Tensor{vec(6, 15)}},
		{op: "ReduceSum", name: "middle", attrs: drop(nil), in: []Tensor{x.view([]int{1, 3, 2}), ivec(1)}, want: []Tensor{floats([]int{1, 2}, 9, 12)}},
		{op: "ReduceSum", name: "outer two", attrs: drop(nil), in: []Tensor{x.view([]int{3, 1, 2}), ivec(0, 2)}, want: []Tensor{floats([]int{1}, 21)}},
		{op: "ReduceSum", name: "nothing", attrs: drop(nil), in: []Tensor{floats([]int{0, 2}), ivec(0)}, want: []Tensor{vec(0, 0)}},
		{op: "ReduceSum", name: "cancels", in: []Tensor{vec(1e8, 1, -1e8)}, want: []Tensor{vec(1)}},
		{op: "ReduceSum", name: "axis", in: []Tensor{x, ivec(2)}, err: "axis 2 is out of range"},
		{op: "ReduceSum", name: "twice", in: []Tensor{x, ivec(1, -1)}, err: "name a dimension twice"},
		{op: "ReduceSum", name: "bools", in: []Tensor{bools([]int{1}, true)}, err: "does not take bool"},
		{op: "ReduceMean", name: "attribute axes", attrs: drop(attrs{"axes": []int64{1}}), in: []Tensor{x}, want: []Tensor{vec(2, 5)}},
		{op: "ReduceMean", name: "input axes", opset: 18, attrs: drop(nil), in: []Tensor{x, ivec(0)}, want: []Tensor{vec(2.5, 3.5, 4.5)}},
		{op: "ReduceMean", name: "input before 18", in: []Tensor{x, ivec(0)}, err: "expected 1 at opset 17"},
		{op: "ReduceMean", name: "ints", in: []Tensor{xi}, err: "does not take int64"},
		{op: "ReduceMax", name: "floats", attrs: drop(attrs{"axes": []int64{0}}), in: []Tensor{floats([]int{2, 2}, -1, nan, -3, 5)}, want: []Tensor{vec(-1, nan)}},
		{op: "ReduceMax", name: "ints", opset: 18, attrs: drop(nil), in: []Tensor{xi, ivec(1)}, want: []Tensor{ivec(3, 6)}},
		{op: "ReduceMin", name: "floats", attrs: drop(attrs{"axes": []int64{0}}), in: []Tensor{x}, want: []Tensor{vec(1, 2, 3)}},
		{op: "ReduceMin", name: "ints", attrs: drop(nil), in: []Tensor{xi}, want: []Tensor{ints([]int{}, 1)}},
		{op: "ReduceL2", name: "rows", attrs: drop(attrs{"axes": []int64{1}}), in: []Tensor{floats([]int{1, 2}, 3, 4)}, want: []Tensor{vec(5)}},
	})
}
