//go:build ort

package compare

import "math"

// tabular is a step of a scikit-learn pipeline.
func tabular(m *maker) {
	v := m.pick(2, false)
	n := v.shape[0]
	switch m.r.IntN(4) {
	case 0:
		v.name = m.Node("ml:Scaler", map[string]any{"offset": m.numbers(n, 1), "scale": m.numbers(n, 1)}, v.name)
	case 1:
		// A row near zero would make much of the last bit.
		x := m.Node("Add", nil, m.Node("Sigmoid", nil, v.name), m.Floats(nil, 0.25))
		v.name = m.Node("ml:Normalizer", map[string]any{"norm": []string{"L1", "L2"}[m.r.IntN(2)]}, x)
	case 2:
		v = m.table()
		n, missing := v.shape[0], float32(0.25)
		if m.raw > 0 {
			missing = float32(math.NaN())
		}
		v.name = m.Node("ml:Imputer", map[string]any{"imputed_value_floats": m.numbers(n, 1), "replaced_value_float": missing}, v.name)
		if !v.exact {
			return
		}
	default:
		v.name = m.Node("ml:LinearRegressor", map[string]any{
			"coefficients": m.numbers(n, 1/float64(n)), "intercepts": m.numbers(1, 1), "targets": int64(1),
		}, v.name)
		v.shape = []int{1}
	}
	v.exact = false
	m.add(v)
}

// ensemble collects the attributes of trees.
type ensemble struct {
	trees, ids, features, yes, no, missing []int64
	values                                 []float32
	modes                                  []string
	voteTrees, voteIDs, voteScores         []int64
	weights                                []float32
}

func trees(m *maker) {
	v := m.table()
	if !v.exact || m.mlOpset >= 5 {
		return
	}
	var e ensemble
	targets := 1 + m.r.IntN(3)
	// Every target gets a vote: where there is none, onnxruntime leaves out the base value, which ONNX does not say.
	count, leaves := targets+m.r.IntN(12), 1+m.r.IntN(40)
	if m.r.IntN(10) == 0 {
		leaves = 100 + m.r.IntN(200)
	}
	mode := []string{"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"}[m.r.IntN(4)]
	for tree := range count {
		e.grow(m, int64(tree), leaves, v.shape[0], targets, mode)
	}
	attributes := e.attributes("target")
	attributes["n_targets"] = int64(targets)
	if m.r.IntN(2) == 0 {
		attributes["nodes_missing_value_tracks_true"] = e.missing
	}
	if m.r.IntN(2) == 0 {
		attributes["base_values"] = m.numbers(targets, 1)
	}
	if m.r.IntN(4) == 0 {
		attributes["aggregate_function"] = []string{"AVERAGE", "MIN", "MAX"}[m.r.IntN(3)]
	}
	m.add(value{m.Node("ml:TreeEnsembleRegressor", attributes, v.name), true, []int{targets}, false})
}

// attributes writes the trees; those of the votes start with prefix.
func (e *ensemble) attributes(prefix string) map[string]any {
	return map[string]any{
		"nodes_treeids": e.trees, "nodes_nodeids": e.ids, "nodes_featureids": e.features, "nodes_truenodeids": e.yes,
		"nodes_falsenodeids": e.no, "nodes_values": e.values, "nodes_modes": e.modes,
		prefix + "_treeids": e.voteTrees, prefix + "_nodeids": e.voteIDs, prefix + "_ids": e.voteScores, prefix + "_weights": e.weights,
	}
}

// grow adds a tree by splitting leaves at random.
func (e *ensemble) grow(m *maker, tree int64, leaves, features, targets int, mode string) {
	first := len(e.ids)
	add := func() int64 {
		id := int64(len(e.ids) - first)
		e.trees, e.ids = append(e.trees, tree), append(e.ids, id)
		e.features, e.yes, e.no = append(e.features, 0), append(e.yes, 0), append(e.no, 0)
		e.values, e.modes, e.missing = append(e.values, 0), append(e.modes, "LEAF"), append(e.missing, 0)
		return id
	}
	open := []int64{add()}
	for range leaves - 1 {
		i := m.r.IntN(len(open))
		at := first + int(open[i])
		e.modes[at], e.features[at], e.values[at] = mode, int64(m.r.IntN(features)), quarters(m, 1)[0]
		e.missing[at] = int64(m.r.IntN(2))
		e.yes[at], e.no[at] = add(), add()
		open[i] = e.yes[at]
		open = append(open, e.no[at])
	}
	all := m.r.IntN(2) == 0
	for _, id := range open {
		for target := range targets {
			if all || target == int(tree)%targets {
				e.voteTrees, e.voteIDs = append(e.voteTrees, tree), append(e.voteIDs, id)
				e.voteScores, e.weights = append(e.voteScores, int64(target)), append(e.weights, m.numbers(1, 0.3)...)
			}
		}
	}
}
