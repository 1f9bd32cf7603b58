package onnx

import "testing"

func TestSVM(t *testing.T) {
	const regressor, classifier = mlDomain + ":SVMRegressor", mlDomain + ":SVMClassifier"
	linear := attrs{"coefficients": []float32{1, 2}, "rho": []float32{0.5}}
	two := attrs{
		"kernel_type": "RBF", "kernel_params": []float32{1, 0, 0}, "support_vectors": []float32{0, 0, 1, 1}, "n_supports": 2,
		"coefficients": []float32{1, -1}, "rho": []float32{0},
	}
	classes := attrs{
		"support_vectors": []float32{1, 0, 0, 1}, "vectors_per_class": []int64{1, 1}, "coefficients": []float32{1, -1}, "rho": []float32{0},
		"classlabels_ints": []int64{5, 6},
	}
	x := floats([]int{2, 2}, 2, 1, 1, 3)
	bad := func(op, name string, base, change attrs, err string) opCase {
		return opCase{op: op, name: name, attrs: with(base, change), in: []Tensor{x}, want: []Tensor{ivec()}, err: err}
	}
	runOps(t, []opCase{
		{op: regressor, name: "linear", attrs: linear, in: []Tensor{x}, want: []Tensor{floats([]int{2, 1}, 4.5, 7.5)}},
		{op: regressor, name: "one class", attrs: with(linear, attrs{"one_class": 1, "rho": []float32{-5}}), in: []Tensor{x}, want: []Tensor{floats([]int{2, 1}, -1, 1)}},
		{op: regressor, name: "radial", attrs: two, in: []Tensor{vec(0, 0)}, want: []Tensor{floats([]int{1, 1}, 1-0.1353353)}},
		{op: classifier, name: "two classes", attrs: classes, in: []Tensor{x}, want: []Tensor{ivec(5, 6), floats([]int{2, 2}, -1, 1, 2, -2)}},
		{op: classifier, name: "no rows", attrs: classes, in: []Tensor{floats([]int{0, 2})}, want: []Tensor{ivec(), floats([]int{0, 2})}},
		{
			op: classifier, name: "probabilities", attrs: with(classes, attrs{"prob_a": []float32{-1}, "prob_b": []float32{0}, "classlabels_ints": []int64{}, "classlabels_strings": []string{"a", "b"}}),
			in: []Tensor{floats([]int{1, 2}, 1, 1)}, want: []Tensor{texts([]int{1}, "b"), floats([]int{1, 2}, 0.5, 0.5)},
		},
		{op: regressor, name: "transform", attrs: with(linear, attrs{"post_transform": "LOGISTIC"}), in: []Tensor{x}, err: `"LOGISTIC" is not supported`},
		{op: regressor, name: "rho", attrs: with(linear, attrs{"rho": []float32{}}), in: []Tensor{x}, err: "0 values of rho"},
		{op: regressor, name: "kernel", attrs: with(two, attrs{"kernel_type": "CUBE"}), in: []Tensor{x}, err: `kernel_type "CUBE" is not known`},
		{op: regressor, name: "params", attrs: with(two, attrs{"kernel_params": []float32{1}}), in: []Tensor{x}, err: "kernel_params has 1 entries"},
		{op: regressor, name: "supports", attrs: with(two, attrs{"n_supports": 3}), in: []Tensor{x}, err: "n_supports is 3, but there are 2 coefficients"},
		{op: regressor, name: "negative supports", attrs: with(two, attrs{"n_supports": -1}), in: []Tensor{x}, err: "n_supports is -1"},
		{op: regressor, name: "vectors", attrs: with(two, attrs{"support_vectors": []float32{1}}), in: []Tensor{x}, err: "expected a multiple of 2 vectors"},
		{op: regressor, name: "width", attrs: two, in: []Tensor{vec(1, 2, 3)}, err: "has 3 features, expected 2"},
		bad(classifier, "linear", classes, attrs{"vectors_per_class": []int64{}}, "multiple of 0 vectors"),
		bad(classifier, "negative vectors", classes, attrs{"vectors_per_class": []int64{-1, 3}}, "vectors_per_class holds -1"),
		bad(classifier, "absurd vectors", classes, attrs{"vectors_per_class": []int64{1 << 62, 1 << 62}}, "vectors_per_class holds"),
		bad(classifier, "classes", classes, attrs{"classlabels_ints": []int64{5, 6, 7}}, "3 labels and vectors_per_class of 2 classes"),
		bad(classifier, "coefficients", classes, attrs{"coefficients": []float32{1}}, "coefficients has 1 entries, expected 2"),
		bad(classifier, "rho", classes, attrs{"rho": []float32{1, 2}}, "rho has 2 entries, expected 1"),
		bad(classifier, "probabilities of one kind", classes, attrs{"prob_a": []float32{1}}, "prob_a has 1 entries and prob_b 0"),
		bad(classifier, "transform of no probabilities", classes, attrs{"post_transform": "SOFTMAX"}, "without prob_a is not supported"),
	})
}
