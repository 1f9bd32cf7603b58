package onnx

import "testing"

func TestLinear(t *testing.T) {
	x := floats([]int{2, 2}, 1, 2, 3, 4)
	two := attrs{"coefficients": []float32{1, 0, 0, 1}, "intercepts": []float32{0, -1}}
	regress := func(more attrs) attrs { return with(with(two, attrs{"targets": 2}), more) }
	classify := func(more attrs) attrs { return with(with(two, attrs{"classlabels_ints": []int64{5, 6}}), more) }
	runOps(t, []opCase{
		{op: "ai.onnx.ml:LinearRegressor", name: "two", attrs: regress(nil), in: []Tensor{x}, want: []Tensor{floats([]int{2, 2}, 1, 1, 3, 3)}},
		{op: "ai.onnx.ml:LinearRegressor", name: "one", attrs: attrs{"coefficients": []float32{1, 10}}, in: []Tensor{vec(1, 2)}, want: []Tensor{floats([]int{1, 1}, 21)}},
		{op: "ai.onnx.ml:LinearRegressor", name: "logistic", attrs: regress(attrs{"post_transform": "LOGISTIC"}), in: []Tensor{vec(0, 1)}, want: []Tensor{floats([]int{1, 2}, 0.5, 0.5)}},
		{op: "ai.onnx.ml:LinearRegressor", name: "width", attrs: regress(nil), in: []Tensor{vec(1, 2, 3)}, err: "has 3 features, expected 2"},
		{op: "ai.onnx.ml:LinearRegressor", name: "coefficients", attrs: regress(attrs{"targets": 3}), in: []Tensor{x}, err: "expected a multiple of 3"},
		{op: "ai.onnx.ml:LinearRegressor", name: "intercepts", attrs: regress(attrs{"intercepts": []float32{1}}), in: []Tensor{x}, err: "intercepts has 1 entries"},
		{op: "ai.onnx.ml:LinearRegressor", name: "targets", attrs: regress(attrs{"targets": -1}), in: []Tensor{x}, err: "targets is -1"},
		{op: "ai.onnx.ml:LinearClassifier", name: "none", attrs: classify(nil), in: []Tensor{floats([]int{2, 2}, 1, 1, 1, 3)}, want: []Tensor{ivec(5, 6), floats([]int{2, 2}, 1, 0, 1, 2)}},
		{
			op: "ai.onnx.ml:LinearClassifier", name: "softmax", attrs: classify(attrs{"post_transform": "SOFTMAX", "multi_class": 1}),
			in: []Tensor{vec(0, 2)}, want: []Tensor{ivec(6), floats([]int{1, 2}, 0.26894143, 0.7310586)},
		},
		{op: "ai.onnx.ml:LinearClassifier", name: "no labels", attrs: two, in: []Tensor{x}, want: []Tensor{ivec()}, err: "either numbers or texts"},
		{op: "ai.onnx.ml:LinearClassifier", name: "text labels", attrs: with(two, attrs{"classlabels_strings": []string{"no", "yes"}}), in: []Tensor{vec(1, 3)}, want: []Tensor{texts([]int{1}, "yes"), floats([]int{1, 2}, 1, 2)}},
		{op: "ai.onnx.ml:LinearClassifier", name: "single row", attrs: classify(attrs{"coefficients": []float32{1}}), in: []Tensor{x}, want: []Tensor{ivec()}, err: "expected a multiple of 2"},
	})
}

func TestScale(t *testing.T) {
	x := floats([]int{2, 2}, 1, 2, 3, 4)
	runOps(t, []opCase{
		{op: "ai.onnx.ml:Scaler", name: "each", attrs: attrs{"offset": []float32{1, 2}, "scale": []float32{10, 100}}, in: []Tensor{x}, want: []Tensor{floats([]int{2, 2}, 0, 0, 20, 200)}},
		{op: "ai.onnx.ml:Scaler", name: "one", attrs: attrs{"offset": []float32{1}, "scale": []float32{2}}, in: []Tensor{ints([]int{1, 2}, 1, 2)}, want: []Tensor{floats([]int{1, 2}, 0, 2)}},
		{op: "ai.onnx.ml:Scaler", name: "width", attrs: attrs{"offset": []float32{1, 2, 3}, "scale": []float32{2}}, in: []Tensor{x}, err: `"offset" has 3 entries, expected 1 or 2`},
		{op: "ai.onnx.ml:Scaler", name: "scalar", attrs: attrs{"offset": []float32{1}, "scale": []float32{2}}, in: []Tensor{floats([]int{}, 1)}, err: "is a scalar"},
		{op: "ai.onnx.ml:Imputer", name: "NaN", attrs: attrs{"imputed_value_floats": []float32{7, 8}}, in: []Tensor{floats([]int{2, 2}, nan, 1, 2, nan)}, want: []Tensor{floats([]int{2, 2}, 7, 1, 2, 8)}},
		{op: "ai.onnx.ml:Imputer", name: "value", attrs: attrs{"imputed_value_floats": []float32{7}, "replaced_value_float": float32(-1)}, in: []Tensor{floats([]int{1, 2}, -1, 1)}, want: []Tensor{floats([]int{1, 2}, 7, 1)}},
		{op: "ai.onnx.ml:Normalizer", name: "max", in: []Tensor{floats([]int{2, 2}, 2, -4, 0, 0)}, want: []Tensor{floats([]int{2, 2}, 1, -2, 0, 0)}},
		{op: "ai.onnx.ml:Normalizer", name: "L1", attrs: attrs{"norm": "L1"}, in: []Tensor{vec(1, -3)}, want: []Tensor{vec(0.25, -0.75)}},
		{op: "ai.onnx.ml:Normalizer", name: "L2", attrs: attrs{"norm": "L2"}, in: []Tensor{vec(3, 4)}, want: []Tensor{vec(0.6, 0.8)}},
		{op: "ai.onnx.ml:Normalizer", name: "L3", attrs: attrs{"norm": "L3"}, in: []Tensor{vec(3, 4)}, err: `norm "L3" is not known`},
		{
			op: "ai.onnx.ml:FeatureVectorizer", name: "two", attrs: attrs{"inputdimensions": []int64{2, 1}},
			in: []Tensor{x, ints([]int{2, 1}, 7, 8)}, want: []Tensor{floats([]int{2, 3}, 1, 2, 7, 3, 4, 8)},
		},
		{op: "ai.onnx.ml:FeatureVectorizer", name: "width", attrs: attrs{"inputdimensions": []int64{3}}, in: []Tensor{x}, err: "input 0 has 2 features, expected 3"},
		{op: "ai.onnx.ml:FeatureVectorizer", name: "count", attrs: attrs{"inputdimensions": []int64{3, 1}}, in: []Tensor{x}, err: "has 2 entries, expected 1"},
	})
}
