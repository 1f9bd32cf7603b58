package plan_test

import (
	"strings"
	"testing"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/onnxtest"
	"github.com/repli-mesh/repli/pkg/onnx/plan"
)

// table makes a graph on "x", float32 [N,2], whose output "score" is what score returns.
func table(tb testing.TB, score func(m *onnxtest.Model) string) *onnx.Graph {
	tb.Helper()
	m := onnxtest.New(18, 4)
	m.Input("x", onnx.Float32, -1, 2)
	m.Put("Identity", nil, []string{score(m)}, []string{"score"})
	m.Output("score", onnx.Float32)
	g, err := onnx.Load(m.Bytes())
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// TestConstantsThatExplode compiles small graphs whose constants would be large, or take long: nothing of it is calculated.
func TestConstantsThatExplode(t *testing.T) {
	square := func(m *onnxtest.Model, size int64) string {
		return m.Node("ConstantOfShape", map[string]any{"value": onnx.Tensor{Shape: []int{1}, Floats: []float32{1}}}, m.Ints(size, size))
	}
	for name, c := range map[string]struct {
		make func(m *onnxtest.Model) string
		want string
	}{
		"elements": {func(m *onnxtest.Model) string {
			return m.Node("Add", nil, "x", m.Node("ReduceMax", nil, square(m, 1<<13)))
		}, "more elements than one may"},
		"products": {func(m *onnxtest.Model) string {
			s := square(m, 1<<11)
			return m.Node("Add", nil, "x", m.Node("ReduceMax", nil, m.Node("MatMul", nil, s, s)))
		}, "more products and look-ups than one may"},
		"chain": {func(m *onnxtest.Model) string {
			v := m.Floats([]int{1}, 1)
			for range 40 {
				v = m.Node("Concat", map[string]any{"axis": int64(0)}, v, v)
			}
			return m.Node("Add", nil, "x", m.Node("ReduceMax", nil, v))
		}, "more elements than one may"},
	} {
		p, err := plan.Compile(table(t, c.make), "score", nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if blocked, reason := p.Blocked(); blocked || !strings.Contains(reason, c.want) {
			t.Errorf("%s: works in blocks %v, %q, expected a reason with %q", name, blocked, reason, c.want)
		}
	}
}

// TestOperatorsThatMix compiles operators that a block of candidates would change, and their likes that it would not. All must
// give what the graph gives.
func TestOperatorsThatMix(t *testing.T) {
	axis := func(at int64) map[string]any { return map[string]any{"axis": at} }
	scalar := func(m *onnxtest.Model, v int64) string {
		return m.Constant(onnx.Tensor{Shape: []int{}, Ints: []int64{v}})
	}
	shift := map[string]any{"mode": "constant"}
	for name, c := range map[string]struct {
		make   func(m *onnxtest.Model) string
		blocks bool
	}{
		"TopK of columns": {func(m *onnxtest.Model) string { return m.Nodes("TopK", 2, axis(1), "x", m.Ints(2))[0] }, true},
		"TopK of candidates": {func(m *onnxtest.Model) string {
			return m.Node("Sub", nil, "x", m.Nodes("TopK", 2, axis(0), "x", m.Ints(1))[0])
		}, false},
		"CumSum of columns":     {func(m *onnxtest.Model) string { return m.Node("CumSum", nil, "x", scalar(m, -1)) }, true},
		"CumSum of candidates":  {func(m *onnxtest.Model) string { return m.Node("CumSum", nil, "x", scalar(m, -2)) }, false},
		"Softmax of candidates": {func(m *onnxtest.Model) string { return m.Node("Softmax", axis(-2), "x") }, false},
		"Pad of columns":        {func(m *onnxtest.Model) string { return m.Node("Pad", shift, "x", m.Ints(0, 1, 0, -1)) }, true},
		"Pad shifts candidates": {func(m *onnxtest.Model) string { return m.Node("Pad", shift, "x", m.Ints(1, 0, -1, 0)) }, false},
		"Pad by an axis":        {func(m *onnxtest.Model) string { return m.Node("Pad", shift, "x", m.Ints(1, -1), "", m.Ints(0)) }, false},
		"Einsum by candidate": {func(m *onnxtest.Model) string {
			return m.Node("Einsum", map[string]any{"equation": "ni,ni->ni"}, "x", "x")
		}, true},
		"Einsum of candidates": {func(m *onnxtest.Model) string {
			return m.Node("Einsum", map[string]any{"equation": "ni,mi->ni"}, "x", "x")
		}, false},
		"Unique": {func(m *onnxtest.Model) string {
			return m.Node("Add", nil, "x", m.Node("ReduceSum", nil, m.Node("Unique", nil, "x")))
		}, false},
		"NonZero": {func(m *onnxtest.Model) string {
			return m.Node("Add", nil, "x", m.Node("Cast", map[string]any{"to": int64(1)}, m.Node("ReduceSum", nil, m.Node("NonZero", nil, "x"))))
		}, false},
		"Normalizer of a vector": {func(m *onnxtest.Model) string {
			return m.Node("ml:Normalizer", map[string]any{"norm": "L2"}, m.Node("Gather", axis(1), "x", scalar(m, 0)))
		}, false},
		"Normalizer of rows": {func(m *onnxtest.Model) string { return m.Node("ml:Normalizer", map[string]any{"norm": "L2"}, "x") }, true},
		"texts between": {func(m *onnxtest.Model) string {
			words := m.Node("ml:LabelEncoder", map[string]any{"keys_floats": []float32{0, 1}, "values_strings": []string{"a", "b"}}, "x")
			return m.Node("ml:LabelEncoder", map[string]any{"keys_strings": []string{"a", "_Unused"}, "values_floats": []float32{3, 4}}, words)
		}, true},
		"dynamic scale": {func(m *onnxtest.Model) string {
			q := m.Nodes("DynamicQuantizeLinear", 3, nil, "x")
			return m.Node("DequantizeLinear", nil, q...)
		}, false},
	} {
		g := table(t, c.make)
		p, err := plan.Compile(g, "score", nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if blocked, reason := p.Blocked(); blocked != c.blocks {
			t.Errorf("%s: works in blocks %v, %s", name, blocked, reason)
		}
		in := onnx.Tensor{Shape: []int{150, 2}}
		for i := range 300 {
			in.Floats = append(in.Floats, float32(i*7%13%5))
		}
		want := reference(t, g, []onnx.Tensor{in})
		got := make([]float32, len(want))
		if err := p.Run(t.Context(), []onnx.Tensor{in}, got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, w := range want {
			if d := got[i] - w; d > 1e-5 || d < -1e-5 {
				t.Fatalf("%s: score %d is %v, the graph gives %v", name, i, got[i], w)
			}
		}
	}
}

// TestShapesThatDependOnTheUser takes columns by numbers that come with the request: shapes learned beforehand would be wrong.
func TestShapesThatDependOnTheUser(t *testing.T) {
	m := onnxtest.New(18, 0)
	m.Input("x", onnx.Float32, -1, 3)
	m.Input("until", onnx.Int64, 1)
	part := m.Node("Slice", nil, m.Floats([]int{3}, 1, 10, 100), m.Ints(0), "until")
	m.Put("Add", nil, []string{"x", m.Node("ReduceSum", nil, part)}, []string{"score"})
	m.Output("score", onnx.Float32, -1, 3)
	g, err := onnx.Load(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Compile(g, "score", nil)
	if err != nil {
		t.Fatal(err)
	}
	in := []onnx.Tensor{{Shape: []int{1, 3}, Floats: []float32{0, 0, 0}}, {Shape: []int{1}, Ints: []int64{2}}}
	got := make([]float32, 3)
	if err := p.Run(t.Context(), in, got); err != nil {
		t.Fatal(err)
	}
	if got[0] != 11 {
		t.Errorf("the score is %v, expected 11", got[0])
	}
}
