package forest

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// grown is a random ensemble of which every leaf votes.
func grown(r *rand.Rand, trees, leaves, features, scores int) *onnx.Trees {
	t := &onnx.Trees{Features: features, Scores: scores, Aggregate: "SUM"}
	for range trees {
		t.Roots = append(t.Roots, int32(len(t.Nodes)))
		t.Nodes = append(t.Nodes, onnx.TreeNode{})
		open := []int{len(t.Nodes) - 1}
		for n := 1; n < leaves; n++ {
			i := r.IntN(len(open))
			at := open[i]
			t.Nodes = append(t.Nodes, onnx.TreeNode{}, onnx.TreeNode{})
			children := []int{len(t.Nodes) - 2, len(t.Nodes) - 1}
			r.Shuffle(2, func(i, j int) { children[i], children[j] = children[j], children[i] })
			t.Nodes[at] = onnx.TreeNode{
				Value: float32(r.IntN(9)-4) / 2, Feature: int32(r.IntN(features)),
				Yes: int32(children[0]), No: int32(children[1]),
				Comparison: []onnx.Comparison{onnx.LessOrEqual, onnx.Less, onnx.GreaterOrEqual, onnx.Greater}[r.IntN(4)],
				MissingYes: r.IntN(2) == 0,
			}
			open[i] = children[0]
			open = append(open, children[1])
		}
		for _, at := range open {
			t.Nodes[at] = onnx.TreeNode{Yes: int32(len(t.Votes)), No: int32(len(t.Votes) + 1)}
			t.Votes = append(t.Votes, onnx.Vote{Score: int32(r.IntN(scores)), Weight: float32(r.NormFloat64())})
		}
	}
	for range scores {
		t.Base = append(t.Base, float32(r.NormFloat64()))
	}
	return t
}

// walk is the definition: from each root to a leaf.
func walk(t *onnx.Trees, row []float32) []float32 {
	sums := make([]float64, t.Scores)
	for _, at := range t.Roots {
		for t.Nodes[at].Comparison != onnx.Leaf {
			n := &t.Nodes[at]
			v := row[n.Feature]
			yes := map[onnx.Comparison]bool{
				onnx.LessOrEqual: v <= n.Value, onnx.Less: v < n.Value, onnx.GreaterOrEqual: v >= n.Value, onnx.Greater: v > n.Value,
			}[n.Comparison] || n.MissingYes && v != v
			if at = n.No; yes {
				at = n.Yes
			}
		}
		for _, v := range t.Votes[t.Nodes[at].Yes:t.Nodes[at].No] {
			sums[v.Score] += float64(v.Weight)
		}
	}
	out := make([]float32, t.Scores)
	for s, sum := range sums {
		if t.Aggregate == "AVERAGE" {
			sum /= float64(len(t.Roots))
		}
		out[s] = float32(sum + float64(t.Base[s]))
	}
	return out
}

func rowsOf(r *rand.Rand, rows, features int) []float32 {
	x := make([]float32, rows*features)
	special := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, float32(math.Copysign(0, -1)), 1e-45}
	for i := range x {
		x[i] = float32(r.IntN(9)-4) / 2
		if r.IntN(10) == 0 {
			x[i] = special[r.IntN(len(special))]
		}
	}
	return x
}

func compare(t *testing.T, seed uint64, trees, leaves, features, scores, rows int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	source := grown(r, trees, leaves, features, scores)
	if seed%3 == 0 {
		source.Aggregate = "AVERAGE"
	}
	f, ok := Compile(source)
	if !ok {
		t.Fatalf("%d trees of %d leaves are not compiled", trees, leaves)
	}
	x := rowsOf(r, rows, features)
	dst := make([]float32, rows*scores)
	f.Score(dst, x, rows, features)
	w := f.work.Get().(*work)
	f.transpose(w, x, min(rows, lanes), features)
	strikePortable(f, w)
	for s := range scores {
		sumPortable(f, w, &f.outputs[s])
		for row := range min(rows, lanes) {
			if got := float32(w.sums[row]*f.scale + f.outputs[s].base); math.Abs(float64(got-dst[row*scores+s])) > 1e-5 {
				t.Fatalf("row %d, score %d is %v, the portable loops give %v", row, s, dst[row*scores+s], got)
			}
		}
	}
	for row := range rows {
		for s, want := range walk(source, x[row*features:(row+1)*features]) {
			if got := dst[row*scores+s]; math.Abs(float64(got-want)) > 1e-5 {
				t.Fatalf("%d trees of %d leaves: row %d, score %d is %v, walking gives %v", trees, leaves, row, s, got, want)
			}
		}
	}
}

func TestScoresAreThoseOfWalking(t *testing.T) {
	seed := uint64(0)
	for _, leaves := range []int{1, 2, 3, 31, 32, 64, 65, 100, 400} {
		for _, rows := range []int{1, 15, 16, 17, 50} {
			for scores := 1; scores <= 3; scores++ {
				seed++
				compare(t, seed, 5, leaves, 7, scores, rows)
			}
		}
	}
}

func TestFormsThatAreLeftToOthers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for name, change := range map[string]func(t *onnx.Trees){
		"aggregate":             func(t *onnx.Trees) { t.Aggregate = "MAX" },
		"threshold is NaN":      func(t *onnx.Trees) { t.Nodes[t.Roots[0]].Value = float32(math.NaN()) },
		"threshold is infinite": func(t *onnx.Trees) { t.Nodes[t.Roots[0]].Value = float32(math.Inf(1)) },
		"comparison":            func(t *onnx.Trees) { t.Nodes[t.Roots[0]].Comparison = onnx.Greater + 1 },
	} {
		source := grown(r, 2, 4, 3, 1)
		change(source)
		if _, ok := Compile(source); ok {
			t.Errorf("%s: was compiled, expected it to be left to others", name)
		}
	}
	if _, ok := Compile(grown(r, 1, maxWhole+1, 3, 1)); ok {
		t.Errorf("a tree of %d leaves was compiled", maxWhole+1)
	}
}

func FuzzScores(f *testing.F) {
	f.Add(uint64(1), 3, 5, 4, 1, 20)
	f.Add(uint64(2), 2, 130, 2, 2, 3)
	f.Fuzz(func(t *testing.T, seed uint64, trees, leaves, features, scores, rows int) {
		if min(trees, leaves, features, scores, rows) < 1 || max(trees, leaves, features, rows) > 200 || scores > 4 {
			return
		}
		compare(t, seed, trees, leaves, features, scores, rows)
	})
}

func BenchmarkScore(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	source := grown(r, 200, 31, 77, 1)
	for i := range source.Nodes {
		source.Nodes[i].Value = float32(r.NormFloat64())
	}
	f, _ := Compile(source)
	x := make([]float32, 200*77)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	dst := make([]float32, 200)
	b.Run("rows=200", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f.Score(dst, x, 200, 77)
		}
	})
	b.Run("rows=1", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f.Score(dst[:1], x, 1, 77)
		}
	})
}
