//go:build ort

package compare

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/ort"
	"github.com/repli-mesh/repli/pkg/onnx/plan"
)

// setting reads a number from the environment.
func setting(t *testing.T, name string, absent uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return absent
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is %q, expected a number", name, text)
	}
	return n
}

func TestGraphsAgreeWithOnnxruntime(t *testing.T) {
	if os.Getenv("REPLI_ONNXRUNTIME") == "" {
		t.Fatal("REPLI_ONNXRUNTIME is not set: it names onnxruntime's shared library")
	}
	first, count := setting(t, "REPLI_SEED", 1), setting(t, "REPLI_GRAPHS", 2000)
	blocked, failed := 0, 0
	for seed := first; seed < first+count; seed++ {
		m := generate(seed)
		inBlocks, err := check(m, seed)
		if inBlocks {
			blocked++
		}
		if err == nil {
			continue
		}
		file := filepath.Join(os.TempDir(), fmt.Sprintf("repli-graph-%d.onnx", seed))
		if err := os.WriteFile(file, m.Bytes(), 0o600); err != nil {
			t.Error(err)
		}
		t.Errorf("seed %d, opset %d, written to %s: %v\n%v", seed, m.opset, file, err, m.Model)
		if failed++; failed == 5 {
			t.Fatal("too many graphs differ")
		}
	}
	if uint64(blocked)*2 < count {
		t.Errorf("only %d of %d graphs work in blocks: the generator tests too little of the compiler", blocked, count)
	}
	t.Logf("%d graphs, of which %d work in blocks", count, blocked)
}

// check runs one graph on all engines for some numbers of candidates.
func check(m *maker, seed uint64) (bool, error) {
	model := m.Bytes()
	g, err := onnx.Load(model)
	if err != nil {
		return false, err
	}
	p, err := plan.Compile(g, "score", nil)
	if err != nil {
		return false, err
	}
	blocked, _ := p.Blocked()
	var names []string
	for _, info := range g.Inputs() {
		names = append(names, info.Name)
	}
	library := os.Getenv("REPLI_ONNXRUNTIME")
	session, err := ort.Open(library, model, names, []string{"score"})
	if err != nil { // onnxruntime 1.30 moves a scalar factor into a MatMul even where the product is needed elsewhere, too
		session, err = ort.OpenAsWritten(library, model, names, []string{"score"})
	}
	if err != nil {
		return blocked, err
	}
	defer session.Close()
	r := rand.New(rand.NewPCG(seed, 6))
	for _, n := range []int{1, 2 + r.IntN(30), 64 + r.IntN(100)} {
		if err := agree(g, p, session, random(r, g, n), n); err != nil {
			return blocked, fmt.Errorf("%d candidates: %w", n, err)
		}
	}
	return blocked, nil
}

func agree(g *onnx.Graph, p *plan.Plan, session *ort.Session, in []onnx.Tensor, n int) error {
	ctx := context.Background()
	want, err := session.Run(ctx, in)
	if err != nil {
		return err
	}
	named := map[string]onnx.Tensor{}
	for i, info := range g.Inputs() {
		named[info.Name] = in[i]
	}
	outputs, err := g.Run(ctx, named)
	if err != nil {
		return err
	}
	scores := make([]float32, n)
	if err := p.Run(ctx, in, scores); err != nil {
		return err
	}
	if err := near("the graph", outputs["score"].Floats, want[0].Floats); err != nil {
		return err
	}
	return near("the plan", scores, want[0].Floats)
}

// near allows 1e-5 of the result, or of 1 where the result is less: the terms of which results are sums are about as large as
// 1, and engines add them up in different orders.
func near(who string, got, want []float32) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s gives %d scores, onnxruntime %d", who, len(got), len(want))
	}
	for i, w := range want {
		a, b := float64(got[i]), float64(w)
		if math.IsNaN(a) && math.IsNaN(b) || a == b {
			continue
		}
		if !(math.Abs(a-b) <= 1e-5*max(1, math.Abs(b))) {
			return fmt.Errorf("score %d is %v to %s and %v to onnxruntime", i, got[i], who, w)
		}
	}
	return nil
}

// random makes inputs: quarters, so that comparisons meet equality, some of them missing, and ids of the tables.
func random(r *rand.Rand, g *onnx.Graph, n int) []onnx.Tensor {
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
		for range size {
			switch info.Dtype {
			case onnx.Int64:
				t.Ints = append(t.Ints, int64(r.IntN(10)))
			case onnx.String:
				t.Strings = append(t.Strings, words[r.IntN(len(words))])
			default:
				v := float32(r.IntN(17)-8) / 4
				if info.Name == "raw" && r.IntN(10) == 0 {
					v = float32(math.NaN())
				}
				t.Floats = append(t.Floats, v)
			}
		}
		tensors = append(tensors, t)
	}
	return tensors
}
