package plan

import (
	"errors"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// emitters are the operators that have instructions of their own, for some of their forms. An emitter that reports false has
// done nothing: the operator then runs as package onnx runs it.
var emitters map[string]func(c *compiler, n onnx.Node) (bool, error)

func init() { //nolint:gochecknoinits // the emitters refer to the table through compiler.node
	emitters = map[string]func(c *compiler, n onnx.Node) (bool, error){
		":Identity": view, ":Dropout": view, ":Reshape": view, ":Flatten": view, ":Squeeze": view, ":Unsqueeze": view,
		":Expand": expand, ":Tile": expand,
		":Slice": move, ":Split": move, ":Transpose": move, ":Gather": gather, ":Concat": concat,
		":Gemm": gemmOf, ":MatMul": matMul,
		":ReduceSum": reduceRows, ":ReduceMean": reduceRows, ":ReduceMax": reduceRows,
		":Softmax": softmax, ":LayerNormalization": layerNormalization,
		"ai.onnx.ml:TreeEnsembleRegressor": trees, "ai.onnx.ml:TreeEnsemble": trees,
		":LeakyRelu": leakyRelu, ":Elu": elu, ":Clip": clip, ":Gelu": gelu, ":Pow": square,
	}
	for op, f := range unaries {
		emitters[op] = func(c *compiler, n onnx.Node) (bool, error) { return unary(c, n, f) }
	}
	for op, b := range binaries {
		emitters[op] = func(c *compiler, n onnx.Node) (bool, error) { return binary(c, n, b) }
	}
}

// errMixed says that an operator does not treat candidates one by one.
var errMixed = errors.New("it mixes candidates")

// float reports whether all values are float32.
func (c *compiler) float(values ...int) bool {
	for _, v := range values {
		if v < 0 || c.values[v].dtype != onnx.Float32 {
			return false
		}
	}
	return true
}

// fixed reports whether operands from the given one on are constants or depend on N alone.
func (c *compiler) fixed(n onnx.Node, from int) bool {
	for i := from; i < len(n.Inputs()); i++ {
		if v := n.Inputs()[i]; v >= 0 && c.values[v].class > extent {
			return false
		}
	}
	return true
}

// fresh adds a value that the graph does not have.
func (c *compiler) fresh(v value) int {
	v.root = len(c.values)
	c.values = append(c.values, v)
	return v.root
}
