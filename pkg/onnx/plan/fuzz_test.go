package plan_test

import (
	"os"
	"testing"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/onnxtest"
	"github.com/repli-mesh/repli/pkg/onnx/plan"
)

// FuzzCompile compiles any file for each of its outputs and runs it for some candidates: neither may panic.
func FuzzCompile(f *testing.F) {
	for _, file := range []string{"../testdata/towers.onnx", "../testdata/tree.onnx", bundles["mlp"], bundles["dcn"]} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, file := range seeds() {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		g, err := onnx.Load(file)
		if err != nil || len(g.Outputs()) > 4 {
			return
		}
		for _, out := range g.Outputs() {
			p, err := plan.Compile(g, out.Name, nil)
			if err != nil {
				continue
			}
			if blocked, _ := p.Blocked(); !blocked || p.Width() > 1<<10 {
				continue // it runs as the graph does
			}
			in := onesOf(g, 70)
			if in == nil {
				continue
			}
			_ = p.Run(t.Context(), in, make([]float32, 70*p.Width()))
		}
	})
}

// onesOf makes inputs, or none where they would be large.
func onesOf(g *onnx.Graph, n int) []onnx.Tensor {
	tensors := []onnx.Tensor{}
	for _, info := range g.Inputs() {
		t, size := onnx.Tensor{Shape: []int{}}, 1
		for d, length := range info.Shape {
			switch {
			case length == -1 && d == 0:
				length = n
			case length == -1:
				length = 1
			}
			t.Shape = append(t.Shape, length)
			if size *= length; size > 1<<16 {
				return nil
			}
		}
		switch info.Dtype {
		case onnx.Float32:
			t.Floats = make([]float32, size)
			for i := range t.Floats {
				t.Floats[i] = 1
			}
		case onnx.Int64:
			t.Ints = make([]int64, size)
		case onnx.String:
			t.Strings = make([]string, size)
		default:
			t.Bools = make([]bool, size)
		}
		tensors = append(tensors, t)
	}
	return tensors
}

// seeds are files with what plans treat in ways of their own.
func seeds() [][]byte {
	var files [][]byte
	add := func(score func(m *onnxtest.Model) string) {
		m := onnxtest.New(18, 4)
		m.Input("x", onnx.Float32, -1, 4)
		m.Input("user", onnx.Float32, 1, 4)
		m.Input("ids", onnx.Int64, -1)
		m.Put("Sigmoid", nil, []string{score(m)}, []string{"score"})
		m.Output("score", onnx.Float32, -1, -1)
		files = append(files, m.Bytes())
	}
	axis := func(at int64) map[string]any { return map[string]any{"axis": at} }
	w := []float32{1, 2, 3, 4, 5, 6, 7, 8}
	add(func(m *onnxtest.Model) string {
		rows := m.Node("Gather", axis(0), m.Node("Shape", nil, "x"), m.Ints(0))
		user := m.Node("Expand", nil, "user", m.Node("Concat", axis(0), rows, m.Ints(4)))
		joined := m.Node("Concat", axis(1), "x", user)
		return m.Node("Gemm", nil, joined, m.Floats([]int{8, 1}, w...), m.Floats([]int{1}, 1))
	})
	add(func(m *onnxtest.Model) string {
		v := m.Node("Reshape", nil, "x", m.Ints(0, 2, 2))
		v = m.Node("MatMul", nil, v, m.Node("Transpose", map[string]any{"perm": []int64{0, 2, 1}}, v))
		return m.Node("ReduceMean", nil, m.Node("Softmax", axis(-1), v), m.Ints(1))
	})
	add(func(m *onnxtest.Model) string {
		v := m.Node("Gather", axis(0), m.Floats([]int{2, 4}, w...), "ids")
		v = m.Node("Where", nil, m.Node("Less", nil, "x", v), "x", v)
		return m.Node("LayerNormalization", nil, v, m.Floats([]int{4}, w[:4]...))
	})
	add(func(m *onnxtest.Model) string {
		parts := m.Nodes("Split", 2, axis(1), "x", m.Ints(1, 3))
		v := m.Node("Tile", nil, parts[0], m.Ints(1, 3))
		return m.Node("Einsum", map[string]any{"equation": "ni,ni->n"}, v, parts[1])
	})
	add(func(m *onnxtest.Model) string {
		v := m.Node("Pad", map[string]any{"mode": "edge"}, "x", m.Ints(0, 1, 0, 0))
		return m.Nodes("TopK", 2, axis(1), v, m.Ints(2))[0]
	})
	add(func(m *onnxtest.Model) string {
		hot := m.Node("ml:OneHotEncoder", map[string]any{"cats_int64s": []int64{0, 1, 2}}, "ids")
		return m.Node("ml:Scaler", map[string]any{"offset": []float32{1}, "scale": []float32{2}}, hot)
	})
	return files
}
