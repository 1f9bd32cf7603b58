package onnx

import (
	"maps"
	"strings"
	"testing"
)

// stumps are two trees of one branch each: on feature 0 at 0.5 (leaves 1 and 2) and on feature 1 at 1 (leaves 10 and 20).
func stumps(prefix string) attrs {
	return attrs{
		"nodes_treeids":      []int64{0, 0, 0, 1, 1, 1},
		"nodes_nodeids":      []int64{0, 1, 2, 0, 1, 2},
		"nodes_featureids":   []int64{0, 0, 0, 1, 0, 0},
		"nodes_values":       []float32{0.5, 0, 0, 1, 0, 0},
		"nodes_modes":        strings.Split("BRANCH_LEQ LEAF LEAF BRANCH_LEQ LEAF LEAF", " "),
		"nodes_truenodeids":  []int64{1, 0, 0, 1, 0, 0},
		"nodes_falsenodeids": []int64{2, 0, 0, 2, 0, 0},
		prefix + "_treeids":  []int64{0, 0, 1, 1},
		prefix + "_nodeids":  []int64{1, 2, 1, 2},
		prefix + "_ids":      []int64{0, 0, 0, 0},
		prefix + "_weights":  []float32{1, 2, 10, 20},
	}
}

func with(a attrs, more attrs) attrs {
	a = maps.Clone(a)
	for k, v := range more {
		a[k] = v
	}
	return a
}

const (
	regressor  = mlDomain + ":TreeEnsembleRegressor"
	classifier = mlDomain + ":TreeEnsembleClassifier"
)

func TestTreeRegressor(t *testing.T) {
	base := stumps("target")
	x := floats([]int{3, 2}, 0, 0, 1, 1, 1, 2)
	one := func(mode string, v float32, want float32) opCase {
		modes := []string{mode, "LEAF", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"}
		return opCase{
			op: regressor, name: mode, attrs: with(base, attrs{"nodes_modes": modes}),
			in: []Tensor{floats([]int{1, 2}, v, 0)}, want: []Tensor{floats([]int{1, 1}, want+10)},
		}
	}
	column := func(v ...float32) []Tensor { return []Tensor{floats([]int{len(v), 1}, v...)} }
	tracks := with(base, attrs{"nodes_missing_value_tracks_true": []int64{1, 0, 0, 0, 0, 0}})
	two := with(base, attrs{"n_targets": 2, "target_ids": []int64{0, 0, 1, 1}})
	runOps(t, []opCase{
		{op: regressor, name: "sum", attrs: base, in: []Tensor{x}, want: column(11, 12, 22)},
		{op: regressor, name: "ints", attrs: base, in: []Tensor{ints([]int{1, 2}, 1, 1)}, want: column(12)},
		{op: regressor, name: "vector", attrs: base, in: []Tensor{vec(1, 1)}, want: column(12)},
		{op: regressor, name: "no rows", attrs: base, in: []Tensor{floats([]int{0, 2})}, want: []Tensor{floats([]int{0, 1})}},
		{op: regressor, name: "average and base", attrs: with(base, attrs{"aggregate_function": "AVERAGE", "base_values": []float32{100}}), in: []Tensor{x}, want: column(105.5, 106, 111)},
		{op: regressor, name: "min", attrs: with(base, attrs{"aggregate_function": "MIN"}), in: []Tensor{x}, want: column(1, 2, 2)},
		{op: regressor, name: "max", attrs: with(base, attrs{"aggregate_function": "MAX"}), in: []Tensor{x}, want: column(10, 10, 20)},
		{op: regressor, name: "two targets", attrs: two, in: []Tensor{x}, want: []Tensor{floats([]int{3, 2}, 1, 10, 2, 10, 2, 20)}},
		{op: regressor, name: "logistic", attrs: with(two, attrs{"post_transform": "LOGISTIC", "base_values": []float32{-1, -10}}), in: []Tensor{vec(0, 0)}, want: []Tensor{floats([]int{1, 2}, 0.5, 0.5)}},
		{op: regressor, name: "softmax", attrs: with(two, attrs{"post_transform": "SOFTMAX", "base_values": []float32{0, -9}}), in: []Tensor{vec(1, 1)}, want: []Tensor{floats([]int{1, 2}, 0.7310586, 0.26894143)}},
		{op: regressor, name: "softmax zero", attrs: with(two, attrs{"post_transform": "SOFTMAX_ZERO", "base_values": []float32{-2, 0}}), in: []Tensor{vec(1, 1)}, want: []Tensor{floats([]int{1, 2}, 0, 1)}},
		{op: regressor, name: "probit", attrs: with(two, attrs{"post_transform": "PROBIT", "base_values": []float32{-0.5, -9.2}}), in: []Tensor{vec(0, 0)}, want: []Tensor{floats([]int{1, 2}, 0, 0.84175664)}},
		{op: regressor, name: "NaN goes false", attrs: base, in: []Tensor{vec(nan, nan)}, want: column(22)},
		{op: regressor, name: "NaN tracks true", attrs: tracks, in: []Tensor{vec(nan, nan)}, want: column(21)},
		one("BRANCH_LEQ", 0.5, 1), one("BRANCH_LEQ", 0.6, 2), one("BRANCH_LT", 0.5, 2), one("BRANCH_LT", 0.4, 1),
		one("BRANCH_GTE", 0.5, 1), one("BRANCH_GTE", 0.4, 2), one("BRANCH_GT", 0.5, 2), one("BRANCH_GT", 0.6, 1),
		one("BRANCH_EQ", 0.5, 1), one("BRANCH_EQ", 0.6, 2), one("BRANCH_NEQ", 0.5, 2), one("BRANCH_NEQ", 0.6, 1),
		{op: regressor, name: "too few features", attrs: base, in: []Tensor{vec(1)}, err: "has 1 features, expected 2 or more"},
		{op: regressor, name: "rank", attrs: base, in: []Tensor{floats([]int{1, 1, 2}, 1, 2)}, err: "expected rows of features"},
	})
}

func TestBadTrees(t *testing.T) {
	base := stumps("target")
	bad := func(name string, change attrs, err string) opCase {
		return opCase{op: regressor, name: name, attrs: with(base, change), in: []Tensor{vec(0, 0)}, err: err}
	}
	leafless := strings.Split("BRANCH_LEQ BRANCH_LEQ LEAF BRANCH_LEQ LEAF LEAF", " ")
	runOps(t, []opCase{
		bad("negative child", attrs{"nodes_truenodeids": []int64{-1, 0, 0, 1, 0, 0}}, "tree 0, node 0: true child -1 does not exist"),
		bad("child beyond", attrs{"nodes_falsenodeids": []int64{2, 0, 0, 9, 0, 0}}, "tree 1, node 0: false child 9 does not exist"),
		bad("shared child", attrs{"nodes_falsenodeids": []int64{1, 0, 0, 2, 0, 0}}, "node 1: has two parents"),
		bad("own child", attrs{"nodes_truenodeids": []int64{0, 0, 0, 1, 0, 0}}, "hang below no root"),
		bad("cycle", attrs{"nodes_modes": leafless, "nodes_truenodeids": []int64{1, 0, 0, 1, 0, 0}, "nodes_falsenodeids": []int64{2, 0, 0, 2, 0, 0}}, "two parents"),
		bad("two roots", attrs{"nodes_modes": strings.Split("LEAF LEAF LEAF LEAF LEAF LEAF", " ")}, "tree 0 has two roots"),
		bad("same node twice", attrs{"nodes_nodeids": []int64{0, 1, 1, 0, 1, 2}}, "tree 0 has two nodes 1"),
		bad("negative feature", attrs{"nodes_featureids": []int64{-1, 0, 0, 1, 0, 0}}, "feature -1 is out of range"),
		bad("mode", attrs{"nodes_modes": strings.Split("BRANCH LEAF LEAF LEAF LEAF LEAF", " ")}, `mode "BRANCH" is not known`),
		bad("short values", attrs{"nodes_values": []float32{1}}, `"nodes_values" has 1 entries, expected 6`),
		bad("short flags", attrs{"nodes_missing_value_tracks_true": []int64{1}}, "has 1 entries, expected none or 6"),
		bad("no nodes", attrs{"nodes_nodeids": []int64{}}, "the trees have 0 nodes"),
		bad("weight of a branch", attrs{"target_nodeids": []int64{0, 2, 1, 2}}, "has a weight, but is no leaf"),
		bad("weight of nothing", attrs{"target_nodeids": []int64{7, 2, 1, 2}}, "has a weight, but is no leaf"),
		bad("target", attrs{"target_ids": []int64{0, 0, 0, 1}}, "weighs for score 1, expected 0 to 0"),
		bad("short weights", attrs{"target_weights": []float32{1}}, "and 1 weights"),
		bad("targets", attrs{"n_targets": 0}, "n_targets is 0"),
		bad("aggregate", attrs{"aggregate_function": "MEDIAN"}, `"MEDIAN" is not known`),
		bad("transform", attrs{"post_transform": "CUBE"}, `post_transform "CUBE" is not known`),
		bad("base", attrs{"base_values": []float32{1, 2}}, "base_values has 2 entries"),
	})
}

func TestTreeClassifier(t *testing.T) {
	base := with(stumps("class"), attrs{"classlabels_int64s": []int64{7, 8}})
	scores := func(label int64, v ...float32) []Tensor { return []Tensor{ivec(label), floats([]int{1, len(v)}, v...)} }
	share := with(base, attrs{"class_weights": []float32{0.1, 0.4, 0.1, 0.4}})
	mixed := with(base, attrs{"class_weights": []float32{-1, 1, -1, 2}})
	both := with(base, attrs{"class_ids": []int64{0, 1, 0, 1}})
	three := with(base, attrs{"classlabels_int64s": []int64{7, 8, 9}, "class_ids": []int64{0, 1, 2, 2}})
	low, high := vec(0, 0), vec(1, 2)
	runOps(t, []opCase{
		{op: classifier, name: "one probability, low", attrs: share, in: []Tensor{low}, want: scores(7, 0.8, 0.2)},
		{op: classifier, name: "one probability, high", attrs: share, in: []Tensor{high}, want: scores(8, 0.2, 0.8)},
		{op: classifier, name: "one margin, low", attrs: mixed, in: []Tensor{low}, want: scores(7, 2, -2)},
		{op: classifier, name: "one margin, high", attrs: mixed, in: []Tensor{high}, want: scores(8, -3, 3)},
		{op: classifier, name: "logistic", attrs: with(mixed, attrs{"post_transform": "LOGISTIC"}), in: []Tensor{low}, want: scores(7, 0.880797, 0.11920292)},
		{op: classifier, name: "logistic with base", attrs: with(mixed, attrs{"post_transform": "LOGISTIC", "base_values": []float32{4}}), in: []Tensor{low}, want: scores(8, 0.11920292, 0.880797)},
		{op: classifier, name: "both classes", attrs: both, in: []Tensor{vec(1, 1)}, want: scores(7, 10, 2)},
		{op: classifier, name: "labels only", attrs: both, in: []Tensor{floats([]int{2, 2}, 1, 1, 1, 2)}, want: []Tensor{ivec(7, 8)}},
		{op: classifier, name: "three classes", attrs: three, in: []Tensor{vec(1, 1)}, want: scores(9, 0, 2, 10)},
		{op: classifier, name: "softmax", attrs: with(three, attrs{"post_transform": "SOFTMAX", "base_values": []float32{0, -2, -10}}), in: []Tensor{vec(1, 1)}, want: scores(7, 1/3.0, 1/3.0, 1/3.0)},
		{op: classifier, name: "probit of one", attrs: with(mixed, attrs{"post_transform": "PROBIT"}), in: []Tensor{low}, want: scores(7, 0), err: "PROBIT of a single score"},
		{op: classifier, name: "base", attrs: with(three, attrs{"base_values": []float32{0}}), in: []Tensor{low}, want: scores(7, 0), err: "base_values has 1 entries"},
		{op: classifier, name: "text labels", attrs: with(stumps("class"), attrs{"classlabels_strings": []string{"a", "b"}, "class_ids": []int64{0, 1, 0, 1}}), in: []Tensor{vec(1, 1)}, want: []Tensor{texts([]int{1}, "a"), floats([]int{1, 2}, 10, 2)}},
		{op: classifier, name: "labels of both kinds", attrs: with(base, attrs{"classlabels_strings": []string{"a"}}), in: []Tensor{low}, want: scores(7, 0), err: "either numbers or texts"},
		{op: classifier, name: "no labels", attrs: stumps("class"), in: []Tensor{low}, want: scores(7, 0), err: "either numbers or texts"},
	})
}
