package onnx

import (
	"testing"
)

const encoderOp = mlDomain + ":LabelEncoder"

func TestLabelEncoder(t *testing.T) {
	words := texts([]int{5}, "a", "b", "d", "c", "g")
	letters := attrs{"keys_strings": []string{"a", "b", "c"}, "values_int64s": []int64{0, 1, 2}}
	tensors := attrs{"keys_tensor": texts([]int{3}, "a", "b", "c"), "values_tensor": ivec(0, 1, 2), "default_tensor": ivec(42)}
	x := floats([]int{2, 2}, 1, nan, 2, 7)
	runOps(t, []opCase{
		// ONNX's own: test_ai_onnx_ml_label_encoder_string_int, _string_int_no_default and _tensor_mapping.
		{op: encoderOp, ml: 4, name: "default", attrs: with(letters, attrs{"default_int64": 42}), in: []Tensor{words}, want: []Tensor{ivec(0, 1, 42, 2, 42)}},
		{op: encoderOp, ml: 4, name: "no default", attrs: letters, in: []Tensor{words}, want: []Tensor{ivec(0, 1, -1, 2, -1)}},
		{op: encoderOp, ml: 4, name: "tensors", attrs: tensors, in: []Tensor{words}, want: []Tensor{ivec(0, 1, 42, 2, 42)}},

		{op: encoderOp, ml: 2, name: "numbers to words", attrs: attrs{"keys_int64s": []int64{1, 2}, "values_strings": []string{"x", "y"}}, in: []Tensor{ivec(2, 3, 1)}, want: []Tensor{texts([]int{3}, "y", "_Unused", "x")}},
		{op: encoderOp, ml: 2, name: "NaN is no key before version 4", attrs: attrs{"keys_floats": []float32{1, 2, nan}, "values_floats": []float32{10, 20, 30}}, in: []Tensor{x}, want: []Tensor{floats([]int{2, 2}, 10, 0, 20, 0)}},
		{op: encoderOp, ml: 4, name: "floats to floats", attrs: attrs{"keys_floats": []float32{1, 2, nan}, "values_floats": []float32{10, 20, 30}}, in: []Tensor{x}, want: []Tensor{floats([]int{2, 2}, 10, 30, 20, 0)}},
		{op: encoderOp, ml: 2, name: "NaN without a key", attrs: attrs{"keys_floats": []float32{1}, "values_floats": []float32{10}, "default_float": float32(5)}, in: []Tensor{x}, want: []Tensor{floats([]int{2, 2}, 10, 5, 5, 5)}},
		{op: encoderOp, ml: 2, name: "the first of equal keys", attrs: attrs{"keys_int64s": []int64{1, 1}, "values_int64s": []int64{5, 6}}, in: []Tensor{ivec(1)}, want: []Tensor{ivec(5)}},
		{op: encoderOp, ml: 2, name: "nothing", attrs: letters, in: []Tensor{texts([]int{0})}, want: []Tensor{ivec()}},
		{op: encoderOp, ml: 1, name: "classes to numbers", attrs: attrs{"classes_strings": []string{"a", "b"}, "default_int64": 9}, in: []Tensor{words}, want: []Tensor{ivec(0, 1, 9, 9, 9)}},
		{op: encoderOp, ml: 1, name: "numbers to classes", attrs: attrs{"classes_strings": []string{"a", "b"}}, in: []Tensor{ivec(1, 2)}, want: []Tensor{texts([]int{2}, "b", "_Unused")}},

		{op: encoderOp, ml: 1, name: "of floats", attrs: attrs{"classes_strings": []string{"a"}}, in: []Tensor{x}, err: "is float32, expected [string int64]"},
		{op: encoderOp, ml: 1, name: "no classes", in: []Tensor{words}, err: "0 texts for 0 numbers"},
		{op: encoderOp, ml: 2, name: "lengths", attrs: with(letters, attrs{"values_int64s": []int64{1}}), in: []Tensor{words}, err: "3 keys and 1 values"},
		{op: encoderOp, ml: 2, name: "no keys", attrs: attrs{"values_int64s": []int64{1}}, in: []Tensor{words}, err: "0 lists of keys"},
		{op: encoderOp, ml: 2, name: "two lists of keys", attrs: with(letters, attrs{"keys_int64s": []int64{1, 2, 3}}), in: []Tensor{words}, err: "2 lists of keys"},
		{op: encoderOp, ml: 2, name: "dtype", attrs: letters, in: []Tensor{x}, err: "is float32, expected [string]"},
		{op: encoderOp, ml: 4, name: "keys of bools", attrs: attrs{"keys_tensor": bools([]int{1}, true), "values_tensor": ivec(1)}, in: []Tensor{bools([]int{1}, true)}, err: "1 lists of keys"},
		{op: encoderOp, ml: 4, name: "default of another type", attrs: with(tensors, attrs{"default_tensor": vec(1)}), in: []Tensor{words}, err: "default_tensor has 1 elements of float32, expected one of int64"},
		{op: encoderOp, ml: 4, name: "tensor for a list", attrs: with(letters, attrs{"keys_strings": texts([]int{1}, "a")}), in: []Tensor{words}, err: `attribute "keys_strings" is a tensor`},
		{op: encoderOp, ml: 4, name: "list for a tensor", attrs: with(letters, attrs{"keys_tensor": []string{"a"}}), in: []Tensor{words}, err: `attribute "keys_tensor" is a []string, expected a tensor`},
	})
}

func TestCategoryMapper(t *testing.T) {
	const op = mlDomain + ":CategoryMapper"
	both := attrs{"cats_strings": []string{"a", "b"}, "cats_int64s": []int64{5, 7}}
	runOps(t, []opCase{
		{op: op, name: "words", attrs: both, in: []Tensor{texts([]int{1, 2}, "b", "c")}, want: []Tensor{ints([]int{1, 2}, 7, -1)}},
		{op: op, name: "numbers", attrs: with(both, attrs{"default_string": "none"}), in: []Tensor{ivec(5, 6)}, want: []Tensor{texts([]int{2}, "a", "none")}},
		{op: op, name: "lengths", attrs: with(both, attrs{"cats_int64s": []int64{5}}), in: []Tensor{ivec(5)}, err: "2 texts for 1 numbers"},
	})
}

func TestOneHotEncoder(t *testing.T) {
	const op = mlDomain + ":OneHotEncoder"
	numbers := attrs{"cats_int64s": []int64{3, 1}}
	runOps(t, []opCase{
		{op: op, name: "numbers", attrs: numbers, in: []Tensor{ints([]int{2, 1}, 1, 4)}, want: []Tensor{floats([]int{2, 1, 2}, 0, 1, 0, 0)}},
		{op: op, name: "floats are cut off", attrs: numbers, in: []Tensor{vec(3.7)}, want: []Tensor{floats([]int{1, 2}, 1, 0)}},
		{op: op, name: "words", attrs: attrs{"cats_strings": []string{"x", "y"}, "zeros": 0}, in: []Tensor{texts([]int{2}, "y", "x")}, want: []Tensor{floats([]int{2, 2}, 0, 1, 1, 0)}},
		{op: op, name: "no rows", attrs: numbers, in: []Tensor{ints([]int{0, 3})}, want: []Tensor{floats([]int{0, 3, 2})}},
		{op: op, name: "unknown", attrs: with(numbers, attrs{"zeros": 0}), in: []Tensor{ivec(3, 4)}, want: []Tensor{vec()}, err: "element 1: 4 is no category"},
		{op: op, name: "nothing", in: []Tensor{ivec(3)}, err: "expected either cats_int64s or cats_strings"},
		{op: op, name: "both", attrs: with(numbers, attrs{"cats_strings": []string{"x"}}), in: []Tensor{ivec(3)}, err: "expected either"},
		{op: op, name: "dtype", attrs: numbers, in: []Tensor{texts([]int{1}, "x")}, err: "is string, expected [int64 float32]"},
		{op: op, name: "rank", attrs: numbers, in: []Tensor{ints([]int{1, 1, 1, 1, 1, 1, 1, 1}, 3)}, want: []Tensor{vec()}, err: "more than 8 dimensions"},
	})
}

func TestFeatures(t *testing.T) {
	const extractor, binarizer, zip = mlDomain + ":ArrayFeatureExtractor", mlDomain + ":Binarizer", mlDomain + ":ZipMap"
	grid := floats([]int{3, 4}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	labels := attrs{"classlabels_int64s": []int64{0, 1}}
	runOps(t, []opCase{
		// ONNX's own: test_ai_onnx_ml_array_feature_extractor and test_ai_onnx_ml_binarizer.
		{op: extractor, name: "two columns", in: []Tensor{grid, ivec(0, 1)}, want: []Tensor{floats([]int{3, 2}, 0, 1, 4, 5, 8, 9)}},
		{op: binarizer, name: "above 1", attrs: attrs{"threshold": float32(1)}, in: []Tensor{floats([]int{2, 2}, 1, 1.5, nan, -3)}, want: []Tensor{floats([]int{2, 2}, 0, 1, 0, 0)}},

		{op: extractor, name: "a vector is a row", in: []Tensor{texts([]int{3}, "a", "b", "c"), ivec(2, 2)}, want: []Tensor{texts([]int{1, 2}, "c", "c")}},
		{op: extractor, name: "beyond", in: []Tensor{grid, ivec(4)}, err: "feature 4 is out of range for 4"},
		{op: extractor, name: "from the end", in: []Tensor{grid, ivec(-1)}, err: "feature -1 is out of range"},
		{op: extractor, name: "none", in: []Tensor{grid, ivec()}, err: "0 features"},
		{op: extractor, name: "scalar", in: []Tensor{floats([]int{}, 1), ivec(0)}, err: "expected one or more of one dimension"},
		{op: extractor, name: "index dtype", in: []Tensor{grid, vec(0)}, err: "input 1"},
		{op: binarizer, name: "dtype", in: []Tensor{ivec(1)}, err: "is int64, expected [float32]"},
		{op: zip, name: "rows", attrs: labels, in: []Tensor{floats([]int{1, 2}, 0.25, 0.75)}, want: []Tensor{floats([]int{1, 2}, 0.25, 0.75)}},
		{op: zip, name: "a vector is a row", attrs: attrs{"classlabels_strings": []string{"a", "b"}}, in: []Tensor{vec(0.25, 0.75)}, want: []Tensor{floats([]int{1, 2}, 0.25, 0.75)}},
		{op: zip, name: "labels", attrs: labels, in: []Tensor{vec(1, 2, 3)}, err: "has 3 columns, expected one for each of 2 labels"},
		{op: zip, name: "no labels", in: []Tensor{vec(1)}, err: "either numbers or texts"},
	})
}

// writeMaps declares an output that is a sequence of maps from int64 to float32.
func writeMaps(name string) []byte {
	number := appendMessage(nil, 1, appendVarint(nil, 1, 1))
	maps := appendMessage(appendVarint(nil, 1, 7), 2, number)
	sequence := appendMessage(nil, 1, appendMessage(nil, 5, maps))
	return appendMessage(appendMessage(nil, 1, []byte(name)), 2, appendMessage(nil, 4, sequence))
}

func TestMapsAreThoseOfZipMap(t *testing.T) {
	t.Parallel()
	zip := writeNode("zip", mlDomain+":ZipMap", []string{"x"}, []string{"maps"}, attrs{"classlabels_int64s": []int64{0, 1}})
	load := func(change func(m *testModel)) (*Graph, error) {
		return Load(damaged(func(m *testModel) {
			m.mlOpset, m.nodes = 3, append(m.nodes, zip)
			change(m)
		}))
	}
	g, err := load(func(m *testModel) { m.outputs = append(m.outputs, writeMaps("maps")) })
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.Run(t.Context(), map[string]Tensor{"x": floats([]int{2, 2}, 1, 2, 3, 4)})
	if err != nil {
		t.Fatal(err)
	}
	if err := compare(got["maps"], floats([]int{2, 2}, 1, 2, 3, 4)); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]struct {
		change func(m *testModel)
		want   string
	}{
		"output of another node": {func(m *testModel) { m.outputs = [][]byte{writeMaps("y")} }, `output "y": is not a tensor`},
		"input":                  {func(m *testModel) { m.inputs = append(m.inputs, writeMaps("m")) }, `input "m": is not a tensor`},
		"input of a node":        {func(m *testModel) { m.nodes = append(m.nodes, nodeOf("Neg", "maps", "z", nil)) }, `node "extra" (Neg): input 0 ("maps"): nothing takes the maps`},
	} {
		if _, err := load(c.change); !hasText(err, c.want) {
			t.Errorf("%s: error is %v, expected one with %q", name, err, c.want)
		}
	}
}
