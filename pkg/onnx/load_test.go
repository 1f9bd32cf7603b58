package onnx

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// small is a valid model: y = x*w + b with x [N,2], through an optional input, a constant and a value used twice.
func small() testModel {
	return testModel{
		opset:        17,
		initialisers: [][]byte{writeTensor("w", floats([]int{2, 1}, 1, 10))},
		inputs:       [][]byte{writeInfo("x", 1, []int{-1, 2})},
		outputs:      [][]byte{writeInfo("y", 1, []int{-1, 1})},
		nodes: [][]byte{ // not in the order of computation
			writeNode("clip", "Clip", []string{"twice", "", "top"}, []string{"y"}, nil),
			writeNode("double", "Add", []string{"xw", "xw"}, []string{"twice"}, nil),
			writeNode("", "Constant", nil, []string{"top"}, attrs{"value_float": float32(100)}),
			writeNode("mul", "MatMul", []string{"x", "w"}, []string{"xw"}, nil),
		},
	}
}

// damaged returns small after a change.
func damaged(change func(m *testModel)) []byte {
	m := small()
	change(&m)
	return m.bytes()
}

func nodeOf(op string, in, out string, a attrs) []byte {
	return writeNode("extra", op, strings.Fields(in), strings.Fields(out), a)
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	extra := func(n []byte) func(m *testModel) { return func(m *testModel) { m.nodes = append(m.nodes, n) } }
	input := func(info []byte) func(m *testModel) { return func(m *testModel) { m.inputs = append(m.inputs, info) } }
	initialiser := func(tensor []byte) func(m *testModel) {
		return func(m *testModel) { m.initialisers = append(m.initialisers, tensor) }
	}
	short := slices.Clip(writeTensor("s", vec(1, 2))) // so that each case appends to its own copy
	cases := []struct {
		name   string
		change func(m *testModel)
		want   string
	}{
		{"dangling input", extra(nodeOf("Relu", "nowhere", "z", nil)), `node "extra" (Relu): input 0 ("nowhere") is made by no node`},
		{"dangling output", func(m *testModel) { m.outputs = [][]byte{writeInfo("z", 1, nil)} }, `output "z" is made by no node`},
		{"cycle", func(m *testModel) {
			m.nodes = append(m.nodes, nodeOf("Add", "x q", "p", nil), nodeOf("Relu", "p", "q", nil))
		}, `node "extra" (Add): is part of a cycle`},
		{"self loop", extra(nodeOf("Add", "x p", "p", nil)), "is part of a cycle"},
		{"two makers", extra(nodeOf("Relu", "x", "xw", nil)), `value "xw" is defined twice`},
		{"makes an input", extra(nodeOf("Relu", "x", "x", nil)), `value "x" is defined twice`},
		{"no nodes", func(m *testModel) { m.nodes = nil }, "the graph has no nodes"},
		{"no outputs", func(m *testModel) { m.outputs = nil }, "the graph has no outputs"},
		{"no output of a node", extra(nodeOf("Relu", "x", "", nil)), "has 0 outputs"},
		{"too many inputs", extra(nodeOf("Relu", "x x", "z", nil)), "has 2 inputs, expected 1 to 1"},
		{"too few inputs", extra(nodeOf("Add", "x", "z", nil)), "has 1 inputs, expected 2 to 2"},
		{"no inputs", extra(nodeOf("Relu", "", "z", nil)), "has 0 inputs"},
		{"nothing to add", extra(nodeOf("Sum", "", "z", nil)), "has 0 inputs, expected 1 or more"},
		{"too many outputs", extra(nodeOf("Relu", "x", "z zz", nil)), "has 2 outputs, expected 1 to 1"},
		{"absent input", extra(writeNode("n", "Add", []string{"", "x"}, []string{"z"}, nil)), "input 0 is absent"},
		{"dtype of a node", extra(nodeOf("Not", "x", "z", nil)), `input 0 ("x"): the operator does not take float32`},
		{"dtype of an output", func(m *testModel) { m.outputs = [][]byte{writeInfo("y", 7, nil)} }, `output "y" is declared int64, but is float32`},
		{"dtype of an input", input(writeInfo("s", 14, nil)), `input "s": dtype COMPLEX64 is not supported`},
		{"unknown dtype", input(writeInfo("s", 99, nil)), `input "s": dtype 99 is not supported`},
		{"input twice", input(writeInfo("x", 1, nil)), `input "x" is declared twice`},
		{"input without a name", input(writeInfo("", 1, nil)), "has no name"},
		{"input without a type", input(appendMessage(nil, 1, []byte("s"))), `input "s": declares no type`},
		{"sequence", input(appendMessage(appendMessage(nil, 1, []byte("s")), 2, appendMessage(nil, 4, nil))), `input "s": is not a tensor`},
		{"absurd dimension", input(writeInfo("s", 1, []int{1 << 40})), `input "s": dimension 1099511627776 is out of range`},
		{"overflowing shape", input(writeInfo("s", 1, []int{1 << 26, 1 << 26, 1 << 26})), `input "s": shape`},
		{"too many dimensions", input(writeInfo("s", 1, []int{1, 1, 1, 1, 1, 1, 1, 1, 1})), "has 9 dimensions, expected at most 8"},
		{"short initialiser", initialiser(appendVarint(short, 1, 3)), `initialiser "s": holds 2 values, its shape [2 3]`},
		{"huge initialiser", initialiser(appendVarint(short, 1, 1<<40)), `initialiser "s": shape [2 1099511627776]`},
		{"negative dimension", initialiser(appendVarint(short, 1, -1)), `dimension -1 is out of range`},
		{"odd bytes", initialiser(appendMessage(short, 9, []byte("abc"))), "holds 3 raw bytes, expected a multiple of 4"},
		{"external data", initialiser(appendVarint(short, 14, 1)), "lies in another file"},
		{"segment", initialiser(appendMessage(short, 3, nil)), "segmented tensors"},
		{"initialiser dtype", initialiser(appendVarint(short, 2, 15)), "dtype COMPLEX128 is not supported"},
		{"initialiser twice", initialiser(writeTensor("w", vec(1))), `value "w" is defined twice`},
		{"initialiser without a name", initialiser(writeTensor("", vec(1))), "initialiser #1 has no name"},
		{"subgraph", extra(append(nodeOf("Relu", "x", "z", nil), appendMessage(nil, 5, appendMessage(appendMessage(nil, 1, []byte("body")), 6, nil))...)), `node "extra" (Relu): attribute "body": only numbers`},
		{"attribute twice", extra(append(nodeOf("LeakyRelu", "x", "z", attrs{"alpha": float32(1)}), appendMessage(nil, 5, writeAttribute("alpha", float32(2)))...)), `attribute "alpha": is given twice`},
		{"attribute without a type", extra(append(nodeOf("LeakyRelu", "x", "z", nil), appendMessage(nil, 5, appendMessage(nil, 1, []byte("alpha")))...)), `attribute "alpha": type 0 is not supported`},
		{"bad attribute tensor", extra(nodeOf("Constant", "", "z", attrs{"value": Tensor{Shape: []int{3}, Floats: []float32{1}}})), `attribute "value": holds 1 values`},
		{"text that is no UTF-8", extra(nodeOf("Relu", "x", "z\xff", nil)), "is no UTF-8"},
		{"old opset", func(m *testModel) { m.opset = 6 }, `node "clip" (Clip): unsupported opset 6`},
		{"new opset", func(m *testModel) { m.opset = 24 }, `unsupported opset 24 of domain "", expected 7 to 23`},
		{"no opset", func(m *testModel) { m.opset = 0 }, `domain "" is not imported`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(damaged(c.change))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, expected one with %q", err, c.want)
			}
		})
	}
}

func TestLoadReportsAllUnsupportedOperators(t *testing.T) {
	t.Parallel()
	_, err := Load(damaged(func(m *testModel) {
		m.nodes = append(m.nodes,
			writeNode("a", "Loop", nil, []string{"p"}, nil),
			writeNode("b", mlDomain+":DictVectorizer", []string{"x"}, []string{"q"}, nil),
			writeNode("", "com.example:Mine", []string{"x"}, []string{"r"}, nil))
		m.mlOpset = 2
	}))
	if !errors.Is(err, ErrUnsupported) {
		t.Fatalf("error is %v, expected ErrUnsupported", err)
	}
	for _, want := range []string{
		`node "a" (Loop): unsupported operator, domain "", opset 17`,
		`node "b" (DictVectorizer): unsupported operator, domain "ai.onnx.ml", opset 2`,
		`node #6 (Mine): domain "com.example" is not imported`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, expected one with %q", err, want)
		}
	}
}

func TestLoadRefusesFiles(t *testing.T) {
	t.Parallel()
	valid := small().bytes()
	graph := appendMessage(nil, 1, nil)
	opset := func(version int64) []byte { return appendMessage(nil, 8, appendVarint(nil, 2, version)) }
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"nothing":         {nil, "the file holds 0 graphs"},
		"text":            {[]byte("not a model"), "malformed protobuf"},
		"two graphs":      {slices.Concat(valid, appendMessage(nil, 7, graph)), "the file holds 2 graphs"},
		"two versions":    {slices.Concat(valid, opset(13)), `operator set "" is imported at versions 17 and 13`},
		"functions":       {slices.Concat(appendMessage(nil, 25, nil), valid), "functions of the model itself"},
		"sparse":          {appendMessage(nil, 7, appendMessage(nil, 15, nil)), "sparse initialisers"},
		"group":           {slices.Concat(valid, []byte{7<<3 | 3}), "has wire type 3"},
		"graph as number": {appendVarint(nil, 7, 1), "field 7 has wire type 0, expected 2"},
		"node as number":  {appendMessage(nil, 7, appendVarint(nil, 1, 1)), "field 1 has wire type 0, expected 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(c.file)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, expected one with %q", err, c.want)
			}
		})
	}
}

// TestLoadDamaged cuts a file at every byte and flips every bit: each gives a graph or an error, never a panic.
func TestLoadDamaged(t *testing.T) {
	t.Parallel()
	m := small()
	m.mlOpset = 3
	m.nodes = append(m.nodes, writeNode("trees", regressor, []string{"x"}, []string{"z"}, stumps("target")))
	whole := m.bytes()
	if _, err := Load(whole); err != nil {
		t.Fatal(err)
	}
	for size := range whole {
		_, _ = Load(whole[:size]) // a cut between two fields of the file may leave a whole graph
	}
	for bit := range len(whole) * 8 {
		flipped := slices.Clone(whole)
		flipped[bit/8] ^= 1 << (bit % 8)
		if g, err := Load(flipped); err == nil {
			_, _ = g.Run(t.Context(), map[string]Tensor{"x": floats([]int{1, 2}, 1, 2)})
		}
	}
}

// TestLoadData reads the forms in which a file may hold a tensor, and old files that list initialisers as inputs.
func TestLoadData(t *testing.T) {
	t.Parallel()
	header := func(name string, code int64, n int64) []byte {
		return appendVarint(appendVarint(appendMessage(nil, 8, []byte(name)), 2, code), 1, n)
	}
	packed := protowire.AppendVarint(protowire.AppendVarint(nil, 0), 1)
	m := testModel{
		opset: 17,
		initialisers: [][]byte{
			appendMessage(header("f", 1, 2), 4, []byte{0, 0, 128, 63, 0, 0, 0, 64}),
			protowire.AppendFixed32(protowire.AppendTag(header("f1", 1, 1), 4, protowire.Fixed32Type), 0x3f800000),
			appendMessage(header("i", 7, 2), 7, packed),
			appendVarint(header("i1", 7, 1), 7, -5),
			appendMessage(header("b", 9, 2), 5, packed),
			header("empty", 1, 0),
		},
		inputs: [][]byte{writeInfo("f", 1, []int{2})},
		nodes:  [][]byte{writeNode("", "Identity", []string{"f"}, []string{"z"}, nil)},
	}
	want := map[string]Tensor{"f": vec(1, 2), "f1": vec(1), "i": ivec(0, 1), "i1": ivec(-5), "b": bools([]int{2}, false, true), "empty": vec()}
	for name, tensor := range want {
		m.outputs = append(m.outputs, writeInfo(name, codeOf(tensor.Dtype()), nil))
	}
	g, err := Load(m.bytes())
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Inputs()) != 0 {
		t.Errorf("inputs are %v, expected none", g.Inputs())
	}
	got, err := g.Run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tensor := range want {
		if err := compare(got[name], tensor); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
