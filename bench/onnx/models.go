package main

import (
	"math"
	"math/rand/v2"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/onnxtest"
)

// writer makes models with seeded weights.
type writer struct {
	*onnxtest.Model
	random *rand.Rand
}

func newWriter(opset int64) writer {
	return writer{onnxtest.New(opset, 0), rand.New(rand.NewPCG(7, 7))} //nolint:gosec // weights of a benchmark
}

// weights is a constant of normal numbers whose products keep their size.
func (w writer) weights(shape ...int) string {
	size := 1
	for _, d := range shape {
		size *= d
	}
	values := make([]float32, size)
	for i := range values {
		values[i] = float32(w.random.NormFloat64() / math.Sqrt(float64(shape[0])))
	}
	return w.Floats(shape, values...)
}

// layers is a multi-layer perceptron with Relu between the layers.
func (w writer) layers(x string, widths ...int) string {
	for i := range len(widths) - 1 {
		x = w.Node("Gemm", nil, x, w.weights(widths[i], widths[i+1]), w.weights(widths[i+1]))
		if i < len(widths)-2 {
			x = w.Node("Relu", nil, x)
		}
	}
	return x
}

// attention is a ranker in which the candidate attends to the user's last 50 items: layer normalisation, then three layers.
func attention() []byte {
	const history, width = 50, 32
	w := newWriter(17)
	user := w.Input("history", onnx.Float32, 1, history, width)
	items := w.Input("items", onnx.Float32, -1, width)
	query := w.Node("Unsqueeze", nil, w.Node("MatMul", nil, items, w.weights(width, width)), w.Ints(1))
	keys := w.Node("Transpose", map[string]any{"perm": []int64{0, 2, 1}}, w.Node("MatMul", nil, user, w.weights(width, width)))
	values := w.Node("MatMul", nil, user, w.weights(width, width))
	scale := w.Floats(nil, float32(1/math.Sqrt(width)))
	weights := w.Node("Softmax", map[string]any{"axis": int64(-1)}, w.Node("Mul", nil, w.Node("MatMul", nil, query, keys), scale))
	context := w.Node("Squeeze", nil, w.Node("MatMul", nil, weights, values), w.Ints(1))
	x := w.Node("Concat", map[string]any{"axis": int64(1)}, items, context, w.Node("Mul", nil, items, context))
	x = w.Node("LayerNormalization", map[string]any{"axis": int64(-1)}, x, w.weights(3*width), w.weights(3*width))
	w.Put("Sigmoid", nil, []string{w.layers(x, 3*width, 128, 64, 1)}, []string{"score"})
	w.Output("score", onnx.Float32, -1, 1)
	return w.Bytes()
}

// tower is a ranker on embeddings of ten ids, four of the user and six of the item, beside dense features of the item.
func tower() []byte {
	const width, rows, dense = 32, 5000, 16
	w := newWriter(13)
	user := w.Input("user_ids", onnx.Int64, 1, 4)
	items := w.Input("item_ids", onnx.Int64, -1, 6)
	features := w.Input("features", onnx.Float32, -1, dense)
	count := w.Node("Gather", map[string]any{"axis": int64(0)}, w.Node("Shape", nil, items), w.Ints(0))
	shape := w.Node("Concat", map[string]any{"axis": int64(0)}, count, w.Ints(width))
	embed := func(ids string, column int64) string {
		id := w.Node("Gather", map[string]any{"axis": int64(1)}, ids, w.Constant(onnx.Tensor{Shape: []int{}, Ints: []int64{column}}))
		return w.Node("Gather", nil, w.weights(rows, width), id)
	}
	var parts []string
	for column := range int64(4) {
		parts = append(parts, w.Node("Expand", nil, embed(user, column), shape))
	}
	for column := range int64(6) {
		parts = append(parts, embed(items, column))
	}
	x := w.Node("Concat", map[string]any{"axis": int64(1)}, append(parts, features)...)
	w.Put("Sigmoid", nil, []string{w.layers(x, 10*width+dense, 256, 128, 64, 1)}, []string{"score"})
	w.Output("score", onnx.Float32, -1, 1)
	return w.Bytes()
}

// inputs makes random tensors for n candidates; ids are small enough for every table.
func inputs(g *onnx.Graph, n int) []onnx.Tensor {
	r := rand.New(rand.NewPCG(uint64(n), 1)) //nolint:gosec // inputs of a benchmark
	var tensors []onnx.Tensor
	for _, info := range g.Inputs() {
		t, size := onnx.Tensor{}, 1
		for _, d := range info.Shape {
			if d == -1 {
				d = n
			}
			t.Shape = append(t.Shape, d)
			size *= d
		}
		if info.Dtype == onnx.Int64 {
			t.Ints = make([]int64, size)
			for i := range t.Ints {
				t.Ints[i] = r.Int64N(50)
			}
		} else {
			t.Floats = make([]float32, size)
			for i := range t.Floats {
				t.Floats[i] = float32(r.ExpFloat64())
			}
		}
		tensors = append(tensors, t)
	}
	return tensors
}
