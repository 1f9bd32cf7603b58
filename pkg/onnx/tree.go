package onnx

import (
	"fmt"
	"math"
)

// branchMode is the comparison that a node of a tree makes between a feature and its own value.
type branchMode uint8

const (
	leaf branchMode = iota
	branchLeq
	branchLt
	branchGte
	branchGt
	branchEq
	branchNeq
)

var branchModes = map[string]branchMode{
	"LEAF": leaf, "BRANCH_LEQ": branchLeq, "BRANCH_LT": branchLt, "BRANCH_GTE": branchGte, "BRANCH_GT": branchGt,
	"BRANCH_EQ": branchEq, "BRANCH_NEQ": branchNeq,
}

// forest is an ensemble of trees in flat arrays. newForest makes sure that every walk from a root ends in a leaf.
type forest struct {
	nodes  []TreeNode
	votes  []Vote
	roots  []int32
	width  int // features that it looks at: the highest number + 1
	scores int
}

// walk returns the leaf that a row of features leads to.
func (f *forest) walk(root int32, row []float32) *TreeNode {
	for n := &f.nodes[root]; ; {
		if n.Comparison == leaf {
			return n
		}
		v := row[n.Feature]
		if n.Comparison == branchLeq && v <= n.Value || n.Comparison != branchLeq && n.compare(v) || n.MissingYes && v != v {
			n = &f.nodes[n.Yes]
		} else {
			n = &f.nodes[n.No]
		}
	}
}

func (n *TreeNode) compare(v float32) bool {
	switch n.Comparison {
	case branchLt:
		return v < n.Value
	case branchGte:
		return v >= n.Value
	case branchGt:
		return v > n.Value
	case branchEq:
		return v == n.Value
	default:
		return v != n.Value
	}
}

// aggregate says how the votes of the trees become a score.
type aggregate string

var aggregates = map[aggregate]bool{"SUM": true, "AVERAGE": true, "MIN": true, "MAX": true}

// evaluate returns the aggregated votes of the trees for each row, rows by scores; 0 where no tree votes. Trees are the
// outer loop: one tree fits the first cache, the ensemble does not.
func (f *forest) evaluate(mem *Arena, t Tensor, agg aggregate) ([]float64, int, error) {
	t, err := matrix(mem, t)
	if err != nil {
		return nil, 0, err
	}
	if t.Shape[1] < f.width {
		return nil, 0, fmt.Errorf("input 0 has %d features, expected %d or more", t.Shape[1], f.width)
	}
	rows, width := t.Shape[0], t.Shape[1]
	if _, err := elements(mem.shape(rows, f.scores)); err != nil {
		return nil, 0, err
	}
	if err := mem.spend(int64(rows) * int64(len(f.nodes))); err != nil { // no row visits more
		return nil, 0, err
	}
	sums := mem.sums.take(rows * f.scores)
	start := map[aggregate]float64{"MIN": math.Inf(1), "MAX": math.Inf(-1)}[agg]
	for i := range sums {
		sums[i] = start
	}
	for _, root := range f.roots {
		for r := range rows {
			at := f.walk(root, t.Floats[r*width:(r+1)*width])
			row := sums[r*f.scores:]
			for _, v := range f.votes[at.Yes:at.No] {
				row[v.Score] = agg.fold(row[v.Score], float64(v.Weight))
			}
		}
	}
	for i := range sums {
		if agg == "AVERAGE" {
			sums[i] /= float64(len(f.roots))
		}
		if start != 0 && sums[i] == start {
			sums[i] = 0
		}
	}
	return sums, rows, nil
}

func (a aggregate) fold(acc, weight float64) float64 {
	switch a {
	case "MIN":
		return min(acc, weight)
	case "MAX":
		return max(acc, weight)
	default:
		return acc + weight
	}
}
