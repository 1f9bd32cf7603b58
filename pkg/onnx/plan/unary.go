package plan

import (
	"math"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/vec"
)

var unaries = map[string]func(dst, a []float32){
	":Relu": vec.Relu, ":Neg": vec.Neg, ":Abs": vec.Abs, ":Sqrt": vec.Sqrt, ":Reciprocal": vec.Reciprocal,
	":Floor": vec.Floor, ":Ceil": vec.Ceil, ":Exp": vec.Exp, ":Log": vec.Log, ":Sigmoid": vec.Sigmoid, ":Tanh": vec.Tanh,
	":Erf": vec.Erf, ":Softplus": vec.Softplus,
}

// unary emits a function of each element.
func unary(c *compiler, n onnx.Node, f func(dst, a []float32)) (bool, error) {
	in, out := n.Inputs()[0], n.Outputs()[0]
	if !c.float(in) {
		return false, nil
	}
	if n.Op() == ":Relu" && c.addRelu(n, in, out) {
		return true, nil
	}
	if c.values[in].parts != nil {
		c.byParts(out, in, func(part, _, into int) { c.emitUnary(n, f, part, into) })
	}
	c.emitUnary(n, f, in, out)
	return true, nil
}

func (c *compiler) emitUnary(n onnx.Node, f func(dst, a []float32), in, out int) {
	width := c.values[out].width()
	c.emit(n, []int{in}, []int{out}, in, func(fr *frame, rows int) error {
		f(fr.floats[out][:rows*width], fr.floats[in][:rows*width])
		return nil
	})
}

func leakyRelu(c *compiler, n onnx.Node) (bool, error) {
	alpha := n.Float("alpha", 0.01)
	return unary(c, n, func(dst, a []float32) { vec.LeakyRelu(dst, a, alpha) })
}

func elu(c *compiler, n onnx.Node) (bool, error) {
	alpha := n.Float("alpha", 1)
	return unary(c, n, func(dst, a []float32) { vec.Elu(dst, a, alpha) })
}

func gelu(c *compiler, n onnx.Node) (bool, error) {
	if n.Text("approximate", "none") != "none" {
		return false, nil
	}
	return unary(c, n, vec.Gelu)
}

// clip takes bounds that are attributes or constants.
func clip(c *compiler, n onnx.Node) (bool, error) {
	bounds := [2]float32{float32(math.Inf(-1)), float32(math.Inf(1))}
	if n.Opset() < 11 {
		bounds = [2]float32{n.Float("min", -math.MaxFloat32), n.Float("max", math.MaxFloat32)}
	}
	for i := range bounds {
		if len(n.Inputs()) <= i+1 || n.Inputs()[i+1] < 0 {
			continue
		}
		bound, ok := c.values[n.Inputs()[i+1]].scalar()
		if !ok {
			return false, nil
		}
		bounds[i] = bound
	}
	return unary(c, n, func(dst, a []float32) { vec.Clip(dst, a, bounds[0], bounds[1]) })
}

// square takes powers whose exponent is 2; others run as package onnx runs them.
func square(c *compiler, n onnx.Node) (bool, error) {
	if exponent, ok := c.values[n.Inputs()[1]].scalar(); !ok || exponent != 2 || c.values[n.Inputs()[1]].rank() > 1 {
		return false, nil
	}
	return unary(c, n, func(dst, a []float32) { vec.Mul(dst, a, a) })
}
