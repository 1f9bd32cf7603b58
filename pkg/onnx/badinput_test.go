package onnx

import (
	"fmt"
	"testing"
)

// TestBadGraphsNameTheNode loads and runs what does not go together: whichever of the two refuses it names the node.
func TestBadGraphsNameTheNode(t *testing.T) {
	t.Parallel()
	constant := func(name string, t Tensor) func(m *testModel) {
		return func(m *testModel) { m.initialisers = append(m.initialisers, writeTensor(name, t)) }
	}
	node := func(op, in string, a attrs) func(m *testModel) {
		return func(m *testModel) {
			m.nodes = append(m.nodes, nodeOf(op, in, "z", a))
			m.outputs = append(m.outputs, writeInfo("z", 1, nil))
		}
	}
	for name, c := range map[string]struct {
		changes []func(m *testModel)
		want    string
	}{
		"texts for numbers":         {[]func(m *testModel){constant("s", texts([]int{2}, "a", "b")), node("Add", "x s", nil)}, `node "extra" (Add): input 1 ("s") is string, expected [float32]`},
		"product of texts":          {[]func(m *testModel){constant("s", texts([]int{2}, "a", "b")), node("MatMul", "s s", nil)}, `node "extra" (MatMul): input 0 ("s"): the operator does not take string`},
		"texts as a shape":          {[]func(m *testModel){constant("s", texts([]int{1}, "1")), node("Reshape", "x s", nil)}, `node "extra" (Reshape): input 1 ("s") is string`},
		"texts as features":         {[]func(m *testModel){constant("s", texts([]int{1}, "1")), node(mlDomain+":Scaler", "s", attrs{"offset": []float32{0}, "scale": []float32{1}})}, `node "extra" (Scaler): input 0 ("s") is string`},
		"shapes of a product":       {[]func(m *testModel){constant("s", floats([]int{3, 1}, 1, 2, 3)), node("MatMul", "x s", nil)}, `node "extra" (MatMul): shapes [1 2] and [3 1]: the inner dimensions differ`},
		"rank of a product":         {[]func(m *testModel){constant("s", floats([]int{1, 2, 1}, 1, 2)), node("Gemm", "x s", nil)}, `node "extra" (Gemm): shapes [1 2] and [1 2 1], expected matrices`},
		"rank of a concatenation":   {[]func(m *testModel){constant("s", vec(1, 2)), node("Concat", "x s", attrs{"axis": 1})}, `node "extra" (Concat): input 1 has shape [2]`},
		"shapes of a sum":           {[]func(m *testModel){constant("s", vec(1, 2, 3)), node("Add", "x s", nil)}, `node "extra" (Add): shapes [1 2] and [3] do not broadcast`},
		"axis":                      {[]func(m *testModel){node("Softmax", "x", attrs{"axis": 2})}, `node "extra" (Softmax): axis 2 is out of range`},
		"index":                     {[]func(m *testModel){constant("s", ivec(5)), node("Gather", "x s", attrs{"axis": 1})}, `node "extra" (Gather): index 5 is out of range`},
		"reshape to 2^31":           {[]func(m *testModel){constant("s", ivec(1<<31)), node("Reshape", "x s", nil)}, `node "extra" (Reshape): shape [2147483648]`},
		"expand to 2^31":            {[]func(m *testModel){constant("s", ivec(1<<31, 1)), node("Expand", "x s", nil)}, `node "extra" (Expand): shape [2147483648 1]`},
		"expand to 2^62":            {[]func(m *testModel){constant("s", ivec(1<<26, 1<<26, 1)), node("Expand", "x s", nil)}, `node "extra" (Expand): shape`},
		"negative child":            {[]func(m *testModel){node(regressor, "x", with(stumps("target"), attrs{"nodes_truenodeids": []int64{-1, 0, 0, 1, 0, 0}}))}, `node "extra" (TreeEnsembleRegressor): tree 0, node 0: true child -1`},
		"negative child of lists":   {[]func(m *testModel){node(ensembleOp, "x", with(oneTree(), attrs{"nodes_falsenodeids": []int64{-2, 2, 3}}))}, `node "extra" (TreeEnsemble): node 0: false child: node -2`},
		"attribute of another type": {[]func(m *testModel){node("LeakyRelu", "x", attrs{"alpha": 1})}, `node "extra" (LeakyRelu): attribute "alpha" is a int64, expected a float32`},
		"attribute as a tensor":     {[]func(m *testModel){node("LeakyRelu", "x", attrs{"alpha": vec(1)})}, `node "extra" (LeakyRelu): attribute "alpha" is a tensor`},
		"attribute of another op":   {[]func(m *testModel){node("Relu", "x", attrs{"alpha": float32(1)})}, `node "extra" (Relu): attribute "alpha" is not supported`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, err := Load(damaged(func(m *testModel) {
				m.mlOpset = 5
				for _, change := range c.changes {
					change(m)
				}
			}))
			if err == nil {
				_, err = g.Run(t.Context(), map[string]Tensor{"x": floats([]int{1, 2}, 1, 2)})
			}
			if !hasText(err, c.want) {
				t.Errorf("error is %v, expected one with %q", err, c.want)
			}
		})
	}
}

// bomb is a small graph that asks for much: x grows by ops, one after the other, to which second is the other operand.
func bomb(op string, a attrs, second Tensor, times int) []byte {
	return damaged(func(m *testModel) {
		m.nodes, m.outputs = nil, nil
		m.initialisers = [][]byte{writeTensor("v0", floats([]int{1, 1}, 1))}
		operand := ""
		if second.Dtype() != 0 {
			m.initialisers = append(m.initialisers, writeTensor("s", second))
			operand = "s"
		}
		for i := range times {
			in := []string{fmt.Sprintf("v%d", i), operand}
			if operand == "" {
				in[1] = in[0]
			}
			m.nodes = append(m.nodes, writeNode(fmt.Sprintf("grow%d", i), op, in, []string{fmt.Sprintf("v%d", i+1)}, a))
		}
		m.outputs = [][]byte{writeInfo(fmt.Sprintf("v%d", times), 1, nil)}
	})
}

// TestBombsAreRefused runs graphs that ask for too many elements or products: they end before those are there.
func TestBombsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"doubled again and again": {bomb("Concat", attrs{"axis": 0}, Tensor{}, 60), "more elements than one may"},
		"multiplied with itself":  {bomb("Einsum", attrs{"equation": "ab,cd->abcd"}, floats([]int{300, 300}, make([]float32, 90000)...), 1), "more elements than one may"},
		"tiled":                   {bomb("Tile", nil, ivec(1<<12, 1<<12), 5), "elements"},
		"padded":                  {bomb("Pad", nil, ivec(0, 0, 1<<25, 1<<25), 1), "elements"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, err := Load(c.file)
			if err != nil {
				t.Fatal(err)
			}
			var mem Arena
			mem.Bound(1<<16, 1<<16)
			_, err = g.Evaluate(t.Context(), &mem, []Tensor{floats([]int{1, 2}, 1, 2)})
			if !hasText(err, c.want) || !hasText(err, `node "grow`) {
				t.Errorf("error is %v, expected one with the node and %q", err, c.want)
			}
		})
	}
}

// TestWorkIsBounded bounds an arena: what a run may not make, or may not calculate, it refuses by the node that asks for it.
func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	g := loadSmall(t)
	x := []Tensor{floats([]int{100, 2}, make([]float32, 200)...)}
	for name, c := range map[string]struct {
		elements, work int64
		want           string
	}{
		"enough":       {1000, 200, ""},
		"elements":     {99, 200, `node "mul" (MatMul): the run makes more elements`},
		"elements sum": {250, 200, `node "clip" (Clip): the run makes more elements`},
	} {
		var mem Arena
		mem.Bound(c.elements, c.work)
		_, err := g.Evaluate(t.Context(), &mem, x)
		if c.want == "" && err != nil || c.want != "" && !hasText(err, c.want) {
			t.Errorf("%s: error is %v, expected one with %q", name, err, c.want)
		}
	}
}
