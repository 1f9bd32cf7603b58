package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// buildSoftmaxWith makes a builder for Softmax and its kind. Before version 13 of the operator set it runs over all dimensions from axis
// on, as one, and axis is 1 by default; from then it runs over one dimension, by default the last.
func buildSoftmaxWith(f func(dst, src []float32, n, step int)) func(n *node) (kernel, error) {
	return func(n *node) (kernel, error) { return buildSoftmax(n, f) }
}

func buildSoftmax(n *node, f func(dst, src []float32, n, step int)) (kernel, error) {
	n.give(Float32)
	if err := n.expect(0, Float32); err != nil {
		return nil, err
	}
	old := n.opset < 13
	at := n.integer("axis", map[bool]int64{true: 1, false: -1}[old])
	return func(mem *Arena, in, out []Tensor) error {
		axis, err := axisOf(at, len(in[0].Shape))
		if err != nil {
			return err
		}
		t, dst, err := alloc[float32](mem, in[0].Shape)
		if err != nil {
			return err
		}
		size, inner := in[0].Shape[axis], count(in[0].Shape[axis+1:])
		if old {
			size, inner = size*inner, 1
		}
		for from := 0; from < len(dst); from += size * inner {
			for i := range inner {
				f(dst[from+i:], in[0].Floats[from+i:], size, inner)
			}
		}
		out[0] = t
		return nil
	}, nil
}

// softmax is exp(x) / sum(exp(x)) over n elements that are step apart, with the greatest subtracted against overflow.
func softmax(dst, src []float32, n, step int) {
	top := src[0]
	for i := 1; i < n; i++ {
		top = max(top, src[i*step])
	}
	sum := 0.0
	for i := range n {
		e := math.Exp(float64(src[i*step] - top))
		dst[i*step] = float32(e)
		sum += e
	}
	for i := range n {
		dst[i*step] = float32(float64(dst[i*step]) / sum)
	}
}

// logSoftmax is x - log(sum(exp(x))), with the greatest subtracted first.
func logSoftmax(dst, src []float32, n, step int) {
	top := src[0]
	for i := 1; i < n; i++ {
		top = max(top, src[i*step])
	}
	sum := 0.0
	for i := range n {
		sum += math.Exp(float64(src[i*step] - top))
	}
	for i := range n {
		dst[i*step] = float32(float64(src[i*step]-top) - math.Log(sum))
	}
}

// buildBatchNormalization makes the kernel of BatchNormalization with the trained mean and variance of each channel,
// which is dimension 1.
func buildBatchNormalization(n *node) (kernel, error) {
	epsilon := float64(n.float("epsilon", 1e-5))
	training := n.integer("training_mode", 0)
	spatial := n.integer("spatial", 1)
	n.ignore("momentum")
	n.give(Float32)
	for i := range n.in {
		if err := n.expect(i, Float32); err != nil {
			return nil, err
		}
	}
	if training != 0 || spatial != 1 {
		return nil, errors.New("only the inference of channels is supported: training_mode 0, spatial 1")
	}
	return func(mem *Arena, in, out []Tensor) error {
		var err error
		out[0], err = batchNormalize(mem, in, epsilon)
		return err
	}, nil
}

func batchNormalize(mem *Arena, in []Tensor, epsilon float64) (Tensor, error) {
	shape := in[0].Shape
	if len(shape) < 2 {
		return Tensor{}, fmt.Errorf("input 0 has shape %v, expected two dimensions or more", shape)
	}
	channels, inner := shape[1], count(shape[2:])
	for i := 1; i < 5; i++ {
		if !slices.Equal(in[i].Shape, []int{channels}) {
			return Tensor{}, fmt.Errorf("input %d has shape %v, expected [%d]", i, in[i].Shape, channels)
		}
	}
	t, dst, err := alloc[float32](mem, shape)
	if err != nil {
		return Tensor{}, err
	}
	for row := 0; row*inner < len(dst); row++ {
		c := row % channels
		scale := float64(in[1].Floats[c]) / math.Sqrt(float64(in[4].Floats[c])+epsilon)
		shift := float64(in[2].Floats[c]) - float64(in[3].Floats[c])*scale
		for i := row * inner; i < (row+1)*inner; i++ {
			dst[i] = float32(float64(in[0].Floats[i])*scale + shift)
		}
	}
	return t, nil
}

// buildLayerNormalization makes the kernel of LayerNormalization over the dimensions from axis on. The outputs are the
// result and, where asked for, the mean and the inverse of the standard deviation.
func buildLayerNormalization(n *node) (kernel, error) {
	axis, epsilon := n.integer("axis", -1), float64(n.float("epsilon", 1e-5))
	n.ignore("stash_type") // sums are kept in float64
	n.give(Float32)
	for i := range n.in {
		if err := n.expect(i, Float32); err != nil {
			return nil, err
		}
	}
	return func(mem *Arena, in, out []Tensor) error {
		d, err := axisOf(axis, len(in[0].Shape))
		if err != nil {
			return err
		}
		return layerNormalize(mem, in, out, d, epsilon)
	}, nil
}

func layerNormalize(mem *Arena, in, out []Tensor, axis int, epsilon float64) error {
	shape := in[0].Shape
	rows, size := count(shape[:axis]), count(shape[axis:])
	scale, err := broadcastTo(mem, in[1], shape[axis:])
	if err != nil {
		return fmt.Errorf("input 1: %w", err)
	}
	bias := mem.floats.take(size)
	if len(in) > 2 {
		if bias, err = broadcastTo(mem, in[2], shape[axis:]); err != nil {
			return fmt.Errorf("input 2: %w", err)
		}
	}
	kept := mem.shape(shape...)
	for d := axis; d < len(kept); d++ {
		kept[d] = 1
	}
	means, deviations := mem.floats.take(rows), mem.floats.take(rows)
	t, dst, err := alloc[float32](mem, shape)
	if err != nil {
		return err
	}
	for r := range rows {
		x, y := in[0].Floats[r*size:][:size], dst[r*size:][:size]
		mean, inverse := moments(x, epsilon)
		for i, v := range x {
			y[i] = float32((float64(v)-mean)*inverse*float64(scale[i])) + bias[i]
		}
		means[r], deviations[r] = float32(mean), float32(inverse)
	}
	copy(out, mem.tensors(t, wrap(kept, means), wrap(kept, deviations)))
	return nil
}

// moments returns the mean and the inverse of the standard deviation.
func moments(x []float32, epsilon float64) (mean, inverse float64) {
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	variance := 0.0
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean)
	}
	return mean, 1 / math.Sqrt(variance/float64(len(x))+epsilon)
}

// broadcastTo returns the elements of t repeated to a shape.
func broadcastTo(mem *Arena, t Tensor, shape []int) ([]float32, error) {
	to, err := broadcast(mem, t.Shape, shape)
	if err != nil || !slices.Equal(to, shape) {
		return nil, fmt.Errorf("shape %v does not broadcast to %v", t.Shape, shape)
	}
	full, err := gatherStrided[float32](mem, t, shape, spread(t.Shape, shape), 0)
	return full.Floats, err
}
