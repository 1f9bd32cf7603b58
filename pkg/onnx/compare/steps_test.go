//go:build ort

package compare

import (
	"math"
)

// steps are what a graph is made of; each adds a value or some.
var steps = []func(m *maker){
	unary, unary, binary, binary, binary, dense, dense, dense, join, join, userJoin, userJoin, userProduct, columns, columns, cube, attend, attendUser,
	reduce, reduce, normalise, where, compareCast, embed, embed, trees, trees, tabular, crossLayer, mix, squeeze, power,
}

func unary(m *maker) {
	v := m.pick(0, false)
	ops := []string{"Relu", "Sigmoid", "Tanh", "Neg", "Abs", "Softplus", "Softsign", "Erf", "Elu", "Selu", "LeakyRelu", "HardSigmoid", "Identity", "Clip", "Dropout", "PRelu"}
	op := ops[m.r.IntN(len(ops))]
	attributes := map[string]any{}
	inputs := []string{v.name}
	switch op {
	case "LeakyRelu", "Elu":
		attributes["alpha"] = float32(m.r.Float64())
	case "Clip":
		if m.opset < 11 {
			attributes["min"], attributes["max"] = float32(-0.5), float32(1)
		} else {
			inputs = append(inputs, m.Floats(nil, -0.5), m.Floats(nil, 1))
		}
	case "PRelu":
		inputs = append(inputs, m.Floats(v.shape, m.numbers(product(v.shape), 1)...))
	}
	v.name, v.exact = m.Node(op, attributes, inputs...), false
	m.add(v)
	for _, op := range []string{"Exp", "Log", "Sqrt", "Reciprocal", "Gelu"} { // of numbers that they take
		if m.r.IntN(12) != 0 || op == "Gelu" && m.opset < 20 {
			continue
		}
		x := m.Node("Sigmoid", nil, v.name)
		m.add(value{m.Node(op, nil, m.Node("Add", nil, x, m.Floats(nil, 0.5))), true, v.shape, false})
	}
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// binary takes every form that broadcasting has in rankers.
func binary(m *maker) {
	a := m.pick(0, false)
	op := []string{"Add", "Sub", "Mul", "Min", "Max", "Div"}[m.r.IntN(6)]
	if m.opset < 12 && (op == "Min" || op == "Max") {
		op = "Mul"
	}
	width := a.shape[len(a.shape)-1]
	out := a
	var b string
	switch m.r.IntN(6) {
	case 0:
		b = m.Floats(nil, m.numbers(1, 1)...)
	case 1:
		b = m.Floats([]int{width}, m.numbers(width, 1)...)
	case 2:
		b = m.Floats([]int{1, width}, m.numbers(width, 1)...)
		if len(a.shape) > 1 {
			b = m.Floats([]int{1, 1, width}, m.numbers(width, 1)...)
		}
	case 3:
		b = a.name
	case 4:
		b = m.axes("ReduceMean", 18, map[string]any{"keepdims": int64(1)}, a.name, int64(len(a.shape)))
	default:
		user, ok := m.user()
		if !ok || len(a.shape) != 1 {
			return
		}
		b = m.Node("MatMul", nil, user.name, m.weights(user.shape[0], width))
	}
	if op == "Div" {
		b = m.Node("Add", nil, m.Node("Abs", nil, b), m.Floats(nil, 0.5))
	}
	inputs := []string{a.name, b}
	if m.r.IntN(2) == 0 && op != "Div" {
		inputs = []string{b, a.name}
	}
	out.name, out.exact = m.Node(op, nil, inputs...), false
	m.add(out)
}

func (m *maker) user() (value, bool) {
	for _, v := range m.values {
		if !v.rowed {
			return v, true
		}
	}
	return value{}, false
}

// dense is a layer: Gemm in all its forms, or MatMul and Add, and an activation.
func dense(m *maker) {
	v := m.pick(2, false)
	k, n := v.shape[0], 1+m.r.IntN(70)
	var out string
	if m.r.IntN(2) == 0 {
		out = m.Node("MatMul", nil, v.name, m.weights(k, n))
		if m.r.IntN(3) > 0 {
			out = m.Node("Add", nil, out, m.Floats([]int{n}, m.numbers(n, 1)...))
		}
	} else {
		attributes := map[string]any{"alpha": float32(1 + m.r.IntN(2)), "beta": float32(m.r.IntN(2)) + 0.5}
		w := m.Floats([]int{k, n}, m.numbers(k*n, 1/float64(1+k/4))...)
		if m.r.IntN(2) == 0 {
			attributes["transB"] = int64(1)
			w = m.Floats([]int{n, k}, m.numbers(k*n, 1/float64(1+k/4))...)
		}
		inputs := []string{v.name, w}
		if m.opset < 11 || m.r.IntN(3) > 0 {
			shape := [][]int{{n}, {1}, {1, n}, nil}[m.r.IntN(4)]
			inputs = append(inputs, m.Floats(shape, m.numbers(product(shape), 1)...))
		}
		out = m.Node("Gemm", attributes, inputs...)
	}
	if m.r.IntN(3) > 0 {
		out = m.Node([]string{"Relu", "Tanh", "Sigmoid"}[m.r.IntN(3)], nil, out)
	}
	m.add(value{out, true, []int{n}, false})
}

func join(m *maker) {
	parts := []value{m.pick(2, false), m.pick(2, false)}
	if m.r.IntN(2) == 0 {
		parts = append(parts, m.pick(2, false))
	}
	m.add(m.concat(parts))
}

// userJoin concatenates the user's row with the candidates', normalises it perhaps, and multiplies.
func userJoin(m *maker) {
	user, ok := m.user()
	if !ok {
		return
	}
	if m.r.IntN(2) == 0 {
		user.name, user.exact = m.Node("Tanh", nil, user.name), false
	}
	parts := []value{m.expand(user), m.pick(2, false)}
	if m.r.IntN(2) == 0 {
		parts[0], parts[1] = parts[1], parts[0]
	}
	v := m.concat(parts)
	if m.r.IntN(2) == 0 {
		n := v.shape[0]
		v.name = m.Node("Sub", nil, v.name, m.Floats([]int{n}, m.numbers(n, 1)...))
		v.name, v.exact = m.Node("Div", nil, v.name, m.Floats([]int{1, n}, positive(m.numbers(n, 1))...)), false
	}
	m.add(v)
	dense(m)
}

func positive(values []float32) []float32 {
	for i, v := range values {
		values[i] = float32(math.Abs(float64(v))) + 0.5
	}
	return values
}

// userProduct is an inner product of the user with each candidate.
func userProduct(m *maker) {
	user, ok := m.user()
	v := m.pick(2, false)
	if !ok {
		return
	}
	u := m.Node("MatMul", nil, user.name, m.weights(user.shape[0], v.shape[0]))
	if m.r.IntN(2) == 0 {
		m.add(value{m.axes("ReduceSum", 13, map[string]any{"keepdims": int64(1)}, m.Node("Mul", nil, u, v.name), 1), true, []int{1}, false})
		return
	}
	column := m.Node("Transpose", map[string]any{"perm": []int64{1, 0}}, u)
	m.add(value{m.Node("MatMul", nil, v.name, column), true, []int{1}, false})
}

// columns takes some of the columns.
func columns(m *maker) {
	v := m.pick(2, false)
	n := v.shape[0]
	switch m.r.IntN(3) {
	case 0:
		var ids []int64
		for range 1 + m.r.IntN(n) {
			ids = append(ids, int64(m.r.IntN(n)))
		}
		v.name = m.Node("Gather", map[string]any{"axis": int64(1)}, v.name, m.Ints(ids...))
		v.shape = []int{len(ids)}
	case 1:
		from := m.r.IntN(n)
		to := from + 1 + m.r.IntN(n-from)
		if m.opset < 10 {
			v.name = m.Node("Slice", map[string]any{"starts": []int64{int64(from)}, "ends": []int64{int64(to)}, "axes": []int64{1}}, v.name)
		} else {
			v.name = m.Node("Slice", nil, v.name, m.Ints(int64(from)), m.Ints(int64(to)), m.Ints(1))
		}
		v.shape = []int{to - from}
	default:
		if n < 2 {
			return
		}
		at := int64(1 + m.r.IntN(n-1))
		attributes, inputs := map[string]any{"axis": int64(1)}, []string{v.name}
		if m.opset < 13 {
			attributes["split"] = []int64{at, int64(n) - at}
		} else {
			inputs = append(inputs, m.Ints(at, int64(n)-at))
		}
		names := m.Nodes("Split", 2, attributes, inputs...)
		m.add(value{names[0], true, []int{int(at)}, v.exact})
		v.name, v.shape = names[1], []int{n - int(at)}
	}
	m.add(v)
}

// cube makes three dimensions of two, and permutes the last ones perhaps.
func cube(m *maker) {
	v := m.pick(2, false)
	a, b := 1+m.r.IntN(5), 1+m.r.IntN(8)
	x := m.Node("MatMul", nil, v.name, m.weights(v.shape[0], a*b))
	x = m.Node("Reshape", nil, x, m.Ints([][]int64{{-1, int64(a), int64(b)}, {0, int64(a), int64(b)}, {0, int64(a), -1}}[m.r.IntN(3)]...))
	out := value{x, true, []int{a, b}, false}
	if m.r.IntN(2) == 0 {
		out.name, out.shape = m.Node("Transpose", map[string]any{"perm": []int64{0, 2, 1}}, x), []int{b, a}
	}
	m.add(out)
}

// attend is attention among the parts of a candidate. What queries and keys are made of is bounded, as a normalisation does it in
// models: Softmax makes relative differences of large logits, which rounding alone can bring, into those of its result.
func attend(m *maker) {
	cube(m)
	v := m.values[len(m.values)-1]
	d := v.shape[1]
	x := m.Node("Tanh", nil, v.name)
	q := m.Node("MatMul", nil, x, m.weights(d, 4))
	k := m.Node("Transpose", map[string]any{"perm": []int64{0, 2, 1}}, m.Node("MatMul", nil, x, m.weights(d, 4)))
	w := m.Node("MatMul", nil, q, k)
	if m.opset >= 13 {
		w = m.Node("Softmax", map[string]any{"axis": int64(-1)}, w)
	} else {
		w = m.Node("Softmax", map[string]any{"axis": int64(2)}, w)
	}
	m.add(value{m.Node("MatMul", nil, w, v.name), true, v.shape, false})
}

// attendUser is attention of a candidate to rows of the user.
func attendUser(m *maker) {
	user, ok := m.user()
	if !ok {
		return
	}
	s, d := 1+m.r.IntN(6), 4
	history := m.Node("Reshape", nil, m.Node("MatMul", nil, user.name, m.weights(user.shape[0], s*d)), m.Ints(1, int64(s), int64(d)))
	v := m.pick(2, false)
	q := m.axes("Unsqueeze", 13, nil, m.Node("Tanh", nil, m.Node("MatMul", nil, v.name, m.weights(v.shape[0], d))), 1)
	w := m.Node("MatMul", nil, q, m.Node("Transpose", map[string]any{"perm": []int64{0, 2, 1}}, history))
	w = m.Node("Softmax", map[string]any{"axis": int64(2)}, w)
	m.add(value{m.Node("MatMul", nil, w, history), true, []int{1, d}, false})
}

func reduce(m *maker) {
	v := m.pick(0, false)
	ops := []string{"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2"}
	op := ops[m.r.IntN(len(ops))]
	since := 18
	if op == "ReduceSum" {
		since = 13
	}
	at := 1 + m.r.IntN(len(v.shape))
	x := v.name
	if op == "ReduceSum" {
		x = m.Node("Mul", nil, x, m.Floats(nil, 1/float32(v.shape[at-1])))
	}
	out := value{m.axes(op, since, map[string]any{"keepdims": int64(1)}, x, int64(at)), true, append([]int{}, v.shape...), false}
	out.shape[at-1] = 1
	m.add(out)
}

func normalise(m *maker) {
	v := m.pick(0, false)
	n := v.shape[len(v.shape)-1]
	switch {
	case m.opset >= 17 && m.r.IntN(2) == 0 && n > 1:
		v.name = m.Node("LayerNormalization", map[string]any{"axis": int64(-1), "epsilon": float32(0.01)}, v.name,
			m.Floats([]int{n}, m.numbers(n, 1)...), m.Floats([]int{n}, m.numbers(n, 1)...))
	case len(v.shape) == 1 && m.r.IntN(2) == 0:
		v.name = m.Node("BatchNormalization", map[string]any{"epsilon": float32(0.01)}, v.name, m.Floats([]int{n}, m.numbers(n, 1)...),
			m.Floats([]int{n}, m.numbers(n, 1)...), m.Floats([]int{n}, m.numbers(n, 1)...), m.Floats([]int{n}, positive(m.numbers(n, 1))...))
	default:
		v.name = m.Node([]string{"Softmax", "LogSoftmax"}[m.r.IntN(2)], map[string]any{"axis": int64(len(v.shape))}, v.name)
	}
	v.exact = false
	m.add(v)
}

func where(m *maker) {
	v := m.pick(2, true)
	if !v.exact || m.opset < 9 {
		return
	}
	n := v.shape[0]
	c := m.Node([]string{"Greater", "Less"}[m.r.IntN(2)], nil, v.name, m.Floats([]int{n}, quarters(m, n)...))
	m.add(value{m.Node("Where", nil, c, v.name, m.Floats(nil, m.numbers(1, 1)...)), true, v.shape, false})
}

// quarters are numbers that inputs have too.
func quarters(m *maker, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(m.r.IntN(17)-8) / 4
	}
	return out
}

func compareCast(m *maker) {
	v := m.pick(2, true)
	if !v.exact {
		return
	}
	c := m.Node("Less", nil, v.name, m.Floats(nil, quarters(m, 1)...))
	if m.r.IntN(2) == 0 {
		c = m.Node("Not", nil, c)
	}
	m.add(value{m.Node("Cast", map[string]any{"to": int64(1)}, c), true, v.shape, true})
}

func embed(m *maker) {
	if m.ids == "" {
		return
	}
	n := 1 + m.r.IntN(20)
	m.add(value{m.Node("Gather", map[string]any{"axis": int64(0)}, m.weights(10, n), m.ids), true, []int{n}, false})
}

func crossLayer(m *maker) {
	v := m.pick(2, false)
	n := v.shape[0]
	s := m.Node("MatMul", nil, v.name, m.weights(n, 1))
	x := m.Node("Add", nil, m.Node("Mul", nil, v.name, s), m.Floats([]int{n}, m.numbers(n, 1)...))
	m.add(m.bounded(value{m.Node("Add", nil, x, v.name), true, v.shape, false}))
}

// mix lets candidates see each other, now and then.
func mix(m *maker) {
	if m.r.IntN(3) > 0 {
		return
	}
	v := m.pick(2, false)
	mean := m.axes("ReduceMean", 18, map[string]any{"keepdims": int64(1)}, v.name, 0)
	m.add(value{m.Node("Sub", nil, v.name, mean), true, v.shape, false})
}

func squeeze(m *maker) {
	v := m.pick(2, false)
	x := m.axes("Unsqueeze", 13, nil, v.name, 1)
	if m.r.IntN(2) == 0 {
		x = m.axes("Squeeze", 13, nil, m.Node("Neg", nil, x), 1)
		m.add(value{x, true, v.shape, v.exact})
		return
	}
	m.add(value{x, true, []int{1, v.shape[0]}, v.exact})
}

func power(m *maker) {
	v := m.bounded(m.pick(0, false))
	base := m.Node("Add", nil, m.Node("Abs", nil, v.name), m.Floats(nil, 0.25)) // away from 0, where roots are steep
	v.name = m.Node("Pow", nil, base, m.Floats(nil, []float32{2, 0.5, 3, 1.5}[m.r.IntN(4)]))
	m.add(v)
}
