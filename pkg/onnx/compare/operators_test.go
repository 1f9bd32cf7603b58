//go:build ort

package compare

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/onnxtest"
	"github.com/repli-mesh/repli/pkg/onnx/ort"
)

// single is a graph of one operator, of inputs by which both engines are asked.
type single struct {
	op      string // "ml:" before it for ai.onnx.ml
	opset   int64  // of its own domain
	attrs   map[string]any
	in      []onnx.Tensor
	fixed   int // how many inputs, from the last on, are constants
	outputs []onnx.Dtype
}

func (c single) String() string {
	return fmt.Sprintf("%s at %d %v of %v", c.op, c.opset, c.attrs, c.in)
}

// file writes the graph.
func (c single) file() []byte {
	opset, ml := c.opset, int64(0)
	if c.op[:3] == "ml:" {
		opset, ml = 17, c.opset
	}
	m := onnxtest.New(opset, ml)
	var in, out []string
	for i, t := range c.in {
		if i >= len(c.in)-c.fixed {
			in = append(in, m.Constant(t))
			continue
		}
		dims := slices.Repeat([]int{-1}, len(t.Shape))
		in = append(in, m.Input(fmt.Sprintf("in%d", i), t.Dtype(), dims...))
	}
	for i, dtype := range c.outputs {
		out = append(out, fmt.Sprintf("out%d", i))
		m.Output(out[i], dtype)
	}
	m.Put(c.op, c.attrs, in, out)
	return m.Bytes()
}

// check runs the operator in both engines.
func (c single) check(t *testing.T) {
	t.Helper()
	model := c.file()
	names, inputs := []string{}, map[string]onnx.Tensor{}
	for i, tensor := range c.in[:len(c.in)-c.fixed] {
		names = append(names, fmt.Sprintf("in%d", i))
		inputs[names[i]] = tensor
	}
	var outputs []string
	for i := range c.outputs {
		outputs = append(outputs, fmt.Sprintf("out%d", i))
	}
	session, err := ort.Open(os.Getenv("REPLI_ONNXRUNTIME"), model, names, outputs)
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	defer session.Close()
	want, err := session.Run(t.Context(), c.in[:len(names)])
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	g, err := onnx.Load(model)
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	got, err := g.Run(t.Context(), inputs)
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	for i, name := range outputs {
		if err := alike(got[name], want[i]); err != nil {
			t.Errorf("%v: output %d: %v", c, i, err)
		}
	}
}

func alike(got, want onnx.Tensor) error {
	if !slices.Equal(got.Shape, want.Shape) || !slices.Equal(got.Ints, want.Ints) || !slices.Equal(got.Bools, want.Bools) ||
		!slices.Equal(got.Strings, want.Strings) {
		return fmt.Errorf("got %v, onnxruntime gives %v", got, want)
	}
	return near("the graph", got.Floats, want.Floats)
}

var nan = float32(math.NaN())

func floats(shape []int, values ...float32) onnx.Tensor {
	return onnx.Tensor{Shape: shape, Floats: values}
}

func ints(shape []int, values ...int64) onnx.Tensor { return onnx.Tensor{Shape: shape, Ints: values} }

func texts(shape []int, values ...string) onnx.Tensor {
	return onnx.Tensor{Shape: shape, Strings: values}
}

// grid are normal numbers in rows.
func grid(r *rand.Rand, rows, width int) onnx.Tensor {
	return floats([]int{rows, width}, normal(r, rows*width)...)
}

func normal(r *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(r.NormFloat64())
	}
	return out
}

func joined(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

var (
	oneFloat   = []onnx.Dtype{onnx.Float32}
	oneInt     = []onnx.Dtype{onnx.Int64}
	oneText    = []onnx.Dtype{onnx.String}
	classified = []onnx.Dtype{onnx.Int64, onnx.Float32}
)

func TestEncodersAgree(t *testing.T) {
	words, numbers := texts([]int{2, 3}, "a", "b", "", "d", "c", "b"), ints([]int{2, 2}, 1, 2, 7, -1)
	x := floats([]int{4}, 1, nan, 2.5, 9)
	letters := map[string]any{"keys_strings": []string{"a", "b", "b"}, "values_int64s": []int64{5, 6, 7}}
	classes := map[string]any{"classes_strings": []string{"a", "b", "c"}}
	categories := map[string]any{"cats_strings": []string{"a", "b", "c"}, "cats_int64s": []int64{1, 2, 3}}
	for _, c := range []single{
		{op: "ml:LabelEncoder", opset: 1, attrs: classes, in: []onnx.Tensor{words}, outputs: oneInt},
		{op: "ml:LabelEncoder", opset: 1, attrs: classes, in: []onnx.Tensor{numbers}, outputs: oneText},
		{op: "ml:LabelEncoder", opset: 2, attrs: letters, in: []onnx.Tensor{words}, outputs: oneInt},
		{op: "ml:LabelEncoder", opset: 4, attrs: letters, in: []onnx.Tensor{words}, outputs: oneInt},
		{op: "ml:LabelEncoder", opset: 3, attrs: map[string]any{"keys_int64s": []int64{1, 2}, "values_strings": []string{"x", "y"}}, in: []onnx.Tensor{numbers}, outputs: oneText},
		{op: "ml:LabelEncoder", opset: 2, attrs: map[string]any{"keys_floats": []float32{1, nan}, "values_floats": []float32{10, 20}}, in: []onnx.Tensor{x}, outputs: oneFloat},
		{op: "ml:LabelEncoder", opset: 4, attrs: map[string]any{"keys_floats": []float32{1, nan}, "values_floats": []float32{10, 20}, "default_float": float32(3)}, in: []onnx.Tensor{x}, outputs: oneFloat},
		{op: "ml:LabelEncoder", opset: 4, attrs: map[string]any{
			"keys_tensor": texts([]int{2}, "a", "b"), "values_tensor": floats([]int{2}, 1, 2), "default_tensor": floats([]int{1}, 42),
		}, in: []onnx.Tensor{words}, outputs: oneFloat},
		{op: "ml:CategoryMapper", opset: 1, attrs: categories, in: []onnx.Tensor{words}, outputs: oneInt},
		{op: "ml:CategoryMapper", opset: 1, attrs: joined(categories, map[string]any{"default_string": "?"}), in: []onnx.Tensor{numbers}, outputs: oneText},
		{op: "ml:OneHotEncoder", opset: 1, attrs: map[string]any{"cats_int64s": []int64{7, 2, 1}}, in: []onnx.Tensor{numbers}, outputs: oneFloat},
		{op: "ml:OneHotEncoder", opset: 1, attrs: map[string]any{"cats_int64s": []int64{7, 2, 1}}, in: []onnx.Tensor{floats([]int{3}, 2.9, 7, -4)}, outputs: oneFloat},
		{op: "ml:OneHotEncoder", opset: 1, attrs: map[string]any{"cats_strings": []string{"b", "", "b"}}, in: []onnx.Tensor{words}, outputs: oneFloat},
		{op: "ml:Binarizer", opset: 1, attrs: map[string]any{"threshold": float32(1)}, in: []onnx.Tensor{grid(rand.New(rand.NewPCG(1, 1)), 5, 3)}, outputs: oneFloat},
		{op: "ml:ArrayFeatureExtractor", opset: 1, in: []onnx.Tensor{words, ints([]int{1, 2}, 2, 0)}, outputs: oneText},
		{op: "ml:ArrayFeatureExtractor", opset: 1, in: []onnx.Tensor{x, ints([]int{2}, 2, 0)}, fixed: 1, outputs: oneFloat},
	} {
		c.check(t)
	}
}

func TestSupportVectorsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, kernel := range []string{"LINEAR", "POLY", "RBF", "SIGMOID"} {
		for _, classes := range []int{2, 3, 5} {
			const features = 4
			var labels, sizes []int64
			total := 0
			for i := range classes {
				labels, sizes = append(labels, int64(10+i)), append(sizes, int64(1+r.IntN(4)))
				total += int(sizes[i])
			}
			pairs := classes * (classes - 1) / 2
			shared := map[string]any{
				"kernel_type": kernel, "kernel_params": []float32{0.3, 0.5, 2},
				"support_vectors": normal(r, total*features),
			}
			classifier := joined(shared, map[string]any{
				"classlabels_ints": labels, "vectors_per_class": sizes,
				"coefficients": normal(r, (classes-1)*total), "rho": normal(r, pairs),
			})
			probabilities := joined(classifier, map[string]any{"prob_a": normal(r, pairs), "prob_b": normal(r, pairs)})
			regressor := joined(shared, map[string]any{"n_supports": int64(total), "coefficients": normal(r, total), "rho": normal(r, 1)})
			for _, c := range []single{
				{op: "ml:SVMRegressor", opset: 1, attrs: regressor, outputs: oneFloat},
				{op: "ml:SVMRegressor", opset: 1, attrs: joined(regressor, map[string]any{"one_class": int64(1)}), outputs: oneFloat},
				{op: "ml:SVMClassifier", opset: 1, attrs: classifier, outputs: classified},
				{op: "ml:SVMClassifier", opset: 1, attrs: probabilities, outputs: classified},
				{op: "ml:SVMClassifier", opset: 1, attrs: joined(probabilities, map[string]any{"post_transform": "SOFTMAX"}), outputs: classified},
			} {
				c.in = []onnx.Tensor{grid(r, 7, features)}
				c.check(t)
			}
		}
	}
	linear := map[string]any{"kernel_type": "LINEAR", "kernel_params": []float32{0, 0, 0}, "coefficients": normal(r, 4), "rho": normal(r, 1)}
	single{op: "ml:SVMRegressor", opset: 1, attrs: linear, in: []onnx.Tensor{grid(r, 7, 4)}, outputs: oneFloat}.check(t)
}

func TestClassifiersWithTextLabelsAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	both := []onnx.Dtype{onnx.String, onnx.Float32}
	for _, classes := range [][]string{{"no", "yes"}, {"a", "b", "c"}} {
		n := len(classes)
		single{op: "ml:LinearClassifier", opset: 1, attrs: map[string]any{
			"coefficients": normal(r, 4*n), "intercepts": normal(r, n), "classlabels_strings": classes, "post_transform": "SOFTMAX",
		}, in: []onnx.Tensor{grid(r, 9, 4)}, outputs: both}.check(t)
	}
	for _, weights := range [][]float32{{0.1, 0.2, 0.3, 0.4}, {-1, 1, -1, 0.5}} {
		for _, post := range []string{"NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"} {
			single{op: "ml:TreeEnsembleClassifier", opset: 3, attrs: map[string]any{
				"nodes_treeids": []int64{0, 0, 0, 1, 1, 1}, "nodes_nodeids": []int64{0, 1, 2, 0, 1, 2}, "nodes_featureids": []int64{0, 0, 0, 1, 0, 0},
				"nodes_values": []float32{0, 0, 0, 0.5, 0, 0}, "nodes_modes": []string{"BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF"},
				"nodes_truenodeids": []int64{1, 0, 0, 1, 0, 0}, "nodes_falsenodeids": []int64{2, 0, 0, 2, 0, 0},
				"class_treeids": []int64{0, 0, 1, 1}, "class_nodeids": []int64{1, 2, 1, 2}, "class_ids": []int64{0, 0, 0, 0}, "class_weights": weights,
				"classlabels_strings": []string{"no", "yes"}, "post_transform": post,
			}, in: []onnx.Tensor{grid(r, 9, 2)}, outputs: both}.check(t)
		}
	}
}

// TestTreeEnsembleAgrees takes every mode of branches of the operator set's version 5, every aggregate, and the transforms of which
// ONNX and onnxruntime think the same.
func TestTreeEnsembleAgrees(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for mode := range int64(7) {
		for aggregate := range int64(4) {
			for _, post := range []int64{0, 3, 4} {
				a := randomEnsemble(r, 3, mode)
				a["aggregate_function"], a["post_transform"] = aggregate, post
				x := floats([]int{12, 3})
				for range 36 {
					x.Floats = append(x.Floats, float32(r.IntN(5)))
				}
				x.Floats[r.IntN(36)] = nan
				single{op: "ml:TreeEnsemble", opset: 5, attrs: a, in: []onnx.Tensor{x}, outputs: oneFloat}.check(t)
			}
		}
	}
}

// randomEnsemble makes trees of three branches over features, with a mode for all of them or, where it asks for sets, some.
func randomEnsemble(r *rand.Rand, features int, mode int64) map[string]any {
	const trees, targets = 4, 2
	var lists [5][]int64
	var splits, weights, members []float32
	var targetIDs, roots, missing []int64
	var modes []byte
	for tree := range int64(trees) {
		first, leaf := 3*tree, 4*tree
		roots = append(roots, first)
		for k, list := range [][]int64{{}, {first + 1, leaf, leaf + 2}, {0, 1, 1}, {first + 2, leaf + 1, leaf + 3}, {0, 1, 1}} {
			lists[k] = append(lists[k], list...)
		}
		for range 3 {
			lists[0] = append(lists[0], int64(r.IntN(features)))
			m := mode
			if mode == 6 && r.IntN(2) == 0 {
				m = 0
			}
			if m == 6 {
				members = append(append(members, []float32{0, 1, 2, 3, 4}[:1+r.IntN(4)]...), nan)
			}
			modes, splits = append(modes, byte(m)), append(splits, float32(r.IntN(5)))
			missing = append(missing, int64(r.IntN(2)))
		}
		for range 4 {
			targetIDs, weights = append(targetIDs, tree%targets), append(weights, float32(r.IntN(100)+1)/128)
		}
	}
	a := map[string]any{
		"n_targets": int64(targets), "tree_roots": roots, "nodes_modes": modes,
		"nodes_featureids": lists[0], "nodes_splits": floats([]int{len(splits)}, splits...), "nodes_missing_value_tracks_true": missing,
		"nodes_truenodeids": lists[1], "nodes_trueleafs": lists[2], "nodes_falsenodeids": lists[3], "nodes_falseleafs": lists[4],
		"leaf_targetids": targetIDs, "leaf_weights": floats([]int{len(weights)}, weights...),
	}
	if len(members) > 0 {
		a["membership_values"] = floats([]int{len(members)}, members...)
	}
	return a
}
