//go:build ort

package compare

import (
	"github.com/repli-mesh/repli/pkg/onnx"
)

// pipelines are steps that exporters of scikit-learn, XGBoost and LightGBM models write.
var pipelines = []func(m *maker){
	pipeline, pipeline, categories, categories, classify, boosted, boosted, ensembleLists, supportVectors, binarise,
}

func scalarInt(v int64) onnx.Tensor { return onnx.Tensor{Shape: []int{}, Ints: []int64{v}} }

// words are what inputs of texts hold; the last is in no list of categories.
var words = []string{"red", "green", "blue", "", "grün", "none of these"}

// pipeline imputes and scales numbers, and joins them with what is made of categories.
func pipeline(m *maker) {
	v := m.table()
	if !v.exact {
		return
	}
	n := v.shape[0]
	imputed := map[string]any{"imputed_value_floats": m.numbers(n, 1), "replaced_value_float": nan}
	x := m.Node("ml:Imputer", imputed, v.name)
	x = m.Node("ml:Scaler", map[string]any{"offset": m.numbers(n, 1), "scale": m.numbers(n, 1)}, x)
	m.add(value{x, true, []int{n}, false})
	if coded, ok := m.coded(); ok {
		m.add(m.concat([]value{{x, true, []int{n}, false}, coded}))
	}
	classify(m)
}

func categories(m *maker) {
	if coded, ok := m.coded(); ok {
		m.add(coded)
	}
}

// coded turns an input of texts or whole numbers into columns.
func (m *maker) coded() (value, bool) {
	name, width, attributes := m.words, m.wordsWide, map[string]any{"cats_strings": words[:2+m.r.IntN(4)]}
	if name == "" || m.codes != "" && m.r.IntN(2) == 0 {
		name, width, attributes = m.codes, m.codesWide, map[string]any{"cats_int64s": []int64{3, 1, 4, 5, 9, 2, 6}[:1+m.r.IntN(7)]}
	}
	if name == "" {
		return value{}, false
	}
	if width > 1 && m.r.IntN(2) == 0 {
		name, width = m.Node("ml:ArrayFeatureExtractor", nil, name, m.Ints(int64(m.r.IntN(width)))), 1
	}
	switch m.r.IntN(3) {
	case 0:
		if name == m.codes || attributes["cats_strings"] == nil {
			name = m.Node("ml:LabelEncoder", map[string]any{"keys_int64s": []int64{1, 2, 3, 4, 5}, "values_floats": m.numbers(5, 1), "default_float": float32(0.5)}, name)
		} else {
			name = m.Node("ml:LabelEncoder", map[string]any{"keys_strings": words[:3], "values_floats": m.numbers(3, 1)}, name)
		}
		return value{name, true, []int{width}, true}, true
	case 1:
		if attributes["cats_strings"] != nil {
			name = m.Node("ml:LabelEncoder", map[string]any{"keys_strings": words[:5], "values_int64s": []int64{3, 1, 4, 1, 5}, "default_int64": int64(8)}, name)
			attributes = map[string]any{"cats_int64s": []int64{1, 3, 4}}
		}
	}
	var size int
	if list, ok := attributes["cats_strings"].([]string); ok {
		size = len(list)
	} else {
		size = len(attributes["cats_int64s"].([]int64))
	}
	x := m.Node("ml:OneHotEncoder", attributes, name)
	return value{m.Node("Reshape", nil, x, m.Ints(-1, int64(width*size))), true, []int{width * size}, true}, true
}

// classify is a linear classifier, whose probabilities are taken.
func classify(m *maker) {
	v := m.bounded(m.pick(2, false))
	n := 2 + m.r.IntN(3)
	labels := map[string]any{"classlabels_ints": []int64{0, 1, 2, 3}[:n]}
	if m.r.IntN(2) == 0 {
		labels = map[string]any{"classlabels_strings": words[:n]}
	}
	parts := m.Nodes("ml:LinearClassifier", 2, joined(labels, map[string]any{
		"coefficients": m.numbers(n*v.shape[0], 1/float64(v.shape[0])), "intercepts": m.numbers(n, 1),
		"post_transform": []string{"SOFTMAX", "LOGISTIC", "NONE"}[m.r.IntN(3)],
	}), v.name)
	m.add(value{parts[1], true, []int{n}, false})
	if m.r.IntN(2) == 0 {
		m.add(value{m.Node("ml:ArrayFeatureExtractor", nil, parts[1], m.Ints(1)), true, []int{1}, false})
	}
}

// boosted is a classifier of trees: of two classes with the votes of one, or of some.
func boosted(m *maker) {
	v := m.table()
	if !v.exact || m.mlOpset >= 5 {
		return
	}
	classes := 2 + m.r.IntN(3)
	voted := classes
	if classes == 2 {
		voted = 1
	}
	var e ensemble
	for tree := range classes + m.r.IntN(10) {
		e.grow(m, int64(tree), 1+m.r.IntN(30), v.shape[0], voted, []string{"BRANCH_LEQ", "BRANCH_LT"}[m.r.IntN(2)])
	}
	attributes := e.attributes("class")
	attributes["classlabels_int64s"] = []int64{0, 1, 2, 3}[:classes]
	attributes["post_transform"] = []string{"NONE", "LOGISTIC", "SOFTMAX"}[m.r.IntN(3)]
	if m.r.IntN(2) == 0 {
		attributes["base_values"] = m.numbers(voted, 1)
	}
	if m.r.IntN(2) == 0 {
		attributes["nodes_missing_value_tracks_true"] = e.missing
	}
	parts := m.Nodes("ml:TreeEnsembleClassifier", 2, attributes, v.name)
	m.add(value{parts[1], true, []int{classes}, false})
	if m.r.IntN(3) == 0 {
		label := m.Node("Cast", map[string]any{"to": int64(1)}, parts[0])
		m.add(value{m.axes("Unsqueeze", 13, nil, label, 1), true, []int{1}, false})
	}
}

// ensembleLists is an ensemble of version 5.
func ensembleLists(m *maker) {
	v := m.table()
	if m.mlOpset < 5 || !v.exact {
		return
	}
	a := randomEnsemble(m.r, v.shape[0], int64(m.r.IntN(7)))
	a["aggregate_function"] = int64(1 + m.r.IntN(3))
	m.add(value{m.Node("ml:TreeEnsemble", a, v.name), true, []int{2}, false})
}

func supportVectors(m *maker) {
	v := m.bounded(m.pick(2, false))
	n, count := v.shape[0], 1+m.r.IntN(5)
	m.add(value{m.Node("ml:SVMRegressor", map[string]any{
		"kernel_type": []string{"LINEAR", "RBF", "SIGMOID"}[m.r.IntN(3)], "kernel_params": []float32{0.25, 0.5, 0},
		"support_vectors": m.numbers(count*n, 1/float64(n)), "n_supports": int64(count), "coefficients": m.numbers(count, 1), "rho": m.numbers(1, 1),
	}, v.name), true, []int{1}, false})
}

func binarise(m *maker) {
	v := m.pick(2, true)
	if !v.exact {
		return
	}
	m.add(value{m.Node("ml:Binarizer", map[string]any{"threshold": quarters(m, 1)[0]}, v.name), true, v.shape, true})
}
