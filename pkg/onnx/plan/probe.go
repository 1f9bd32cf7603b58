package plan

import (
	"context"
	"fmt"
	"slices"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// probes are the sizes of N at which a graph is run to learn the shapes of its values. Any three that are prime to each
// other would do: a dimension must be a constant or a multiple of N at all of them.
var probes = [...]int{3, 5, 11}

// learnShapes fills in the dtype and the shape of every value.
func (c *compiler) learnShapes() error {
	var shapes [len(probes)][][]int
	for i, n := range probes {
		var mem onnx.Arena
		mem.Bound(maxFolded, maxFoldedWork)
		values, err := c.graph.Evaluate(context.Background(), &mem, c.zeros(n))
		if err != nil {
			return fmt.Errorf("at %d candidates: %w", n, err)
		}
		for v, t := range values {
			shapes[i] = append(shapes[i], slices.Clone(t.Shape))
			c.values[v].dtype = t.Dtype()
		}
	}
	for v := range c.values {
		c.values[v].root = v
		c.learn(&c.values[v], shapes[0][v], shapes[1][v], shapes[2][v])
	}
	return nil
}

// zeros returns inputs of n candidates.
func (c *compiler) zeros(n int) []onnx.Tensor {
	var tensors []onnx.Tensor
	for i, info := range c.graph.Inputs() {
		shape := c.inputShape(i, n)
		t := onnx.Tensor{Shape: shape}
		switch size := product(shape); info.Dtype {
		case onnx.Float32:
			t.Floats = make([]float32, size)
		case onnx.Int64:
			t.Ints = make([]int64, size)
		case onnx.String:
			t.Strings = make([]string, size)
		default:
			t.Bools = make([]bool, size)
		}
		tensors = append(tensors, t)
	}
	return tensors
}

// inputShape is the shape of an input at n candidates.
func (c *compiler) inputShape(i, n int) []int {
	shape := slices.Clone(c.graph.Inputs()[i].Shape)
	for d, size := range shape {
		switch {
		case d == 0 && c.perItem[i]:
			shape[d] = n
		case size < 0:
			shape[d] = 1
		}
	}
	return shape
}

// learn stores the shape of a value, whose class is not decided yet: factor is 0 where the shape does not depend on N, and
// -1 where it does so in another way than by its first dimension alone.
func (c *compiler) learn(v *value, first, second, third []int) {
	v.shape = first
	if slices.Equal(first, second) && slices.Equal(first, third) {
		return
	}
	v.factor = -1
	if len(first) == 0 || len(first) != len(second) || len(first) != len(third) {
		return
	}
	factor := first[0] / probes[0]
	if factor == 0 || first[0] != factor*probes[0] || second[0] != factor*probes[1] || third[0] != factor*probes[2] ||
		!slices.Equal(first[1:], second[1:]) || !slices.Equal(first[1:], third[1:]) {
		return
	}
	v.factor, v.shape = factor, first[1:]
}
