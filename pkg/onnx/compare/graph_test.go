//go:build ort

package compare

import (
	"math/rand/v2"
	"slices"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/onnxtest"
)

// value is a float32 value of a graph that is being made: of a rowed one, shape is what follows N.
type value struct {
	name  string
	rowed bool
	shape []int
	exact bool // made of inputs without rounding: a comparison gives the same in every engine
}

// maker makes one graph.
type maker struct {
	*onnxtest.Model
	r                    *rand.Rand
	opset                int
	mlOpset              int
	values               []value
	ids                  string // int64 [N], or ""
	raw                  int    // the width of an input of which values may be missing, which only trees and imputers take; or 0
	rows                 string // int64 [1] that holds N
	words, codes         string // texts and int64, [N, wide], or ""
	wordsWide, codesWide int
}

// generate makes a graph with the output "score", [N,1].
func generate(seed uint64) *maker {
	r := rand.New(rand.NewPCG(seed, 5))
	m := &maker{r: r, opset: []int{9, 11, 13, 14, 17, 18, 20, 21, 23}[r.IntN(9)], mlOpset: 1 + r.IntN(5)}
	m.mlOpset = max(m.mlOpset, 2)
	m.Model = onnxtest.New(int64(m.opset), int64(m.mlOpset))
	width := 1 + r.IntN(40)
	m.values = append(m.values, value{m.Input("items", onnx.Float32, -1, width), true, []int{width}, true})
	m.rows = m.Node("Gather", map[string]any{"axis": int64(0)}, m.Node("Shape", nil, "items"), m.Ints(0))
	if r.IntN(2) == 0 {
		user := 1 + r.IntN(40)
		m.values = append(m.values, value{m.Input("user", onnx.Float32, 1, user), false, []int{user}, true})
	}
	if r.IntN(3) == 0 {
		m.raw = 1 + r.IntN(20)
		m.Input("raw", onnx.Float32, -1, m.raw)
	}
	if r.IntN(3) == 0 {
		m.ids = m.Input("ids", onnx.Int64, -1)
	}
	m.inputsOfCategories()
	kind := [][]func(m *maker){steps, slices.Concat(steps, torch), slices.Concat(pipelines, pipelines, steps), slices.Concat(steps, torch, pipelines)}[r.IntN(4)]
	for range 2 + r.IntN(12) {
		kind[r.IntN(len(kind))](m)
	}
	m.finish()
	return m
}

// inputsOfCategories declares inputs of texts and of whole numbers, now and then.
func (m *maker) inputsOfCategories() {
	if m.r.IntN(4) == 0 {
		m.wordsWide = 1 + m.r.IntN(3)
		m.words = m.Input("words", onnx.String, -1, m.wordsWide)
	}
	if m.r.IntN(4) == 0 {
		m.codesWide = 1 + m.r.IntN(3)
		m.codes = m.Input("codes", onnx.Int64, -1, m.codesWide)
	}
}

// finish joins some of the values into a score for each candidate.
func (m *maker) finish() {
	var flat []value
	for _, v := range m.values {
		if v.rowed {
			flat = append(flat, m.flattened(v))
		}
	}
	m.r.Shuffle(len(flat), func(i, j int) { flat[i], flat[j] = flat[j], flat[i] })
	last := m.values[len(m.values)-1]
	chosen := flat[:min(len(flat), 1+m.r.IntN(3))]
	if last.rowed {
		chosen = append(chosen, m.flattened(last))
	}
	x := m.concat(chosen)
	x = m.bounded(x)
	score := m.Node("MatMul", nil, x.name, m.weights(x.shape[0], 1))
	m.Put([]string{"Sigmoid", "Identity", "Tanh"}[m.r.IntN(3)], nil, []string{score}, []string{"score"})
	m.Output("score", onnx.Float32, -1, 1)
}

func (m *maker) add(v value) { m.values = append(m.values, v) }

// pick returns a rowed value of some number of dimensions, N included; 0 is any.
func (m *maker) pick(rank int, exact bool) value {
	var fit []value
	for _, v := range m.values {
		if v.rowed && (rank == 0 || len(v.shape) == rank-1) && (v.exact || !exact) {
			fit = append(fit, v)
		}
	}
	if len(fit) == 0 {
		return m.values[0]
	}
	return fit[m.r.IntN(len(fit))]
}

// table returns the input with missing values, if there is one, or another exact value.
func (m *maker) table() value {
	if m.raw > 0 {
		return value{"raw", true, []int{m.raw}, true}
	}
	return m.pick(2, true)
}

// numbers are normal and small enough for sums to stay near 1.
func (m *maker) numbers(n int, size float64) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(m.r.NormFloat64() * size)
	}
	return out
}

func (m *maker) weights(shape ...int) string {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return m.Floats(shape, m.numbers(n, 1/float64(1+shape[0]/4))...)
}

// bounded brings a value that may be large back to a size near 1.
func (m *maker) bounded(v value) value {
	v.name, v.exact = m.Node([]string{"Tanh", "Sigmoid"}[m.r.IntN(2)], nil, v.name), false
	return v
}

func (m *maker) flattened(v value) value {
	if len(v.shape) == 1 {
		return v
	}
	width := 1
	for _, d := range v.shape {
		width *= d
	}
	shape := []int{width}
	if m.r.IntN(2) == 0 {
		return value{m.Node("Flatten", map[string]any{"axis": int64(1)}, v.name), true, shape, v.exact}
	}
	return value{m.Node("Reshape", nil, v.name, m.Ints(-1, int64(width))), true, shape, v.exact}
}

func (m *maker) concat(parts []value) value {
	names, width, exact := []string{}, 0, true
	for _, p := range parts {
		names, width, exact = append(names, p.name), width+p.shape[0], exact && p.exact
	}
	return value{m.Node("Concat", map[string]any{"axis": []int64{1, -1}[m.axisForm()]}, names...), true, []int{width}, exact}
}

// axisForm is 1 where a dimension may be counted from the end.
func (m *maker) axisForm() int {
	if m.opset < 11 {
		return 0
	}
	return m.r.IntN(2)
}

// axes gives an operator the dimensions it works along, as its version takes them.
func (m *maker) axes(op string, since int, attributes map[string]any, in string, axes ...int64) string {
	if m.opset >= since {
		return m.Node(op, attributes, in, m.Ints(axes...))
	}
	attributes = cloned(attributes)
	attributes["axes"] = axes
	return m.Node(op, attributes, in)
}

func cloned(a map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range a {
		out[k] = v
	}
	return out
}

// expand repeats the user's row for the candidates.
func (m *maker) expand(user value) value {
	shape := m.Node("Concat", map[string]any{"axis": int64(0)}, m.rows, m.Ints(int64(user.shape[0])))
	return value{m.Node("Expand", nil, user.name, shape), true, slices.Clone(user.shape), user.exact}
}
