package onnx

import (
	"fmt"
	"math"
)

// activation makes a builder for a function of one float32 that attributes shape.
func activation(of func(n *node) func(v float64) float64) func(n *node) (kernel, error) {
	return func(n *node) (kernel, error) {
		f := of(n)
		n.give(Float32)
		return inDouble(f), n.expect(0, Float32)
	}
}

func selu(n *node) func(v float64) float64 {
	alpha, gamma := float64(n.float("alpha", 1.67326319)), float64(n.float("gamma", 1.05070102))
	return func(v float64) float64 {
		if v > 0 {
			return gamma * v
		}
		return gamma * alpha * math.Expm1(v)
	}
}

func celu(n *node) func(v float64) float64 {
	alpha := float64(n.float("alpha", 1))
	return func(v float64) float64 { return max(0, v) + min(0, alpha*math.Expm1(v/alpha)) }
}

func hardSigmoid(n *node) func(v float64) float64 {
	alpha, beta := float64(n.float("alpha", 0.2)), float64(n.float("beta", 0.5))
	return func(v float64) float64 { return max(0, min(1, alpha*v+beta)) }
}

func hardSwish(*node) func(v float64) float64 {
	return func(v float64) float64 { return v * max(0, min(1, v/6+0.5)) }
}

func thresholdedRelu(n *node) func(v float64) float64 {
	alpha := float64(n.float("alpha", 1))
	return func(v float64) float64 {
		if v > alpha || v != v {
			return v
		}
		return 0
	}
}

func softsign(*node) func(v float64) float64 {
	return func(v float64) float64 { return v / (1 + math.Abs(v)) }
}

func mish(*node) func(v float64) float64 {
	return func(v float64) float64 { return v * math.Tanh(softplus(v)) }
}

func shrink(n *node) func(v float64) float64 {
	lambda, bias := float64(n.float("lambd", 0.5)), float64(n.float("bias", 0))
	return func(v float64) float64 {
		switch {
		case v < -lambda:
			return v + bias
		case v > lambda:
			return v - bias
		default:
			return 0
		}
	}
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	default:
		return v
	}
}

// buildGelu makes the kernel of Gelu, exact or by its approximation with tanh.
func buildGelu(n *node) (kernel, error) {
	form := n.text("approximate", "none")
	n.give(Float32)
	switch form {
	case "none":
		return inDouble(func(v float64) float64 { return 0.5 * v * math.Erfc(-v/math.Sqrt2) }), n.expect(0, Float32)
	case "tanh":
		return inDouble(func(v float64) float64 {
			return 0.5 * v * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v)))
		}), n.expect(0, Float32)
	default:
		return nil, fmt.Errorf("approximate %q is not known", form)
	}
}

// prelu multiplies negative numbers by a slope that broadcasts.
func prelu(dst, a []float32, stepA int, b []float32, stepB int) {
	for i := range dst {
		v := a[i*stepA]
		if v < 0 {
			v *= b[i*stepB]
		}
		dst[i] = v
	}
}

// buildIsInf makes the kernel of IsInf for the signs that attributes name.
func buildIsInf(n *node) (kernel, error) {
	negative, positive := n.integer("detect_negative", 1) != 0, n.integer("detect_positive", 1) != 0
	n.give(Bool)
	return unary(func(dst []bool, src []float32) {
		for i, v := range src {
			dst[i] = negative && math.IsInf(float64(v), -1) || positive && math.IsInf(float64(v), 1)
		}
	}), n.expect(0, Float32)
}
