package onnx

import (
	"math"
	"testing"
)

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

func TestElementwise(t *testing.T) {
	column, row := floats([]int{2, 1}, 1, 2), vec(10, 20, 30)
	runOps(t, []opCase{
		{op: "Add", name: "column and row", in: []Tensor{column, row}, want: []Tensor{floats([]int{2, 3}, 11, 21, 31, 12, 22, 32)}},
		{op: "Add", name: "ints and scalar", in: []Tensor{ivec(1, 2), ints([]int{}, 5)}, want: []Tensor{ivec(6, 7)}},
		{op: "Add", name: "middle", in: []Tensor{floats([]int{2, 1, 2}, 1, 2, 3, 4), floats([]int{2, 1}, 10, 20)}, want: []Tensor{
			floats([]int{2, 2, 2}, 11, 12, 21, 22, 13, 14, 23, 24),
		}},
		{op: "Add", name: "empty", in: []Tensor{floats([]int{0, 3}), row}, want: []Tensor{floats([]int{0, 3})}},
		{op: "Add", name: "shapes", in: []Tensor{vec(1, 2), row}, err: "do not broadcast"},
		{op: "Add", name: "dtypes", in: []Tensor{vec(1), ivec(1)}, err: `input 1 ("in1") is int64, expected [float32]`},
		{op: "Add", name: "bools", in: []Tensor{bools([]int{1}, true), bools([]int{1}, true)}, err: "does not take bool"},
		{op: "Add", name: "too large", in: []Tensor{floats([]int{10000, 1}, make([]float32, 10000)...), floats([]int{1, 10000}, make([]float32, 10000)...)}, err: "more than"},
		{op: "Sub", name: "row and column", in: []Tensor{row, column}, want: []Tensor{floats([]int{2, 3}, 9, 19, 29, 8, 18, 28)}},
		{op: "Sub", name: "ints", in: []Tensor{ivec(1, 2), ivec(5, 1)}, want: []Tensor{ivec(-4, 1)}},
		{op: "Mul", name: "floats", in: []Tensor{column, row}, want: []Tensor{floats([]int{2, 3}, 10, 20, 30, 20, 40, 60)}},
		{op: "Mul", name: "ints", in: []Tensor{ivec(3), ivec(-4)}, want: []Tensor{ivec(-12)}},
		{op: "Div", name: "floats", in: []Tensor{vec(1, -1, 6), vec(0, 0, 4)}, want: []Tensor{vec(inf, -inf, 1.5)}},
		{op: "Div", name: "ints", in: []Tensor{ivec(7, -7), ivec(2, 2)}, want: []Tensor{ivec(3, -3)}},
		{op: "Div", name: "int by zero", in: []Tensor{ivec(7), ivec(0)}, want: []Tensor{ivec(0)}, err: "division by zero"},
		{op: "Pow", name: "floats", in: []Tensor{vec(3, 2, 9), vec(2, 3, 0.5)}, want: []Tensor{vec(9, 8, 3)}},
		{op: "Pow", name: "int exponent", in: []Tensor{vec(3, 2), ivec(2, -1)}, want: []Tensor{vec(9, 0.5)}},
		{op: "Pow", name: "ints", in: []Tensor{ivec(3, -2, 7, 2), ivec(2, 3, 0, -1)}, want: []Tensor{ivec(9, -8, 1, 0)}},
		{op: "Pow", name: "int base", in: []Tensor{ivec(3, 2), vec(2, 0.5)}, want: []Tensor{ivec(9, 1)}},
		{op: "Min", name: "three", in: []Tensor{vec(1, 5, nan), vec(2, 4, 1), vec(3, 3, 1)}, want: []Tensor{vec(1, 3, nan)}},
		{op: "Min", name: "ints", in: []Tensor{ivec(1, 5), ivec(2)}, want: []Tensor{ivec(1, 2)}},
		{op: "Max", name: "one", in: []Tensor{vec(1, 5)}, want: []Tensor{vec(1, 5)}},
		{op: "Max", name: "ints", in: []Tensor{ivec(1, 5), ivec(2)}, want: []Tensor{ivec(2, 5)}},
		{op: "Max", name: "absent", in: []Tensor{vec(1), {}, vec(2)}, err: "input 1 is absent"},
		{op: "Sum", name: "three", in: []Tensor{vec(1, 5), vec(2), vec(3, 4)}, want: []Tensor{vec(6, 11)}},
		{op: "Where", name: "broadcast", in: []Tensor{bools([]int{2, 1}, true, false), row, floats([]int{}, 0)}, want: []Tensor{floats([]int{2, 3}, 10, 20, 30, 0, 0, 0)}},
		{op: "Where", name: "ints", in: []Tensor{bools([]int{2}, true, false), ivec(1), ivec(2)}, want: []Tensor{ivec(1, 2)}},
		{op: "Where", name: "condition", in: []Tensor{vec(1), vec(1), vec(2)}, err: "is float32, expected [bool]"},
	})
}

func TestCompare(t *testing.T) {
	a, b := vec(1, 2, nan), vec(2, 2, nan)
	ia, ib := ivec(1, 2, 3), ivec(2)
	yes := func(values ...bool) []Tensor { return []Tensor{bools([]int{len(values)}, values...)} }
	p, q := bools([]int{4}, true, true, false, false), bools([]int{4}, true, false, true, false)
	runOps(t, []opCase{
		{op: "Equal", name: "floats", in: []Tensor{a, b}, want: yes(false, true, false)},
		{op: "Equal", name: "ints", in: []Tensor{ia, ib}, want: yes(false, true, false)},
		{op: "Equal", name: "bools", in: []Tensor{p, q}, want: yes(true, false, false, true)},
		{op: "Less", name: "floats", in: []Tensor{a, b}, want: yes(true, false, false)},
		{op: "Less", name: "ints", in: []Tensor{ia, ib}, want: yes(true, false, false)},
		{op: "LessOrEqual", name: "floats", in: []Tensor{a, b}, want: yes(true, true, false)},
		{op: "LessOrEqual", name: "ints", in: []Tensor{ia, ib}, want: yes(true, true, false)},
		{op: "Greater", name: "floats", in: []Tensor{a, b}, want: yes(false, false, false)},
		{op: "Greater", name: "ints", in: []Tensor{ia, ib}, want: yes(false, false, true)},
		{op: "GreaterOrEqual", name: "floats", in: []Tensor{a, b}, want: yes(false, true, false)},
		{op: "GreaterOrEqual", name: "ints", in: []Tensor{ia, ib}, want: yes(false, true, true)},
		{op: "And", name: "all", in: []Tensor{p, q}, want: yes(true, false, false, false)},
		{op: "Or", name: "all", in: []Tensor{p, q}, want: yes(true, true, true, false)},
		{op: "Or", name: "floats", in: []Tensor{a, b}, want: yes(true), err: "does not take float32"},
		{op: "Not", name: "all", in: []Tensor{q}, want: yes(false, true, false, true)},
		{op: "IsNaN", name: "all", in: []Tensor{a}, want: yes(false, false, true)},
	})
}

func TestUnary(t *testing.T) {
	x := vec(-2, 0, 1)
	e := float32(math.E)
	one := func(v ...float32) []Tensor { return []Tensor{vec(v...)} }
	runOps(t, []opCase{
		{op: "Abs", in: []Tensor{x}, want: one(2, 0, 1)},
		{op: "Abs", name: "ints", in: []Tensor{ivec(-3, 3)}, want: []Tensor{ivec(3, 3)}},
		{op: "Neg", in: []Tensor{x}, want: one(2, 0, -1)},
		{op: "Neg", name: "ints", in: []Tensor{ivec(-3, 3)}, want: []Tensor{ivec(3, -3)}},
		{op: "Relu", in: []Tensor{vec(-2, 0, 1, nan)}, want: one(0, 0, 1, nan)},
		{op: "LeakyRelu", in: []Tensor{x}, want: one(-0.02, 0, 1)},
		{op: "LeakyRelu", name: "alpha", attrs: attrs{"alpha": float32(0.5)}, in: []Tensor{x}, want: one(-1, 0, 1)},
		{op: "Elu", attrs: attrs{"alpha": float32(2)}, in: []Tensor{x}, want: one(2*(1/(e*e)-1), 0, 1)},
		{op: "Sigmoid", in: []Tensor{vec(-200, -2, 0, 2, 200)}, want: one(0, 0.11920292, 0.5, 0.880797, 1)},
		{op: "Tanh", in: []Tensor{x}, want: one(-0.9640276, 0, 0.7615942)},
		{op: "Softplus", in: []Tensor{vec(-200, 0, 200)}, want: one(0, 0.6931472, 200)},
		{op: "Erf", in: []Tensor{x}, want: one(-0.9953223, 0, 0.8427008)},
		{op: "Exp", in: []Tensor{x}, want: one(0.13533528, 1, e)},
		{op: "Log", in: []Tensor{vec(1, e, 0, -1)}, want: one(0, 1, -inf, nan)},
		{op: "Sqrt", in: []Tensor{vec(4, 2)}, want: one(2, 1.4142135)},
		{op: "Reciprocal", in: []Tensor{vec(4, -2)}, want: one(0.25, -0.5)},
		{op: "Floor", in: []Tensor{vec(1.5, -1.5)}, want: one(1, -2)},
		{op: "Ceil", in: []Tensor{vec(1.5, -1.5)}, want: one(2, -1)},
		{op: "Clip", name: "both", in: []Tensor{x, floats([]int{}, -1), floats([]int{}, 0.5)}, want: one(-1, 0, 0.5)},
		{op: "Clip", name: "only max", in: []Tensor{x, {}, floats([]int{}, 0.5)}, want: one(-2, 0, 0.5)},
		{op: "Clip", name: "neither", in: []Tensor{x}, want: one(-2, 0, 1)},
		{op: "Clip", name: "ints", in: []Tensor{ivec(-9, 9), ints([]int{}, 0)}, want: []Tensor{ivec(0, 9)}},
		{op: "Clip", name: "attributes", opset: 10, attrs: attrs{"min": float32(-1), "max": float32(0.5)}, in: []Tensor{x}, want: one(-1, 0, 0.5)},
		{op: "Clip", name: "list", in: []Tensor{x, vec(1, 2)}, err: "input 1 holds 2 values"},
		{op: "Cast", name: "to int", attrs: attrs{"to": 7}, in: []Tensor{vec(1.9, -1.9)}, want: []Tensor{ivec(1, -1)}},
		{op: "Cast", name: "to float", attrs: attrs{"to": 1}, in: []Tensor{ivec(3)}, want: one(3)},
		{op: "Cast", name: "to bool", attrs: attrs{"to": 9}, in: []Tensor{vec(0, 2)}, want: []Tensor{bools([]int{2}, false, true)}},
		{op: "Cast", name: "int to bool", attrs: attrs{"to": 9}, in: []Tensor{ivec(0, 2)}, want: []Tensor{bools([]int{2}, false, true)}},
		{op: "Cast", name: "from bool", attrs: attrs{"to": 1}, in: []Tensor{bools([]int{2}, false, true)}, want: one(0, 1)},
		{op: "Cast", name: "bool to int", attrs: attrs{"to": 7}, in: []Tensor{bools([]int{2}, false, true)}, want: []Tensor{ivec(0, 1)}},
		{op: "Cast", name: "to complex", attrs: attrs{"to": 14}, in: []Tensor{x}, err: "dtype COMPLEX64 is not supported"},
		{op: "Exp", name: "unknown attribute", attrs: attrs{"base": 2}, in: []Tensor{x}, err: `attribute "base" is not supported`},
		{op: "Exp", name: "tensor attribute", attrs: attrs{"base": x}, in: []Tensor{x}, err: `attribute "base", a tensor, is not supported`},
		{op: "LeakyRelu", name: "wrong type", attrs: attrs{"alpha": 1}, in: []Tensor{x}, err: `attribute "alpha" is a int64, expected a float32`},
	})
}
