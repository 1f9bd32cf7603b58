package onnx

import (
	"strings"
	"testing"
)

const ensembleOp = mlDomain + ":TreeEnsemble"

func hasText(err error, want string) bool { return err != nil && strings.Contains(err.Error(), want) }

// oneTree is ONNX's own test_ai_onnx_ml_tree_ensemble_single_tree, in float32.
func oneTree() attrs {
	return attrs{
		"n_targets": 2, "aggregate_function": 1, "post_transform": 0, "tree_roots": []int64{0},
		"nodes_modes": ivec(0, 0, 0), "nodes_featureids": []int64{0, 0, 0}, "nodes_splits": vec(3.14, 1.2, 4.2),
		"nodes_truenodeids": []int64{1, 0, 1}, "nodes_trueleafs": []int64{0, 1, 1},
		"nodes_falsenodeids": []int64{2, 2, 3}, "nodes_falseleafs": []int64{0, 1, 1},
		"leaf_targetids": []int64{0, 1, 0, 1}, "leaf_weights": vec(5.23, 12.12, -12.23, 7.21),
	}
}

// members is ONNX's own test_ai_onnx_ml_tree_ensemble_set_membership.
func members() attrs {
	return attrs{
		"n_targets": 4, "aggregate_function": 1, "post_transform": 0, "tree_roots": []int64{0},
		"membership_values": vec(1.2, 3.7, 8, 9, nan, 12, 7, nan),
		"nodes_modes":       ivec(0, 6, 6), "nodes_featureids": []int64{0, 0, 0}, "nodes_splits": vec(11, 232344, nan),
		"nodes_truenodeids": []int64{1, 0, 1}, "nodes_trueleafs": []int64{0, 1, 1},
		"nodes_falsenodeids": []int64{2, 2, 3}, "nodes_falseleafs": []int64{1, 0, 1},
		"leaf_targetids": []int64{0, 1, 2, 3}, "leaf_weights": vec(1, 10, 1000, 100),
	}
}

func TestTreeEnsemble(t *testing.T) {
	run := func(name string, a attrs, in Tensor, want Tensor) opCase {
		return opCase{op: ensembleOp, ml: 5, name: name, attrs: a, in: []Tensor{in}, want: []Tensor{want}}
	}
	stump := func(mode int64, change attrs) attrs {
		return with(attrs{
			"tree_roots": []int64{0}, "nodes_modes": ivec(mode), "nodes_featureids": []int64{0}, "nodes_splits": vec(1),
			"nodes_truenodeids": []int64{0}, "nodes_trueleafs": []int64{1}, "nodes_falsenodeids": []int64{1}, "nodes_falseleafs": []int64{1},
			"leaf_targetids": []int64{0, 0}, "leaf_weights": vec(1, 0),
		}, change)
	}
	x := floats([]int{4, 1}, 0, 1, 2, nan)
	set := func(values ...float32) attrs { return stump(6, attrs{"membership_values": vec(values...)}) }
	runOps(t, []opCase{
		run("ONNX's single tree", oneTree(), floats([]int{3, 2}, 1.2, 3.4, -0.12, 1.66, 4.14, 1.77), floats([]int{3, 2}, 5.23, 0, 5.23, 0, 0, 12.12)),
		run("ONNX's sets", members(), floats([]int{6, 1}, 1.2, 3.4, -0.12, nan, 12, 7), floats([]int{6, 4}, 1, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 100, 0, 0, 1000, 0, 0, 0, 1000, 0, 0, 10, 0, 0)),
		run("less or equal", stump(0, nil), x, floats([]int{4, 1}, 1, 1, 0, 0)),
		run("less", stump(1, nil), x, floats([]int{4, 1}, 1, 0, 0, 0)),
		run("greater or equal", stump(2, nil), x, floats([]int{4, 1}, 0, 1, 1, 0)),
		run("greater", stump(3, nil), x, floats([]int{4, 1}, 0, 0, 1, 0)),
		run("equal", stump(4, nil), x, floats([]int{4, 1}, 0, 1, 0, 0)),
		run("not equal", stump(5, nil), x, floats([]int{4, 1}, 1, 0, 1, 1)),
		run("a set of one", set(2, nan), x, floats([]int{4, 1}, 0, 0, 1, 0)),
		run("an empty set", set(nan), x, floats([]int{4, 1}, 0, 0, 0, 0)),
		run("missing", stump(0, attrs{"nodes_missing_value_tracks_true": []int64{1}}), x, floats([]int{4, 1}, 1, 1, 0, 1)),
		run("a missing member", with(set(5, 2, nan), attrs{"nodes_missing_value_tracks_true": []int64{1}}), x, floats([]int{4, 1}, 0, 0, 1, 1)),
		run("only a leaf", stump(0, attrs{"nodes_falsenodeids": []int64{0}}), x, floats([]int{4, 1}, 1, 1, 1, 1)),
		run("average", stump(0, attrs{"aggregate_function": 0}), x, floats([]int{4, 1}, 1, 1, 0, 0)),
		run("least", with(oneTree(), attrs{"aggregate_function": 2}), vec(1, 1), floats([]int{1, 2}, 5.23, 0)),
		run("softmax of what is not zero", stump(0, attrs{"post_transform": 3}), x, floats([]int{4, 1}, 1, 1, 0, 0)),
		run("no rows", stump(0, nil), floats([]int{0, 1}), floats([]int{0, 1})),
	})
}

func TestBadTreeEnsemble(t *testing.T) {
	bad := func(name string, change attrs, err string) opCase {
		return opCase{op: ensembleOp, ml: 5, name: name, attrs: with(oneTree(), change), in: []Tensor{vec(0, 0)}, err: err}
	}
	set := func(values ...float32) attrs {
		return attrs{"nodes_modes": ivec(0, 6, 0), "membership_values": vec(values...)}
	}
	runOps(t, []opCase{
		bad("negative child", attrs{"nodes_truenodeids": []int64{-1, 0, 1}}, "node 0: true child: node -1 does not exist"),
		bad("child beyond", attrs{"nodes_falsenodeids": []int64{3, 2, 3}}, "node 0: false child: node 3 does not exist"),
		bad("leaf beyond", attrs{"nodes_falsenodeids": []int64{2, 2, 4}}, "node 2: false child: leaf 4 does not exist"),
		bad("negative leaf", attrs{"nodes_falsenodeids": []int64{2, 2, -4}}, "leaf -4 does not exist"),
		bad("two parents", attrs{"nodes_falsenodeids": []int64{1, 2, 3}}, "node 1 has two parents"),
		bad("cycle", attrs{"nodes_truenodeids": []int64{0, 0, 1}}, "root 0 does not exist, has a parent"),
		bad("root twice", attrs{"tree_roots": []int64{0, 0}}, "named twice"),
		bad("root beyond", attrs{"tree_roots": []int64{3}}, "root 3 does not exist"),
		bad("no root", attrs{"tree_roots": []int64{}}, "3 branches and 0 roots"),
		bad("feature", attrs{"nodes_featureids": []int64{0, -1, 0}}, "node 1: feature -1 is out of range"),
		bad("mode", attrs{"nodes_modes": ivec(0, 7, 0)}, "node 1: mode 7 is not known"),
		bad("negative mode", attrs{"nodes_modes": ivec(0, -1, 0)}, "node 1: mode -1 is not known"),
		bad("short splits", attrs{"nodes_splits": vec(1)}, `"nodes_splits" has 1 entries, expected 3`),
		bad("splits of integers", attrs{"nodes_splits": ivec(1, 2, 3)}, `"nodes_splits" has 0 entries, expected 3`),
		bad("short flags", attrs{"nodes_missing_value_tracks_true": []int64{1}}, "has 1 entries, expected none or 3"),
		bad("target", attrs{"leaf_targetids": []int64{0, 1, 0, 2}}, "leaf 3: weighs for score 2, expected 0 to 1"),
		bad("short weights", attrs{"leaf_weights": vec(1)}, "4 targets and 1 weights"),
		bad("targets", attrs{"n_targets": 0}, "n_targets is 0"),
		bad("aggregate", attrs{"aggregate_function": 4}, `"aggregate_function" is 4, expected 0 to 3`),
		bad("transform", attrs{"post_transform": -1}, `"post_transform" is -1, expected 0 to 4`),
		bad("transform of two meanings", attrs{"post_transform": 2}, "make it an operator of its own"),
		bad("no set", set(), "node 1: the membership_values have no set"),
		bad("open set", set(1, 2), "node 1: the membership_values have no set"),
		bad("set too many", set(1, nan, 2, nan), "2 membership_values belong to no node"),
		{op: ensembleOp, ml: 3, name: "version", attrs: oneTree(), in: []Tensor{vec(0, 0)}, err: `unsupported opset 3 of domain "ai.onnx.ml", expected 5 to 5`},
		{op: ensembleOp, ml: 5, name: "dtype", attrs: oneTree(), in: []Tensor{ivec(0, 0)}, err: "is int64, expected [float32]"},
	})
}
