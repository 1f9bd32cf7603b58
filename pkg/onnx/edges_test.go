package onnx

import (
	"math"
	"testing"
)

const big = math.MaxInt64

func TestPadEdges(t *testing.T) {
	x := floats([]int{1, 3}, 1, 2, 3)
	pad := func(name, mode string, pads []int64, want Tensor, err string) opCase {
		return opCase{op: "Pad", name: name, attrs: attrs{"mode": mode}, in: []Tensor{x, ivec(pads...)}, want: []Tensor{want}, err: err}
	}
	runOps(t, []opCase{
		pad("negative", "constant", []int64{0, -1, 0, 1}, floats([]int{1, 3}, 2, 3, 0), ""),
		pad("all taken away", "constant", []int64{0, -2, 0, -1}, floats([]int{1, 0}), ""),
		pad("more than is there", "constant", []int64{0, -4, 0, 0}, vec(), "negative dimension"),
		pad("reflected twice", "reflect", []int64{0, 4, 0, 0}, floats([]int{1, 7}, 1, 2, 3, 2, 1, 2, 3), ""),
		pad("wrapped", "wrap", []int64{0, 1, 0, 4}, floats([]int{1, 8}, 3, 1, 2, 3, 1, 2, 3, 1), ""),
		pad("mode", "mirror", []int64{0, 0, 0, 0}, vec(), `mode "mirror" is not known`),
		pad("count", "edge", []int64{0, 0}, vec(), "2 pads, expected 4"),
		pad("absurd", "edge", []int64{0, big, 0, big}, vec(), "are out of range"),
		pad("absurd and negative", "constant", []int64{0, -big - 1, 0, 0}, vec(), "are out of range"),
		pad("too large", "edge", []int64{1 << 25, 1 << 25, 0, 0}, vec(), "elements"),
		{op: "Pad", name: "empty edge", attrs: attrs{"mode": "edge"}, in: []Tensor{floats([]int{0}), ivec(1, 0)}, err: "dimension 0 of [0] is empty"},
		{op: "Pad", name: "empty constant", in: []Tensor{floats([]int{0}), ivec(1, 0), vec(7)}, want: []Tensor{vec(7)}},
		{op: "Pad", opset: 18, name: "axes", in: []Tensor{x, ivec(1, 0), vec(9), ivec(-1)}, want: []Tensor{floats([]int{1, 4}, 9, 1, 2, 3)}},
		{op: "Pad", opset: 18, name: "axis twice", in: []Tensor{x, ivec(1, 1, 0, 0), vec(9), ivec(1, -1)}, err: "name a dimension twice"},
		{op: "Pad", opset: 18, name: "axis beyond", in: []Tensor{x, ivec(1, 0), vec(9), ivec(2)}, err: "axis 2 is out of range"},
		{op: "Pad", name: "two values", in: []Tensor{x, ivec(0, 1, 0, 0), vec(1, 2)}, err: "input 2 holds 2 values"},
		{op: "Pad", name: "value of another type", in: []Tensor{x, ivec(0, 1, 0, 0), ivec(1)}, err: "input 2"},
	})
}

func TestEinsumEdges(t *testing.T) {
	x, y := floats([]int{2, 2}, 1, 2, 3, 4), floats([]int{2, 2}, 1, 0, 0, 1)
	einsum := func(equation string, want Tensor, err string, in ...Tensor) opCase {
		return opCase{op: "Einsum", name: equation, attrs: attrs{"equation": equation}, in: in, want: []Tensor{want}, err: err}
	}
	runOps(t, []opCase{
		einsum("ij,jk", x, "", x, y),
		einsum("ii->", floats([]int{}, 5), "", x),
		einsum("ii->i", vec(1, 4), "", x),
		einsum("...j->...", vec(3, 7), "", x),
		einsum("ij->ji", ints([]int{2, 2}, 1, 3, 2, 4), "", ints([]int{2, 2}, 1, 2, 3, 4)),
		einsum("ij,jk->ik", floats([]int{0, 2}), "", floats([]int{0, 2}), y),
		einsum("ij,jk->ik", floats([]int{2, 2}, 0, 0, 0, 0), "", floats([]int{2, 0}), floats([]int{0, 2})),
		einsum("ij,jk->ik", vec(), "the letters", x, floats([]int{3, 2}, 1, 2, 3, 4, 5, 6)),
		einsum("ij", vec(), "1 operands, expected 2", x, y),
		einsum("ij->k", vec(), "no operand has", x),
		einsum("ij->ii", vec(), "there twice", x),
		einsum("i1->i", vec(), "is no equation", x),
		einsum("......->", vec(), "is no equation", x),
		einsum("ijk->i", vec(), "2 dimensions for the letters", x),
		einsum("abcdefghijklmnopqrs->", vec(), "2 dimensions for the letters", x),
		einsum("a,b,c,d,e,f,g,h,i->abcdefghi", vec(), "9 dimensions, expected at most 8", vec(1), vec(1), vec(1), vec(1), vec(1), vec(1), vec(1), vec(1), vec(1)),
	})
}

func TestChoiceEdges(t *testing.T) {
	x := floats([]int{2, 3}, 3, nan, 1, 2, 2, 5)
	runOps(t, []opCase{
		{op: "TopK", name: "NaN is greatest", in: []Tensor{x, ivec(2)}, want: []Tensor{floats([]int{2, 2}, nan, 3, 5, 2), ints([]int{2, 2}, 1, 0, 2, 0)}},
		{op: "TopK", name: "least", attrs: attrs{"largest": 0, "axis": -1}, in: []Tensor{x, ivec(1)}, want: []Tensor{floats([]int{2, 1}, 1, 2), ints([]int{2, 1}, 2, 0)}},
		{op: "TopK", name: "none", in: []Tensor{x, ivec(0)}, want: []Tensor{floats([]int{2, 0}), ints([]int{2, 0})}},
		{op: "TopK", name: "of nothing", in: []Tensor{floats([]int{3, 0}), ivec(0)}, want: []Tensor{floats([]int{3, 0}), ints([]int{3, 0})}},
		{op: "TopK", name: "too many", in: []Tensor{x, ivec(4)}, err: "k is 4, expected 0 to 3"},
		{op: "TopK", name: "absurd", in: []Tensor{x, ivec(big)}, err: "expected 0 to 3"},
		{op: "TopK", name: "negative", in: []Tensor{x, ivec(-1)}, err: "k is -1"},
		{op: "TopK", name: "no k", in: []Tensor{x, ivec()}, err: "input 1 holds 0 values"},
		{op: "TopK", name: "k is missing", in: []Tensor{x}, err: "has 1 input, expected 2"},
		{op: "TopK", name: "scalar", in: []Tensor{floats([]int{}, 1), ivec(1)}, err: "axis -1 is out of range"},
		{op: "OneHot", name: "from the end and beyond", in: []Tensor{ivec(-1, 2, -3), ivec(2), vec(0, 1)}, want: []Tensor{floats([]int{3, 2}, 0, 1, 0, 0, 0, 0)}},
		{op: "OneHot", name: "absurd depth", in: []Tensor{ivec(0), ivec(big), vec(0, 1)}, want: []Tensor{vec()}, err: "1 depths"},
		{op: "OneHot", name: "large depth", in: []Tensor{ivec(0, 0), ivec(maxElements), vec(0, 1)}, want: []Tensor{vec()}, err: "more than"},
		{op: "OneHot", name: "NaN depth", in: []Tensor{ivec(0), vec(nan), vec(0, 1)}, want: []Tensor{vec()}, err: "1 depths"},
		{op: "OneHot", name: "three values", in: []Tensor{ivec(0), ivec(1), vec(0, 1, 2)}, want: []Tensor{vec()}, err: "3 values"},
		{op: "OneHot", name: "axis", attrs: attrs{"axis": 2}, in: []Tensor{ivec(0), ivec(1), vec(0, 1)}, want: []Tensor{vec()}, err: "axis 2 is out of range"},
		{op: "Compress", name: "short condition", attrs: attrs{"axis": -1}, in: []Tensor{x, bools([]int{2}, false, true)}, want: []Tensor{floats([]int{2, 1}, nan, 2)}},
		{op: "Compress", name: "long condition", attrs: attrs{"axis": 0}, in: []Tensor{x, bools([]int{3}, true, true, true)}, err: "condition has shape [3], expected up to 2"},
		{op: "Compress", name: "rank", in: []Tensor{x, bools([]int{1, 1}, true)}, err: "condition has shape [1 1]"},
		{op: "NonZero", name: "nothing", in: []Tensor{floats([]int{2, 0})}, want: []Tensor{ints([]int{2, 0})}},
		{op: "NonZero", name: "NaN", in: []Tensor{vec(0, nan)}, want: []Tensor{ints([]int{1, 1}, 1)}},
		{op: "NonZero", name: "texts", in: []Tensor{texts([]int{1}, "a")}, want: []Tensor{ivec()}, err: "is string"},
		{op: "Unique", name: "nothing", in: []Tensor{vec()}, want: []Tensor{vec(), ivec(), ivec(), ivec()}},
		{op: "Unique", name: "unsorted", attrs: attrs{"sorted": 0}, in: []Tensor{texts([]int{4}, "b", "a", "b", "c")}, want: []Tensor{texts([]int{3}, "b", "a", "c"), ivec(0, 1, 3), ivec(0, 1, 0, 2), ivec(2, 1, 1)}},
		{op: "Unique", name: "axis", attrs: attrs{"axis": 1}, in: []Tensor{vec(1)}, err: "axis 1 is out of range"},
		{op: "ArgMax", name: "nothing", in: []Tensor{floats([]int{0, 2})}, want: []Tensor{ivec()}, err: "dimension 0 of [0 2] is empty"},
		{op: "CumSum", name: "axis", in: []Tensor{x, ivec(2)}, err: "axis 2 is out of range"},
		{op: "CumSum", name: "nothing", in: []Tensor{floats([]int{0, 2}), ivec(0)}, want: []Tensor{floats([]int{0, 2})}},
		{op: "Split", name: "uneven", in: []Tensor{vec(1, 2, 3)}, want: []Tensor{vec(), vec()}, err: "3 does not split into 2 equal parts"},
		{op: "Split", opset: 18, name: "smaller last", attrs: attrs{"num_outputs": 2}, in: []Tensor{vec(1, 2, 3)}, want: []Tensor{vec(1, 2), vec(3)}},
		{op: "Split", name: "sizes", in: []Tensor{vec(1, 2, 3), ivec(-1, 4)}, want: []Tensor{vec(), vec()}, err: "do not add up to 3"},
		{op: "Split", opset: 18, name: "outputs", attrs: attrs{"num_outputs": 3}, in: []Tensor{vec(1, 2, 3)}, want: []Tensor{vec(), vec()}, err: "num_outputs is 3, but there are 2"},
		{op: "ReduceL2", opset: 18, name: "no axes, nothing to do", attrs: attrs{"noop_with_empty_axes": 1}, in: []Tensor{x}, err: "noop_with_empty_axes is not supported"},
	})
}

func TestIndexEdges(t *testing.T) {
	x := floats([]int{2, 2}, 1, 2, 3, 4)
	runOps(t, []opCase{
		{op: "GatherND", name: "whole", in: []Tensor{x, ints([]int{1, 0})}, want: []Tensor{floats([]int{1, 2, 2}, 1, 2, 3, 4)}},
		{op: "GatherND", name: "from the end", in: []Tensor{x, ints([]int{1, 2}, -1, -2)}, want: []Tensor{vec(3)}},
		{op: "GatherND", name: "beyond", in: []Tensor{x, ints([]int{1, 2}, 0, 2)}, err: "index 2 is out of range for dimension 1"},
		{op: "GatherND", name: "too deep", in: []Tensor{x, ints([]int{1, 3}, 0, 0, 0)}, err: "does not go with"},
		{op: "GatherND", name: "scalar", in: []Tensor{x, ints([]int{}, 0)}, err: "does not go with"},
		{op: "GatherND", name: "negative batch", attrs: attrs{"batch_dims": -1}, in: []Tensor{x, ints([]int{1, 1}, 0)}, err: "does not go with"},
		{op: "GatherElements", name: "beyond", in: []Tensor{x, ints([]int{1, 2}, 0, -3)}, err: "index -3 is out of range"},
		{op: "GatherElements", name: "larger", in: []Tensor{x, ints([]int{1, 3}, 0, 0, 0)}, err: "does not lie in"},
		{op: "ScatterElements", name: "adds twice", opset: 18, attrs: attrs{"reduction": "add", "axis": -1}, in: []Tensor{x, ints([]int{1, 2}, 0, 0), floats([]int{1, 2}, 5, 6)}, want: []Tensor{floats([]int{2, 2}, 12, 2, 3, 4)}},
		{op: "ScatterElements", name: "reduction", opset: 18, attrs: attrs{"reduction": "mean"}, in: []Tensor{x, ints([]int{1, 1}, 0), floats([]int{1, 1}, 5)}, err: `reduction "mean" is not known`},
		{op: "ScatterElements", name: "beyond", in: []Tensor{x, ints([]int{1, 1}, 2), floats([]int{1, 1}, 5)}, err: "index 2 is out of range"},
		{op: "ScatterElements", name: "shapes", in: []Tensor{x, ints([]int{1, 1}, 0), floats([]int{1, 2}, 5, 6)}, err: "updates [1 2]"},
		{op: "ScatterElements", name: "reduction of texts", opset: 18, attrs: attrs{"reduction": "add"}, in: []Tensor{texts([]int{1}, "a"), ivec(0), texts([]int{1}, "b")}, err: "of string is not known"},
		{op: "ScatterND", name: "shapes", in: []Tensor{x, ints([]int{1, 1}, 0), vec(1)}, err: "updates have shape [1], expected [1 2]"},
		{op: "ScatterND", name: "beyond", in: []Tensor{x, ints([]int{1, 1}, -3), floats([]int{1, 2}, 5, 6)}, err: "index -3 is out of range"},
		{op: "ScatterND", name: "scalar indices", in: []Tensor{x, ints([]int{}, 0), vec(1, 2)}, err: "expected paths of up to 2"},
		{op: "Tile", name: "absurd", in: []Tensor{x, ivec(1<<40, 1)}, err: "dimension 1099511627776 is out of range"},
		{op: "Tile", name: "large", in: []Tensor{x, ivec(1<<25, 1<<25)}, err: "more than"},
		{op: "Tile", name: "nothing", in: []Tensor{x, ivec(0, 1)}, want: []Tensor{floats([]int{0, 2})}},
		{op: "Tile", name: "count", in: []Tensor{x, ivec(1)}, err: "1 repeats for 2 dimensions"},
		{op: "Range", name: "absurd", in: []Tensor{ints([]int{}, 0), ints([]int{}, big), ints([]int{}, 1)}, err: "more than"},
		{op: "Range", name: "no step", in: []Tensor{floats([]int{}, 0), floats([]int{}, 1), floats([]int{}, 0)}, err: "more than"},
		{op: "Range", name: "NaN", in: []Tensor{floats([]int{}, 0), floats([]int{}, nan), floats([]int{}, 1)}, err: "more than"},
		{op: "Range", name: "backwards", in: []Tensor{ints([]int{}, 0), ints([]int{}, 5), ints([]int{}, -1)}, want: []Tensor{ivec()}},
		{op: "Expand", name: "2^31", in: []Tensor{x, ivec(1<<31, 1, 1)}, err: "dimension 2147483648 is out of range"},
		{op: "ConstantOfShape", name: "2^31", in: []Tensor{ivec(1 << 31)}, want: []Tensor{vec()}, err: "dimension 2147483648 is out of range"},
		{op: "ConstantOfShape", name: "negative", in: []Tensor{ivec(-1)}, want: []Tensor{vec()}, err: "dimension -1 is out of range"},
		{op: "EyeLike", name: "texts", attrs: attrs{"dtype": codeString}, in: []Tensor{x}, want: []Tensor{texts(nil)}, err: "has no ones"},
		{op: "EyeLike", name: "far diagonal", attrs: attrs{"k": -(1 << 62)}, in: []Tensor{x}, want: []Tensor{floats([]int{2, 2}, 0, 0, 0, 0)}},
		{op: "EyeLike", name: "rank", in: []Tensor{vec(1)}, err: "expected a matrix"},
		{op: "DepthToSpace", name: "absurd", attrs: attrs{"blocksize": 1 << 26}, in: []Tensor{floats([]int{1, 0, 1 << 26, 1})}, err: "more than"},
		{op: "SpaceToDepth", name: "absurd", attrs: attrs{"blocksize": 1 << 26}, in: []Tensor{floats([]int{1, 1 << 26, 0, 0})}, err: "more than"},
		{op: "DepthToSpace", name: "channels", attrs: attrs{"blocksize": 2}, in: []Tensor{floats([]int{1, 2, 1, 1}, 1, 2)}, err: "expected channels in blocks of 4"},
		{op: "ReverseSequence", name: "length", in: []Tensor{x, ivec(1, 3)}, err: "length 3 is out of range"},
		{op: "ReverseSequence", name: "axes", attrs: attrs{"batch_axis": 1, "time_axis": 1}, in: []Tensor{x, ivec(1, 1)}, err: "expected 0 and 1"},
		{op: "Trilu", name: "far", in: []Tensor{x, ints([]int{}, big)}, want: []Tensor{floats([]int{2, 2}, 0, 0, 0, 0)}},
	})
}
