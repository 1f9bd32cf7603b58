package onnx

import (
	"errors"
	"fmt"
	"math"
)

// branchMember is the mode of a branch that asks whether a feature is in a set. Such a branch becomes a chain of branches that
// ask for equality.
const branchMember = 6

// modeNumbers are the comparisons of TreeEnsemble by number.
var modeNumbers = [...]branchMode{branchLeq, branchLt, branchGte, branchGt, branchEq, branchNeq}

var (
	aggregateNumbers = [...]aggregate{"AVERAGE", "SUM", "MIN", "MAX"}
	transformNumbers = [...]transform{"NONE", "", "", "SOFTMAX_ZERO", "PROBIT"}
)

// treeLists is the attributes that TreeEnsemble has for its branches, one entry for each, and for its leaves.
type treeLists struct {
	features, modes, yes, no, yesLeaf, noLeaf, missing []int64
	splits, members                                    []float32
	targets, roots                                     []int64
	weights                                            []float32
}

// buildTreeEnsemble makes the kernel of TreeEnsemble of version 5 of the operator set, which keeps branches and leaves apart.
func buildTreeEnsemble(n *node) (kernel, error) {
	agg, err := numbered(n, "aggregate_function", 1, aggregateNumbers[:])
	if err != nil {
		return nil, err
	}
	post, err := numbered(n, "post_transform", 0, transformNumbers[:])
	if err != nil {
		return nil, err
	}
	if post == "" {
		return nil, errors.New("post_transform is 1 or 2, which are SOFTMAX and LOGISTIC to ONNX, but the other way round to onnxruntime: " +
			"make it an operator of its own")
	}
	targets := n.integer("n_targets", 1)
	if targets < 1 || targets > maxElements {
		return nil, fmt.Errorf("n_targets is %d, expected 1 to %d", targets, maxElements)
	}
	l := readTreeLists(n)
	if err := l.check(targets); err != nil {
		return nil, err
	}
	f, err := l.forest(int(targets))
	if err != nil {
		return nil, err
	}
	run, err := scoring(n, f, agg, nil, post)
	return run, errors.Join(err, n.expect(0, Float32))
}

// numbered returns the entry of a table that an attribute numbers.
func numbered[T any](n *node, name string, absent int64, table []T) (T, error) {
	i := n.integer(name, absent)
	if i < 0 || i >= int64(len(table)) {
		var none T
		return none, fmt.Errorf("attribute %q is %d, expected 0 to %d", name, i, len(table)-1)
	}
	return table[i], nil
}

func readTreeLists(n *node) *treeLists {
	tensor := func(name string) Tensor { t, _ := n.tensor(name); return t }
	n.ignore("nodes_hitrates") // how often training saw a node
	return &treeLists{
		features: n.integers("nodes_featureids"), modes: tensor("nodes_modes").Ints,
		yes: n.integers("nodes_truenodeids"), no: n.integers("nodes_falsenodeids"),
		yesLeaf: n.integers("nodes_trueleafs"), noLeaf: n.integers("nodes_falseleafs"),
		missing: n.integers("nodes_missing_value_tracks_true"),
		splits:  tensor("nodes_splits").Floats, members: tensor("membership_values").Floats,
		targets: n.integers("leaf_targetids"), roots: n.integers("tree_roots"), weights: tensor("leaf_weights").Floats,
	}
}

// check verifies the lengths of the lists and the numbers that do not depend on others.
func (l *treeLists) check(targets int64) error {
	size := len(l.features)
	if size == 0 || size > maxElements || len(l.roots) == 0 {
		return fmt.Errorf("%d branches and %d roots, expected 1 or more of each", size, len(l.roots))
	}
	for name, length := range map[string]int{
		"nodes_modes": len(l.modes), "nodes_truenodeids": len(l.yes), "nodes_falsenodeids": len(l.no),
		"nodes_trueleafs": len(l.yesLeaf), "nodes_falseleafs": len(l.noLeaf), "nodes_splits": len(l.splits),
	} {
		if length != size {
			return fmt.Errorf("attribute %q has %d entries, expected %d as nodes_featureids", name, length, size)
		}
	}
	if l.missing != nil && len(l.missing) != size {
		return fmt.Errorf("attribute %q has %d entries, expected none or %d", "nodes_missing_value_tracks_true", len(l.missing), size)
	}
	if len(l.targets) != len(l.weights) || len(l.weights) > maxElements {
		return fmt.Errorf("the leaves have %d targets and %d weights, expected as many", len(l.targets), len(l.weights))
	}
	for i, target := range l.targets {
		if target < 0 || target >= targets {
			return fmt.Errorf("leaf %d: weighs for score %d, expected 0 to %d", i, target, targets-1)
		}
	}
	return nil
}

// forest makes the trees: first the branches under their own numbers, then the rest of chains, and the leaves, each of which has
// one vote.
func (l *treeLists) forest(targets int) (*forest, error) {
	f := &forest{nodes: make([]TreeNode, len(l.features)), scores: targets}
	for i, target := range l.targets {
		f.votes = append(f.votes, Vote{Score: int32(target), Weight: l.weights[i]}) //nolint:gosec // checked before
	}
	parents := make([]bool, len(l.features))
	for i := range l.features {
		if err := l.branch(f, i, parents); err != nil {
			return nil, fmt.Errorf("node %d: %w", i, err)
		}
	}
	if len(l.members) > 0 {
		return nil, fmt.Errorf("%d membership_values belong to no node", len(l.members))
	}
	// Every branch has one parent at most and a root has none: what hangs below a root is a tree.
	for _, root := range l.roots {
		if root < 0 || root >= int64(len(parents)) || parents[root] {
			return nil, fmt.Errorf("root %d does not exist, has a parent or is named twice", root)
		}
		parents[root] = true
		f.roots = append(f.roots, int32(root)) //nolint:gosec // checked above
	}
	return f, nil
}

// branch adds a branch with its leaves.
func (l *treeLists) branch(f *forest, i int, parents []bool) error {
	if l.features[i] < 0 || l.features[i] >= maxElements {
		return fmt.Errorf("feature %d is out of range", l.features[i])
	}
	yes, err := l.child(f, l.yes[i], l.yesLeaf[i] != 0, parents)
	if err != nil {
		return fmt.Errorf("true child: %w", err)
	}
	no, err := l.child(f, l.no[i], l.noLeaf[i] != 0, parents)
	if err != nil {
		return fmt.Errorf("false child: %w", err)
	}
	f.width = max(f.width, int(l.features[i])+1)
	b := TreeNode{
		Value: l.splits[i], Feature: int32(l.features[i]), Yes: yes, No: no,
		MissingYes: l.missing != nil && l.missing[i] != 0,
	}
	switch mode := l.modes[i]; {
	case mode == branchMember:
		return l.chain(f, i, b)
	case mode < 0 || mode > branchMember:
		return fmt.Errorf("mode %d is not known, expected 0 to %d", mode, branchMember)
	default:
		b.Comparison = modeNumbers[mode]
	}
	f.nodes[i] = b
	return nil
}

// child returns the place of a branch, or of a new leaf.
func (l *treeLists) child(f *forest, number int64, isLeaf bool, parents []bool) (int32, error) {
	if isLeaf {
		if number < 0 || number >= int64(len(l.weights)) {
			return 0, fmt.Errorf("leaf %d does not exist", number)
		}
		f.nodes = append(f.nodes, TreeNode{Yes: int32(number), No: int32(number) + 1}) //nolint:gosec // checked above
		return int32(len(f.nodes) - 1), nil                                            //nolint:gosec // a few times the branches
	}
	if number < 0 || number >= int64(len(parents)) {
		return 0, fmt.Errorf("node %d does not exist", number)
	}
	if parents[number] {
		return 0, fmt.Errorf("node %d has two parents", number)
	}
	parents[number] = true
	return int32(number), nil //nolint:gosec // checked above
}

// chain takes the next set of membership_values, which ends with NaN, and puts a branch for each of its values one below the
// other; all lead to the same node where the feature equals the value.
func (l *treeLists) chain(f *forest, at int, b TreeNode) error {
	end := 0
	for end < len(l.members) && !isNaN(l.members[end]) {
		end++
	}
	if end == len(l.members) {
		return errors.New("the membership_values have no set for it that ends with NaN")
	}
	set := l.members[:end]
	l.members = l.members[end+1:]
	if len(set) == 0 {
		set = []float32{float32(math.NaN())} // nothing is equal to it
	}
	b.Comparison = branchEq
	last := b.No
	for i, value := range set {
		b.Value, b.No = value, last
		if i < len(set)-1 {
			f.nodes = append(f.nodes, TreeNode{})
			b.No = int32(len(f.nodes) - 1) //nolint:gosec // no more than the file has values
		}
		f.nodes[at] = b
		at = len(f.nodes) - 1
	}
	return nil
}
