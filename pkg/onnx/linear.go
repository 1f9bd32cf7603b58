package onnx

import (
	"fmt"
)

// linear is a product with weights (scores by features) plus intercepts.
type linear struct {
	weights    []float32 // features by scores
	intercepts []float32
	scores     int
	post       transform
}

func newLinear(n *node, scores int) (*linear, error) {
	coefficients, intercepts := n.floats("coefficients"), n.floats("intercepts")
	if scores < 1 || len(coefficients) == 0 || len(coefficients)%scores != 0 {
		return nil, fmt.Errorf("coefficients has %d entries, expected a multiple of %d", len(coefficients), scores)
	}
	if len(intercepts) != 0 && len(intercepts) != scores {
		return nil, fmt.Errorf("intercepts has %d entries, expected none or %d", len(intercepts), scores)
	}
	post, err := readTransform(n)
	features := len(coefficients) / scores
	return &linear{
		weights:    transposed(new(Arena), wrap([]int{scores, features}, coefficients)).Floats,
		intercepts: intercepts, scores: scores, post: post,
	}, err
}

// evaluate returns rows by scores, not transformed yet.
func (l *linear) evaluate(mem *Arena, t Tensor) (Tensor, []float32, error) {
	x, err := matrix(mem, t)
	if err != nil {
		return Tensor{}, nil, err
	}
	rows, features := x.Shape[0], len(l.weights)/l.scores
	if x.Shape[1] != features {
		return Tensor{}, nil, fmt.Errorf("input 0 has %d features, expected %d", x.Shape[1], features)
	}
	result, dst, err := alloc[float32](mem, []int{rows, l.scores})
	if err != nil {
		return Tensor{}, nil, err
	}
	if err := mem.spend(int64(len(dst)) * int64(features)); err != nil {
		return Tensor{}, nil, err
	}
	product(dst, x.Floats, l.weights, rows, features, l.scores)
	for i := range dst {
		if len(l.intercepts) > 0 {
			dst[i] += l.intercepts[i%l.scores]
		}
	}
	return result, dst, nil
}

func buildLinearRegressor(n *node) (kernel, error) {
	targets := n.integer("targets", 1)
	if targets < 1 || targets > maxElements {
		return nil, fmt.Errorf("targets is %d, expected 1 to %d", targets, maxElements)
	}
	l, err := newLinear(n, int(targets))
	if err != nil {
		return nil, err
	}
	n.give(Float32)
	return func(mem *Arena, in, out []Tensor) error {
		result, scores, err := l.evaluate(mem, in[0])
		l.post.rows(scores, l.scores)
		out[0] = result
		return err
	}, n.expect(0, Float32, Int64)
}

// buildLinearClassifier makes the kernel of LinearClassifier with one row of coefficients for each label.
func buildLinearClassifier(n *node) (kernel, error) {
	labels, err := classLabels(n, "classlabels_ints")
	if err != nil {
		return nil, err
	}
	n.ignore("multi_class") // post_transform says what to do with the scores
	l, err := newLinear(n, labels.size())
	if err != nil {
		return nil, err
	}
	if len(l.intercepts) == 0 {
		return nil, fmt.Errorf("intercepts is missing, expected %d entries", labels.size())
	}
	labels.declare(n)
	if len(n.out) > 1 {
		n.out[1] = Float32
	}
	return func(mem *Arena, in, out []Tensor) error {
		result, scores, err := l.evaluate(mem, in[0])
		if err != nil {
			return err
		}
		out[0] = labels.named(mem, best(mem, scores, l.scores))
		l.post.rows(scores, l.scores)
		if len(out) > 1 {
			out[1] = result
		}
		return nil
	}, n.expect(0, Float32, Int64)
}
