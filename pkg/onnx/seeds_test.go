package onnx

import "fmt"

// seedCases are operators on x, float32 of [2,3], with constants: what a fuzzer of files begins with.
var seedCases = []struct {
	op    string
	opset int64
	a     attrs
	known []Tensor
	out   Dtype
}{
	{"Pad", 18, attrs{"mode": "reflect"}, []Tensor{ivec(1, 1), vec(0), ivec(1)}, Float32},
	{"Einsum", 17, attrs{"equation": "...i,ij->...j"}, []Tensor{floats([]int{3, 2}, 1, 2, 3, 4, 5, 6)}, Float32},
	{"TopK", 17, attrs{"axis": 1, "largest": 0}, []Tensor{ivec(2)}, Float32},
	{"Compress", 17, attrs{"axis": 1}, []Tensor{bools([]int{3}, true, false, true)}, Float32},
	{"NonZero", 17, nil, nil, Int64},
	{"Unique", 17, attrs{"axis": 0, "sorted": 0}, nil, Float32},
	{"GatherND", 17, attrs{"batch_dims": 1}, []Tensor{ints([]int{2, 1}, 0, 2)}, Float32},
	{"GatherElements", 17, attrs{"axis": 1}, []Tensor{ints([]int{2, 1}, 0, -1)}, Float32},
	{"ScatterElements", 18, attrs{"reduction": "max"}, []Tensor{ints([]int{1, 1}, 1), floats([]int{1, 1}, 9)}, Float32},
	{"ScatterND", 18, attrs{"reduction": "add"}, []Tensor{ints([]int{1, 1}, 1), floats([]int{1, 3}, 9, 8, 7)}, Float32},
	{"QuantizeLinear", 17, attrs{"axis": 1}, []Tensor{vec(1, 2, 3)}, Int64},
	{"DynamicQuantizeLinear", 17, nil, nil, Int64},
	{"Tile", 17, nil, []Tensor{ivec(2, 3)}, Float32},
	{"Expand", 17, nil, []Tensor{ivec(4, 1, 3)}, Float32},
	{"Slice", 17, nil, []Tensor{ivec(-1), ivec(-5), ivec(1), ivec(-2)}, Float32},
	{"Reshape", 17, nil, []Tensor{ivec(0, -1, 1)}, Float32},
	{"CumSum", 17, attrs{"reverse": 1}, []Tensor{ints([]int{}, 1)}, Float32},
	{"OneHot", 17, attrs{"axis": 1}, []Tensor{ivec(4), vec(0, 1)}, Float32},
	{"EyeLike", 17, attrs{"k": -1}, nil, Float32},
	{"Trilu", 17, attrs{"upper": 0}, []Tensor{ints([]int{}, 1)}, Float32},
	{"ReduceLogSumExp", 18, attrs{"keepdims": 0}, []Tensor{ivec(-1)}, Float32},
	{"LayerNormalization", 17, attrs{"axis": 1}, []Tensor{vec(1, 2, 3), vec(0, 0, 1)}, Float32},
	{"LpNormalization", 17, attrs{"p": 1}, nil, Float32},
	{"Softmax", 11, attrs{"axis": 0}, nil, Float32},
	{"Split", 18, attrs{"num_outputs": 1, "axis": 1}, nil, Float32},
	{"Cast", 17, attrs{"to": codeString}, nil, String},
	{mlDomain + ":LabelEncoder", 17, attrs{"keys_floats": []float32{1}, "values_strings": []string{"a"}}, nil, String},
	{mlDomain + ":OneHotEncoder", 17, attrs{"cats_int64s": []int64{1, 2}}, nil, Float32},
	{mlDomain + ":ArrayFeatureExtractor", 17, nil, []Tensor{ivec(2, 0)}, Float32},
	{mlDomain + ":Normalizer", 17, attrs{"norm": "L2"}, nil, Float32},
	{mlDomain + ":TreeEnsemble", 17, members(), nil, Float32},
	{mlDomain + ":LinearClassifier", 17, attrs{"coefficients": []float32{1, 2, 3, 4, 5, 6}, "intercepts": []float32{0, 1}, "classlabels_strings": []string{"a", "b"}}, nil, String},
	{mlDomain + ":SVMRegressor", 17, attrs{"coefficients": []float32{1, 2, 3}, "rho": []float32{0}}, nil, Float32},
	{mlDomain + ":SVMClassifier", 17, attrs{
		"support_vectors": []float32{1, 0, 0, 0, 1, 0}, "vectors_per_class": []int64{1, 1}, "coefficients": []float32{1, -1}, "rho": []float32{0},
		"classlabels_ints": []int64{5, 6}, "prob_a": []float32{1}, "prob_b": []float32{0}, "kernel_type": "RBF", "kernel_params": []float32{1, 0, 0},
	}, nil, Int64},
	{mlDomain + ":ZipMap", 17, attrs{"classlabels_strings": []string{"a", "b", "c"}}, nil, Float32},
}

// seeds are files of one operator each, and some of three dimensions.
func seeds() [][]byte {
	var files [][]byte
	for _, c := range seedCases {
		m := testModel{opset: c.opset, mlOpset: 5, inputs: [][]byte{writeInfo("x", 1, []int{-1, 3})}}
		names := []string{"x"}
		for i, t := range c.known {
			names = append(names, fmt.Sprintf("c%d", i))
			m.initialisers = append(m.initialisers, writeTensor(names[i+1], t))
		}
		m.nodes = [][]byte{writeNode("n", c.op, names, []string{"y"}, c.a)}
		m.outputs = [][]byte{writeInfo("y", codeOf(c.out), nil)}
		files = append(files, m.bytes())
	}
	planes := func(op string, a attrs, weights ...Tensor) {
		m := testModel{opset: 17, inputs: [][]byte{writeInfo("x", 1, []int{1, 2, 4})}, outputs: [][]byte{writeInfo("y", 1, nil)}}
		names := []string{"x"}
		for i, t := range weights {
			names = append(names, fmt.Sprintf("w%d", i))
			m.initialisers = append(m.initialisers, writeTensor(names[i+1], t))
		}
		m.nodes = [][]byte{writeNode("n", op, names, []string{"y"}, a)}
		files = append(files, m.bytes())
	}
	planes("MaxPool", attrs{"kernel_shape": []int64{2}, "strides": []int64{2}, "ceil_mode": 1, "pads": []int64{1, 0}})
	planes("AveragePool", attrs{"kernel_shape": []int64{3}, "auto_pad": "SAME_UPPER", "count_include_pad": 1})
	planes("Conv", attrs{"group": 2, "dilations": []int64{2}}, floats([]int{2, 1, 2}, 1, 2, 3, 4), vec(1, 2))
	planes("ConvTranspose", attrs{"strides": []int64{2}, "output_padding": []int64{1}}, floats([]int{2, 1, 2}, 1, 2, 3, 4))
	planes("InstanceNormalization", nil, vec(1, 2), vec(0, 1))
	planes("LRN", attrs{"size": 3})
	return files
}
