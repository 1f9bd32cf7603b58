package onnx

import "fmt"

// treeTable is the attributes that describe the trees, one entry per node.
type treeTable struct {
	trees, ids, features, yes, no, missing []int64
	values                                 []float32
	modes                                  []string
	position                               map[[2]int64]int32 // of a node, by tree and id
}

// voteTable is the attributes that describe what leaves add, one entry per vote.
type voteTable struct {
	trees, ids, scores []int64
	weights            []float32
}

// newForest reads and checks the trees of a node. The votes' attributes start with prefix.
func newForest(n *node, prefix string, scores int) (*forest, error) {
	t := treeTable{
		trees: n.integers("nodes_treeids"), ids: n.integers("nodes_nodeids"), features: n.integers("nodes_featureids"),
		yes: n.integers("nodes_truenodeids"), no: n.integers("nodes_falsenodeids"),
		missing: n.integers("nodes_missing_value_tracks_true"),
		values:  n.weights("nodes_values"), modes: n.texts("nodes_modes"), position: map[[2]int64]int32{},
	}
	v := voteTable{
		trees: n.integers(prefix + "_treeids"), ids: n.integers(prefix + "_nodeids"),
		scores: n.integers(prefix + "_ids"), weights: n.weights(prefix + "_weights"),
	}
	n.ignore("nodes_hitrates", "nodes_hitrates_as_tensor") // how often training saw a node
	if err := t.checkLengths(); err != nil {
		return nil, err
	}
	f := &forest{nodes: make([]TreeNode, len(t.ids)), scores: scores}
	for i := range t.ids {
		key := [2]int64{t.trees[i], t.ids[i]}
		if _, ok := t.position[key]; ok {
			return nil, fmt.Errorf("tree %d has two nodes %d", key[0], key[1])
		}
		t.position[key] = int32(i)
	}
	for i := range t.ids {
		if err := f.addNode(&t, i); err != nil {
			return nil, fmt.Errorf("tree %d, node %d: %w", t.trees[i], t.ids[i], err)
		}
	}
	if err := f.addRoots(&t); err != nil {
		return nil, err
	}
	return f, f.addVotes(&t, &v)
}

func (t *treeTable) checkLengths() error {
	n := len(t.ids)
	if n == 0 || n > maxElements {
		return fmt.Errorf("the trees have %d nodes, expected 1 to %d", n, maxElements)
	}
	for name, length := range map[string]int{
		"nodes_treeids": len(t.trees), "nodes_featureids": len(t.features), "nodes_truenodeids": len(t.yes),
		"nodes_falsenodeids": len(t.no), "nodes_values": len(t.values), "nodes_modes": len(t.modes),
	} {
		if length != n {
			return fmt.Errorf("attribute %q has %d entries, expected %d as nodes_nodeids", name, length, n)
		}
	}
	if len(t.missing) != 0 && len(t.missing) != n {
		return fmt.Errorf("attribute %q has %d entries, expected none or %d", "nodes_missing_value_tracks_true", len(t.missing), n)
	}
	return nil
}

func (f *forest) addNode(t *treeTable, i int) error {
	mode, ok := branchModes[t.modes[i]]
	if !ok {
		return fmt.Errorf("mode %q is not known", t.modes[i])
	}
	if mode == leaf {
		return nil
	}
	if t.features[i] < 0 || t.features[i] >= maxElements {
		return fmt.Errorf("feature %d is out of range", t.features[i])
	}
	yes, ok := t.position[[2]int64{t.trees[i], t.yes[i]}]
	if !ok {
		return fmt.Errorf("true child %d does not exist", t.yes[i])
	}
	no, ok := t.position[[2]int64{t.trees[i], t.no[i]}]
	if !ok {
		return fmt.Errorf("false child %d does not exist", t.no[i])
	}
	f.nodes[i] = TreeNode{
		Value: t.values[i], Feature: int32(t.features[i]), Yes: yes, No: no, Comparison: mode,
		MissingYes: t.missing != nil && t.missing[i] != 0,
	}
	f.width = max(f.width, int(t.features[i])+1)
	return nil
}

// addRoots finds the one node of each tree without a parent and makes sure that all others hang below it, once: then
// there is no cycle.
func (f *forest) addRoots(t *treeTable) error {
	parents := make([]bool, len(f.nodes))
	for i, n := range f.nodes {
		if n.Comparison == leaf {
			continue
		}
		for _, child := range []int32{n.Yes, n.No} {
			if parents[child] {
				return fmt.Errorf("tree %d, node %d: has two parents", t.trees[i], t.ids[child])
			}
			parents[child] = true
		}
	}
	rooted := map[int64]bool{}
	var reached []int32
	for i, hasParent := range parents {
		if hasParent {
			continue
		}
		if rooted[t.trees[i]] {
			return fmt.Errorf("tree %d has two roots, of which one is node %d", t.trees[i], t.ids[i])
		}
		rooted[t.trees[i]] = true
		reached = append(reached, int32(i))
	}
	f.roots = append(f.roots, reached...)
	for at := 0; at < len(reached); at++ {
		if n := f.nodes[reached[at]]; n.Comparison != leaf {
			reached = append(reached, n.Yes, n.No)
		}
	}
	if len(reached) != len(f.nodes) {
		return fmt.Errorf("%d nodes hang below no root: their trees have cycles", len(f.nodes)-len(reached))
	}
	return nil
}

// addVotes stores the votes of each leaf side by side.
func (f *forest) addVotes(t *treeTable, v *voteTable) error {
	if len(v.trees) != len(v.ids) || len(v.scores) != len(v.ids) || len(v.weights) != len(v.ids) {
		return fmt.Errorf("the leaves have %d tree ids, %d node ids, %d score ids and %d weights, expected as many of each",
			len(v.trees), len(v.ids), len(v.scores), len(v.weights))
	}
	perLeaf := make([][]Vote, len(f.nodes))
	for i := range v.ids {
		at, ok := t.position[[2]int64{v.trees[i], v.ids[i]}]
		if !ok || f.nodes[at].Comparison != leaf {
			return fmt.Errorf("tree %d, node %d: has a weight, but is no leaf", v.trees[i], v.ids[i])
		}
		if v.scores[i] < 0 || v.scores[i] >= int64(f.scores) {
			return fmt.Errorf("tree %d, node %d: weighs for score %d, expected 0 to %d", v.trees[i], v.ids[i], v.scores[i], f.scores-1)
		}
		score := int32(v.scores[i]) //nolint:gosec // checked above
		perLeaf[at] = append(perLeaf[at], Vote{Score: score, Weight: v.weights[i]})
	}
	for at := range f.nodes {
		if f.nodes[at].Comparison != leaf {
			continue
		}
		f.nodes[at].Yes = int32(len(f.votes)) //nolint:gosec // no more than the file has bytes
		f.votes = append(f.votes, perLeaf[at]...)
		f.nodes[at].No = int32(len(f.votes)) //nolint:gosec // no more than the file has bytes
	}
	return nil
}
