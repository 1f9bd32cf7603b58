// Package forest owns fast scoring with ensembles of decision trees. It knows nothing of graphs.
//
// It does not walk trees. A tree of up to 64 leaves has a bit for each leaf. For each feature the thresholds of all trees are
// looked at in ascending order: while the feature is above the threshold, the branch to the left is closed, and the leaves
// behind it are struck out. The first leaf that is left is the one a walk would end in. The order makes the work the same for
// 16 rows at a time, without a jump that depends on a row. The algorithm is QuickScorer (Lucchese et al., SIGIR 2015), in the
// vectorised form of V-QuickScorer (SIGIR 2016); here leaves are counted from the highest bit, and a tree's leaves are
// looked up in registers. A larger tree is cut into trees that add up to it (cut.go).
package forest

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// lanes is the number of rows that are scored together.
const lanes = 16

// Forest is an ensemble that is ready to score. It never changes and is safe for concurrent use.
type Forest struct {
	features []int32 // those that are looked at
	// above are the branches that NaN closes to the left, ordered those that it leaves open.
	above, ordered branches
	trees          int
	outputs        []output
	scale          float64 // of the sums
	scores         int
	work           sync.Pool // of *work
}

// branches are the nodes of all trees, feature by feature.
type branches struct {
	segments []segment
	nodes    []node
}

// segment is the branches on one feature: thresholds ascend. The numbers are bytes, for the kernels.
type segment struct{ x, first, end uint32 }

// node closes its left branch where the feature is above the threshold: mask strikes out the leaves behind it.
type node struct {
	threshold float32
	tree      uint32 // where the tree's bits lie, in bytes
	mask      uint64
}

// output is the votes of trees for one score, and what they are added to.
type output struct {
	first, count int       // trees
	tables       []float32 // 64 leaves a tree
	base         float64
}

// work is the memory of one call.
type work struct {
	x    []float32 // by feature, then by lane
	bits []uint64  // by tree, then by lane
	sums [lanes]float64
}

// Compile prepares an ensemble, or reports false where it has a form that is left to others: comparisons for equality,
// thresholds that are not finite, trees with very many leaves, or votes that are not summed up.
func Compile(t *onnx.Trees) (*Forest, bool) {
	if t.Aggregate != "SUM" && t.Aggregate != "AVERAGE" {
		return nil, false
	}
	b := builder{source: t, index: map[int32]uint32{}}
	for _, root := range t.Roots {
		if !b.addTree(root) {
			return nil, false
		}
	}
	f := &Forest{trees: len(b.leaves), scores: t.Scores, features: b.features, scale: 1}
	if t.Aggregate == "AVERAGE" {
		f.scale = 1 / float64(len(t.Roots))
	}
	f.above, f.ordered = lay(b.above), lay(b.ordered)
	f.outputs = b.outputs(t)
	f.work.New = func() any {
		return &work{x: make([]float32, lanes*len(f.features)), bits: make([]uint64, lanes*f.trees)}
	}
	return f, true
}

// lay sorts branches by feature and threshold and cuts them into segments.
func lay(all []branch) branches {
	slices.SortStableFunc(all, func(a, b branch) int {
		return cmp.Or(cmp.Compare(a.feature, b.feature), cmp.Compare(a.threshold, b.threshold))
	})
	var out branches
	const size = 16 // bytes of a node
	for i, b := range all {
		out.nodes = append(out.nodes, b.node)
		end := uint32(len(out.nodes) * size) //nolint:gosec // bounded by the file
		if i == 0 || all[i-1].feature != b.feature {
			out.segments = append(out.segments, segment{x: b.feature * lanes * 4, first: end - size})
		}
		out.segments[len(out.segments)-1].end = end
	}
	return out
}

// Features returns the number of features that a row must have at least.
func (f *Forest) Features() int {
	most := 0
	for _, feature := range f.features {
		most = max(most, int(feature)+1)
	}
	return most
}

// Score computes the scores of rows rows of stride features each into dst, row by row: the sums of the votes, plus the base.
// It allocates nothing when warm.
func (f *Forest) Score(dst, x []float32, rows, stride int) {
	w := f.work.Get().(*work)
	defer f.work.Put(w)
	for low := 0; low < rows; low += lanes {
		n := min(lanes, rows-low)
		f.transpose(w, x[low*stride:], n, stride)
		strike(f, w)
		for s := range f.outputs {
			out := &f.outputs[s]
			sum(f, w, out)
			for r := range n {
				dst[(low+r)*f.scores+s] = float32(w.sums[r]*f.scale + out.base)
			}
		}
	}
}

// transpose puts the features of rows side by side; lanes without a row get what closes no branch.
func (f *Forest) transpose(w *work, x []float32, n, stride int) {
	for i, feature := range f.features {
		to := w.x[i*lanes : (i+1)*lanes]
		for r := range n {
			to[r] = x[r*stride+int(feature)]
		}
		for r := n; r < lanes; r++ {
			to[r] = float32(math.Inf(-1))
		}
	}
}
