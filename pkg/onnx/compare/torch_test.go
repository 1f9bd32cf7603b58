//go:build ort

package compare

// torch are steps that exporters of PyTorch models write.
var torch = []func(m *maker){
	smooth, gelu, einsum, einsum, padded, topK, running, chosen, hot, halves, lpNorm, groupNorm, reduceMore, argMax, stepped, tiled, triangle, whole, quantised,
}

// smooth is a function without jumps.
func smooth(m *maker) {
	v := m.pick(0, false)
	since := map[string]int{"Celu": 12, "HardSwish": 14, "Mish": 18, "Sin": 7, "Atan": 7, "Softsign": 7, "Sinh": 9}
	for op, opset := range since {
		if m.opset < opset || m.r.IntN(3) > 0 {
			continue
		}
		x := m.bounded(v)
		m.add(value{m.Node(op, nil, x.name), true, v.shape, false})
	}
}

// gelu is the operator, or what it was written as before.
func gelu(m *maker) {
	v := m.bounded(m.pick(0, false))
	if m.opset >= 20 {
		m.add(value{m.Node("Gelu", map[string]any{"approximate": []string{"none", "tanh"}[m.r.IntN(2)]}, v.name), true, v.shape, false})
		return
	}
	x := m.Node("Erf", nil, m.Node("Div", nil, v.name, m.Floats(nil, 1.4142135)))
	x = m.Node("Mul", nil, v.name, m.Node("Add", nil, x, m.Floats(nil, 1)))
	m.add(value{m.Node("Mul", nil, x, m.Floats(nil, 0.5)), true, v.shape, false})
}

func einsum(m *maker) {
	if m.opset < 12 {
		return
	}
	node := func(equation string, inputs ...string) string {
		return m.Node("Einsum", map[string]any{"equation": equation}, inputs...)
	}
	v := m.bounded(m.pick(2, false))
	n := 1 + m.r.IntN(9)
	switch m.r.IntN(5) {
	case 0:
		m.add(value{node("ni, ij -> nj", v.name, m.weights(v.shape[0], n)), true, []int{n}, false})
	case 1:
		m.add(value{node("ni,ni->n", v.name, v.name), true, nil, false})
		last := &m.values[len(m.values)-1]
		last.name, last.shape = m.axes("Unsqueeze", 13, nil, last.name, 1), []int{1}
	case 2:
		m.add(value{node("bi,bj->bij", v.name, m.Node("MatMul", nil, v.name, m.weights(v.shape[0], n))), true, []int{v.shape[0], n}, false})
	case 3:
		x := m.pick(3, false)
		if len(x.shape) != 2 {
			return
		}
		x = m.bounded(x)
		m.add(value{node([]string{"bij,bkj->bik", "...ij,...kj->...ik"}[m.r.IntN(2)], x.name, x.name), true, []int{x.shape[0], x.shape[0]}, false})
	default:
		if user, ok := m.user(); ok {
			u := m.Node("Tanh", nil, m.Node("MatMul", nil, user.name, m.weights(user.shape[0], v.shape[0])))
			m.add(value{node("ni,ui->nu", v.name, u), true, []int{1}, false})
		}
	}
}

// padded adds columns, or takes some away.
func padded(m *maker) {
	v := m.pick(2, false)
	before, after := int64(m.r.IntN(3)), int64(m.r.IntN(4)-1)
	if v.shape[0] < 4 {
		after = 1
	}
	mode := []string{"constant", "edge", "reflect"}[m.r.IntN(3)]
	if v.shape[0] < 4 || after < 0 {
		mode = "constant"
	}
	out := value{rowed: true, shape: []int{v.shape[0] + int(before+after)}, exact: v.exact}
	if m.opset < 11 {
		out.name = m.Node("Pad", map[string]any{"mode": mode, "pads": []int64{0, before, 0, after}, "value": float32(0.25)}, v.name)
	} else {
		inputs := []string{v.name, m.Ints(0, before, 0, after)}
		if mode == "constant" {
			inputs = append(inputs, m.Floats(nil, 0.25))
		}
		out.name = m.Node("Pad", map[string]any{"mode": mode}, inputs...)
	}
	m.add(out)
}

// topK takes the greatest columns, or now and then the greatest candidates.
func topK(m *maker) {
	v := m.pick(2, true)
	if !v.exact || m.opset < 10 {
		return
	}
	axis, k := int64(1), 1+m.r.IntN(v.shape[0])
	if m.r.IntN(6) == 0 {
		axis, k = 0, 1
	}
	attributes := map[string]any{"axis": axis}
	if m.opset >= 11 {
		attributes["largest"] = int64(m.r.IntN(2))
	}
	names := m.Nodes("TopK", 2, attributes, v.name, m.Ints(int64(k)))
	places := m.Node("Mul", nil, m.Node("Cast", map[string]any{"to": int64(1)}, names[1]), m.Floats(nil, 0.01))
	if axis == 0 {
		m.add(value{m.Node("Add", nil, v.name, m.Node("Sub", nil, names[0], places)), true, v.shape, false})
		return
	}
	m.add(value{names[0], true, []int{k}, true})
	m.add(value{places, true, []int{k}, false})
}

// running are running sums of columns, or now and then of candidates.
func running(m *maker) {
	v := m.bounded(m.pick(2, false))
	if m.opset < 11 {
		return
	}
	axis := int64(1)
	if m.r.IntN(6) == 0 {
		axis = 0
	}
	x := m.Node("Mul", nil, v.name, m.Floats(nil, 0.05))
	x = m.Node("CumSum", map[string]any{"exclusive": int64(m.r.IntN(2)), "reverse": int64(m.r.IntN(2))}, x, m.Constant(scalarInt(axis)))
	m.add(value{x, true, v.shape, false})
}

// chosen takes a column that another one names for each candidate.
func chosen(m *maker) {
	if m.ids == "" || m.opset < 11 {
		return
	}
	v := m.pick(2, false)
	index := m.Node("Mod", nil, m.ids, m.Ints(int64(v.shape[0])))
	index = m.axes("Unsqueeze", 13, nil, index, 1)
	m.add(value{m.Node("GatherElements", map[string]any{"axis": int64(1)}, v.name, index), true, []int{1}, v.exact})
}

// hot spreads ids to columns.
func hot(m *maker) {
	if m.ids == "" || m.opset < 11 {
		return
	}
	depth := 3 + m.r.IntN(10)
	axis := []int64{-1, 1}[m.r.IntN(2)]
	m.add(value{m.Node("OneHot", map[string]any{"axis": axis}, m.ids, m.Ints(int64(depth)), m.Floats([]int{2}, 0, 1)), true, []int{depth}, true})
}

// halves splits in equal parts, of which one gates the other.
func halves(m *maker) {
	v := m.pick(2, false)
	n := 1 + m.r.IntN(20)
	x := m.Node("MatMul", nil, v.name, m.weights(v.shape[0], 2*n))
	attributes := map[string]any{"axis": []int64{1, -1}[m.axisForm()]}
	if m.opset >= 18 {
		attributes["num_outputs"] = int64(2)
	}
	parts := m.Nodes("Split", 2, attributes, x)
	m.add(value{m.Node("Mul", nil, m.Node("Sigmoid", nil, parts[0]), m.Node("Tanh", nil, parts[1])), true, []int{n}, false})
}

func lpNorm(m *maker) {
	v := m.pick(0, false)
	x := m.Node("Add", nil, m.Node("Sigmoid", nil, v.name), m.Floats(nil, 0.25))
	if m.opset >= 23 {
		n := v.shape[len(v.shape)-1]
		m.add(value{m.Node("RMSNormalization", map[string]any{"epsilon": float32(0.01)}, x, m.Floats([]int{n}, m.numbers(n, 1)...)), true, v.shape, false})
		return
	}
	m.add(value{m.Node("LpNormalization", map[string]any{"axis": int64(-1), "p": int64(1 + m.r.IntN(2))}, x), true, v.shape, false})
}

func groupNorm(m *maker) {
	v := m.pick(3, false)
	if len(v.shape) != 2 {
		return
	}
	n, epsilon := v.shape[0], map[string]any{"epsilon": float32(0.1)}
	scale, bias := m.Floats([]int{n}, m.numbers(n, 1)...), m.Floats([]int{n}, m.numbers(n, 1)...)
	if m.opset >= 21 {
		epsilon["num_groups"] = int64(1)
		m.add(value{m.Node("GroupNormalization", epsilon, v.name, scale, bias), true, v.shape, false})
		return
	}
	m.add(value{m.Node("InstanceNormalization", epsilon, v.name, scale, bias), true, v.shape, false})
}

func reduceMore(m *maker) {
	v := m.bounded(m.pick(0, false))
	op := []string{"ReduceL1", "ReduceSumSquare", "ReduceLogSumExp", "ReduceProd"}[m.r.IntN(4)]
	at := len(v.shape)
	x := m.Node("Div", nil, v.name, m.Floats(nil, float32(v.shape[at-1])))
	out := value{m.axes(op, 18, map[string]any{"keepdims": int64(1)}, x, int64(at)), true, append([]int{}, v.shape...), false}
	out.shape[at-1] = 1
	m.add(out)
}

func argMax(m *maker) {
	v := m.pick(2, true)
	if !v.exact {
		return
	}
	attributes := map[string]any{"axis": int64(1), "keepdims": int64(1)}
	if m.opset >= 12 {
		attributes["select_last_index"] = int64(m.r.IntN(2))
	}
	x := m.Node([]string{"ArgMax", "ArgMin"}[m.r.IntN(2)], attributes, v.name)
	x = m.Node("Cast", map[string]any{"to": int64(1)}, x)
	m.add(value{m.Node("Mul", nil, x, m.Floats(nil, 0.05)), true, []int{1}, false})
}

// stepped are functions with jumps, of what every engine calculates without rounding.
func stepped(m *maker) {
	v := m.pick(2, true)
	if !v.exact || m.opset < 11 {
		return
	}
	m.add(value{m.Node([]string{"Round", "Floor", "Ceil", "Sign"}[m.r.IntN(4)], nil, v.name), true, v.shape, true})
}

func tiled(m *maker) {
	v := m.pick(2, false)
	n := 2 + m.r.IntN(2)
	m.add(value{m.Node("Tile", nil, v.name, m.Ints(1, int64(n))), true, []int{n * v.shape[0]}, v.exact})
}

func triangle(m *maker) {
	v := m.pick(3, false)
	if len(v.shape) != 2 || m.opset < 14 {
		return
	}
	m.add(value{m.Node("Trilu", map[string]any{"upper": int64(m.r.IntN(2))}, v.name, m.Constant(scalarInt(int64(m.r.IntN(3)-1)))), true, v.shape, v.exact})
}

// whole calculates with whole numbers.
func whole(m *maker) {
	if m.ids == "" || m.opset < 10 {
		return
	}
	x := m.Node([]string{"Add", "Sub", "Mul"}[m.r.IntN(3)], nil, m.ids, m.Ints(int64(m.r.IntN(7))))
	x = m.Node("Mod", nil, x, m.Ints(int64(2+m.r.IntN(9))))
	if m.opset >= 12 {
		x = m.Node("Max", nil, x, m.Ints(1))
	}
	c := m.Node([]string{"Greater", "Equal"}[m.r.IntN(2)], nil, x, m.Ints(3))
	parts := []value{}
	for _, name := range []string{x, c} {
		name = m.Node("Cast", map[string]any{"to": int64(1)}, name)
		parts = append(parts, value{m.axes("Unsqueeze", 13, nil, name, 1), true, []int{1}, true})
	}
	m.add(m.concat(parts))
}

// quantised is a layer of integers of 8 bits, with a scale from the candidates or a constant one.
func quantised(m *maker) {
	v := m.pick(2, true)
	if !v.exact || m.opset < 11 {
		return
	}
	n := 1 + m.r.IntN(8)
	if m.r.IntN(2) == 0 {
		scale, zero := m.Floats(nil, 0.0625), m.Octets(false, nil, 128)
		x := m.Node("QuantizeLinear", nil, v.name, scale, zero)
		m.add(value{m.Node("DequantizeLinear", nil, x, scale, zero), true, v.shape, true})
		return
	}
	parts := m.Nodes("DynamicQuantizeLinear", 3, nil, v.name)
	weights := make([]byte, v.shape[0]*n)
	for i := range weights {
		weights[i] = byte(m.r.IntN(256))
	}
	x := m.Node("MatMulInteger", nil, parts[0], m.Octets(true, []int{v.shape[0], n}, weights...), parts[2])
	x = m.Node("Mul", nil, m.Node("Cast", map[string]any{"to": int64(1)}, x), parts[1])
	x = m.Node("Mul", nil, x, m.Floats(nil, 1/(64*float32(v.shape[0]))))
	m.add(value{x, true, []int{n}, false})
}
