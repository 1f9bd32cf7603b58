package plan_test

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/plan"
)

// bundles are the models that are committed.
var bundles = map[string]string{
	"mlp": "../../../demo/bundles/mlp/model.onnx", "dcn": "../../../demo/bundles/dcn/model.onnx", "gbdt": "../../../demo/bundles/gbdt/model.onnx",
}

func load(tb testing.TB, file string) *onnx.Graph {
	tb.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	g, err := onnx.Load(data)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// inputs makes random tensors for n candidates; integers are small enough for any table.
func inputs(r *rand.Rand, g *onnx.Graph, n int) []onnx.Tensor {
	var tensors []onnx.Tensor
	for _, info := range g.Inputs() {
		t, size := onnx.Tensor{}, 1
		for _, d := range info.Shape {
			if d == -1 {
				d = n
			}
			t.Shape = append(t.Shape, d)
			size *= d
		}
		if info.Dtype == onnx.Int64 {
			t.Ints = make([]int64, size)
			for i := range t.Ints {
				t.Ints[i] = int64(r.IntN(3))
			}
		} else {
			t.Floats = make([]float32, size)
			for i := range t.Floats {
				t.Floats[i] = float32(r.ExpFloat64())
			}
		}
		tensors = append(tensors, t)
	}
	return tensors
}

// reference runs the graph operator by operator.
func reference(t *testing.T, g *onnx.Graph, tensors []onnx.Tensor) []float32 {
	t.Helper()
	named := map[string]onnx.Tensor{}
	for i, info := range g.Inputs() {
		named[info.Name] = tensors[i]
	}
	outputs, err := g.Run(t.Context(), named)
	if err != nil {
		t.Fatal(err)
	}
	return outputs[g.Outputs()[0].Name].Floats
}

func TestBundlesScoreAsTheGraphSays(t *testing.T) {
	for name, file := range bundles {
		g := load(t, file)
		p, err := plan.Compile(g, g.Outputs()[0].Name, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if ok, reason := p.Blocked(); !ok {
			t.Errorf("%s does not work in blocks: %s", name, reason)
		}
		r := rand.New(rand.NewPCG(1, 1))
		for _, n := range []int{0, 1, 2, 15, 16, 63, 64, 65, 200, 500} {
			in := inputs(r, g, n)
			got := make([]float32, n)
			if err := p.Run(t.Context(), in, got); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for i, want := range reference(t, g, in) {
				if math.Abs(float64(got[i]-want)) > 1e-5 {
					t.Fatalf("%s: score %d of %d is %v, the graph gives %v", name, i, n, got[i], want)
				}
			}
		}
	}
}

func BenchmarkRun(b *testing.B) {
	dir := os.Getenv("REPLI_BENCH_MODELS")
	for _, name := range []string{"mlp", "dcn", "gbdt"} {
		file := bundles[name]
		if dir != "" {
			file = dir + "/" + name + "/model.onnx"
		}
		g := load(b, file)
		p, err := plan.Compile(g, g.Outputs()[0].Name, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, n := range []int{1, 50, 200, 500} {
			in, out := inputs(rand.New(rand.NewPCG(1, 1)), g, n), make([]float32, n)
			b.Run(name+"/"+map[int]string{1: "1", 50: "50", 200: "200", 500: "500"}[n], func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := p.Run(b.Context(), in, out); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
