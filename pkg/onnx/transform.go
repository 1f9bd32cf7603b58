package onnx

import (
	"fmt"
	"math"
	"slices"
)

// transform is the post_transform of the scores of ai.onnx.ml models.
type transform string

// readTransform reads and checks the attribute.
func readTransform(n *node) (transform, error) {
	t := transform(n.text("post_transform", "NONE"))
	if !slices.Contains([]transform{"NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"}, t) {
		return "", fmt.Errorf("post_transform %q is not known", t)
	}
	return t, nil
}

// rows transforms scores in place; a row of width scores belongs together.
func (t transform) rows(scores []float32, width int) {
	switch t {
	case "LOGISTIC":
		for i, v := range scores {
			scores[i] = sigmoid(v)
		}
	case "PROBIT":
		for i, v := range scores {
			scores[i] = probit(v)
		}
	case "SOFTMAX":
		for row := range slices.Chunk(scores, width) {
			softmax(row, row, width, 1)
		}
	case "SOFTMAX_ZERO":
		for row := range slices.Chunk(scores, width) {
			softmaxZero(row)
		}
	}
}

// probit is the inverse of the normal distribution, of which the references of ONNX take an approximation, good to 1e-3 or so, with
// Winitzki's inverse of the error function ("A handy approximation for the error function and its inverse", 2008).
func probit(v float32) float32 {
	const a = 0.147
	x := 2*float64(v) - 1
	log := math.Log((1 - x) * (1 + x))
	half := 2/(math.Pi*a) + log/2
	return float32(math.Sqrt2 * math.Copysign(math.Sqrt(math.Sqrt(half*half-log/a)-half), x))
}

// softmaxZero is softmax over the scores that are not zero; the others stay zero.
func softmaxZero(row []float32) {
	var scores []float32
	for _, v := range row {
		if v != 0 {
			scores = append(scores, v)
		}
	}
	if len(scores) == 0 {
		return
	}
	softmax(scores, scores, len(scores), 1)
	for i, v := range row {
		if v != 0 {
			row[i], scores = scores[0], scores[1:]
		}
	}
}

// matrix returns t as float32 in two dimensions; a single row may come as a vector.
func matrix(mem *Arena, t Tensor) (Tensor, error) {
	t = toFloats(mem, t)
	if len(t.Shape) == 1 {
		t = t.view(mem.shape(1, t.Shape[0]))
	}
	if len(t.Shape) != 2 {
		return t, fmt.Errorf("input 0 has shape %v, expected rows of features", t.Shape)
	}
	return t, nil
}
