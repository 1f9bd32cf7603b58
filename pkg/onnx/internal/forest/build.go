package forest

import (
	"math"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// builder collects the trees of an ensemble.
type builder struct {
	source         *onnx.Trees
	index          map[int32]uint32 // feature to its number among those that are looked at
	features       []int32
	above, ordered []branch
	leaves         [][]int32 // by tree: the nodes that are its leaves, from the left; -1 adds nothing
}

// branch is a node with its feature.
type branch struct {
	node
	feature uint32
}

// maxLeaves is the number of bits of a tree.
const maxLeaves = 64

// maxWhole is the number of leaves up to which larger trees are cut: beyond it, walking is faster.
const maxWhole = 1024

// addTree adds the trees that one tree is made of.
func (b *builder) addTree(root int32) bool {
	size := b.count(root, maxWhole+1)
	if size > maxWhole {
		return false
	}
	return b.cut(root, size)
}

// count returns the number of leaves below a node, or limit if there are as many.
func (b *builder) count(at int32, limit int) int {
	leaves := 0
	for open := []int32{at}; len(open) > 0 && leaves < limit; {
		n := &b.source.Nodes[open[len(open)-1]]
		open = open[:len(open)-1]
		if n.Comparison == onnx.Leaf {
			leaves++
			continue
		}
		open = append(open, n.Yes, n.No)
	}
	return leaves
}

// add adds the subtree at top as one tree; gone leads to subtrees that are left out of it.
func (b *builder) add(path []step, top int32, gone map[int32]bool) bool {
	t := tree{b: b, number: uint32(len(b.leaves)), gone: gone} //nolint:gosec // bounded by the file
	ok := t.follow(path, top)
	b.leaves = append(b.leaves, t.leaves)
	return ok && len(t.leaves) <= maxLeaves
}

// tree is one of at most 64 leaves.
type tree struct {
	b      *builder
	number uint32
	leaves []int32
	gone   map[int32]bool
}

// follow adds the branches of a path, whose other sides add nothing, and then the subtree that it leads to.
func (t *tree) follow(path []step, top int32) bool {
	if len(path) == 0 {
		return t.grow(top)
	}
	rest := func() bool { return t.follow(path[1:], top) }
	nothing := func() bool { t.leaves = append(t.leaves, -1); return true }
	if path[0].yes {
		return t.branch(path[0].at, rest, nothing)
	}
	return t.branch(path[0].at, nothing, rest)
}

func (t *tree) grow(at int32) bool {
	n := &t.b.source.Nodes[at]
	switch {
	case t.gone[at]:
		t.leaves = append(t.leaves, -1)
		return true
	case n.Comparison == onnx.Leaf:
		t.leaves = append(t.leaves, at)
		return true
	}
	return t.branch(at, func() bool { return t.grow(n.Yes) }, func() bool { return t.grow(n.No) })
}

// branch adds a node whose left side is taken where the feature is at most the threshold.
func (t *tree) branch(at int32, yes, no func() bool) bool {
	n := &t.b.source.Nodes[at]
	threshold, nanLeft, swapped, ok := normal(n)
	if !ok {
		return false
	}
	left, right := yes, no
	if swapped {
		left, right = no, yes
	}
	from := len(t.leaves)
	if !left() || len(t.leaves) > maxLeaves {
		return false
	}
	mask := ^uint64(0)
	for leaf := from; leaf < len(t.leaves); leaf++ {
		mask &^= 1 << (maxLeaves - 1 - leaf)
	}
	added := branch{feature: t.b.feature(n.Feature), node: node{threshold: threshold, tree: t.number * lanes * 8, mask: mask}}
	if nanLeft {
		t.b.ordered = append(t.b.ordered, added)
	} else {
		t.b.above = append(t.b.above, added)
	}
	return right()
}

// normal turns a comparison into x <= threshold, perhaps with the sides swapped, and says where NaN goes.
func normal(n *onnx.TreeNode) (threshold float32, nanLeft, swapped, ok bool) {
	threshold = n.Value
	if math.IsNaN(float64(threshold)) || math.IsInf(float64(threshold), 0) {
		return 0, false, false, false
	}
	switch n.Comparison {
	case onnx.LessOrEqual:
		return threshold, n.MissingYes, false, true
	case onnx.Less:
		return below(threshold), n.MissingYes, false, true
	case onnx.Greater:
		return threshold, !n.MissingYes, true, true
	case onnx.GreaterOrEqual:
		return below(threshold), !n.MissingYes, true, true
	default:
		return 0, false, false, false
	}
}

// below is the largest number less than v: x < v is x <= below(v).
func below(v float32) float32 { return math.Nextafter32(v, float32(math.Inf(-1))) }

func (b *builder) feature(number int32) uint32 {
	at, ok := b.index[number]
	if !ok {
		at = uint32(len(b.features)) //nolint:gosec // bounded by the file
		b.index[number] = at
		b.features = append(b.features, number)
	}
	return at
}

// outputs makes the tables of votes. The trees from the first to the last that vote for a score are looked up for it.
func (b *builder) outputs(t *onnx.Trees) []output {
	outputs := make([]output, t.Scores)
	for s := range outputs {
		first, last := len(b.leaves), -1
		for number, leaves := range b.leaves {
			if b.votes(leaves, s) {
				first, last = min(first, number), number
			}
		}
		out := &outputs[s]
		if len(t.Base) > 0 {
			out.base = float64(t.Base[s])
		}
		if last < 0 {
			continue
		}
		out.first, out.count = first, last-first+1
		out.tables = make([]float32, maxLeaves*out.count)
		for i := range out.count {
			for leaf, at := range b.leaves[first+i] {
				out.tables[i*maxLeaves+leaf] = b.vote(at, s)
			}
		}
	}
	return outputs
}

func (b *builder) votes(leaves []int32, score int) bool {
	for _, at := range leaves {
		if b.vote(at, score) != 0 {
			return true
		}
	}
	return false
}

// vote is what a leaf adds to a score.
func (b *builder) vote(at int32, score int) float32 {
	sum := float32(0)
	if at < 0 {
		return sum
	}
	for _, v := range b.source.Votes[b.source.Nodes[at].Yes:b.source.Nodes[at].No] {
		if int(v.Score) == score {
			sum += v.Weight
		}
	}
	return sum
}
