package onnx

import (
	"errors"
	"fmt"
	"math"
)

// buildInstanceNormalization makes the kernel of InstanceNormalization: each channel of each of the batch by its own mean and
// deviation.
func buildInstanceNormalization(n *node) (kernel, error) { return normaliseGroups(n, 0, false) }

// buildGroupNormalization makes the kernel of GroupNormalization, which takes a scale and a bias for each group before version 21
// of the operator set, and for each channel from then.
func buildGroupNormalization(n *node) (kernel, error) {
	groups := n.integer("num_groups", 0)
	n.ignore("stash_type") // sums are kept in float64
	if groups < 1 || groups > maxElements {
		return nil, fmt.Errorf("num_groups is %d, expected 1 or more", groups)
	}
	return normaliseGroups(n, int(groups), n.opset < 21)
}

// normaliseGroups makes a kernel over groups of channels, which are dimension 1; 0 stands for one group for each channel.
func normaliseGroups(n *node, groups int, byGroup bool) (kernel, error) {
	epsilon := float64(n.float("epsilon", 1e-5))
	n.give(Float32)
	run := func(mem *Arena, in, out []Tensor) error {
		shape := in[0].Shape
		if len(shape) < 3 && groups == 0 || len(shape) < 2 {
			return fmt.Errorf("input 0 has shape %v, expected batch, channels and more", shape)
		}
		channels, parts := shape[1], groups
		if parts == 0 {
			parts = channels
		}
		if parts == 0 || channels%parts != 0 {
			return fmt.Errorf("%d channels do not make %d groups", channels, parts)
		}
		weights := channels
		if byGroup {
			weights = parts
		}
		if len(in[1].Floats) != weights || len(in[2].Floats) != weights {
			return fmt.Errorf("%d scales and %d biases, expected %d of each", len(in[1].Floats), len(in[2].Floats), weights)
		}
		t, dst, err := alloc[float32](mem, shape)
		if err != nil {
			return err
		}
		inner := count(shape[2:])
		size := channels / parts * inner
		for from := 0; from < len(dst); from += size {
			mean, inverse := moments(in[0].Floats[from:from+size], epsilon)
			for i := from; i < from+size; i++ {
				w := i / inner % channels
				if byGroup {
					w /= channels / parts
				}
				dst[i] = float32((float64(in[0].Floats[i])-mean)*inverse*float64(in[1].Floats[w])) + in[2].Floats[w]
			}
		}
		out[0] = t
		return nil
	}
	return run, errors.Join(n.expect(0, Float32), n.expect(1, Float32), n.expect(2, Float32))
}

// buildRMSNormalization makes the kernel of RMSNormalization: the dimensions from axis on by the root of the mean of their squares.
func buildRMSNormalization(n *node) (kernel, error) {
	axis, epsilon := n.integer("axis", -1), float64(n.float("epsilon", 1e-5))
	n.ignore("stash_type") // sums are kept in float64
	n.give(Float32)
	return func(mem *Arena, in, out []Tensor) error {
		shape := in[0].Shape
		d, err := axisOf(axis, len(shape))
		if err != nil {
			return err
		}
		scale, err := broadcastTo(mem, in[1], shape[d:])
		if err != nil {
			return fmt.Errorf("input 1: %w", err)
		}
		t, dst, err := alloc[float32](mem, shape)
		if err != nil {
			return err
		}
		for from := 0; from < len(dst); from += len(scale) {
			x := in[0].Floats[from:][:len(scale)]
			inverse := 1 / math.Sqrt(dot(x, x)/float64(len(x))+epsilon)
			for i, v := range x {
				dst[from+i] = float32(float64(v)*inverse) * scale[i]
			}
		}
		out[0] = t
		return nil
	}, errors.Join(n.expect(0, Float32), n.expect(1, Float32))
}

// buildLpNormalization makes the kernel of LpNormalization: lines along a dimension by their norm; a line of zeros stays.
func buildLpNormalization(n *node) (kernel, error) {
	axis, p := n.integer("axis", -1), n.integer("p", 2)
	norm, ok := map[int64]func([]float32) float64{1: norms["L1"], 2: norms["L2"]}[p]
	if !ok {
		return nil, fmt.Errorf("p is %d, expected 1 or 2", p)
	}
	n.give(Float32)
	return func(mem *Arena, in, out []Tensor) error {
		l, err := alongAxis(in[0].Shape, axis)
		if err != nil {
			return err
		}
		t, dst, err := alloc[float32](mem, in[0].Shape)
		if err != nil {
			return err
		}
		line := mem.floats.take(l.size)
		for i := range l.outer * l.inner {
			from := i/l.inner*l.size*l.inner + i%l.inner
			for k := range line {
				line[k] = in[0].Floats[from+k*l.inner]
			}
			by := norm(line)
			for k, v := range line {
				if by != 0 {
					dst[from+k*l.inner] = float32(float64(v) / by)
				}
			}
		}
		out[0] = t
		return nil
	}, n.expect(0, Float32)
}

// buildMeanVarianceNormalization makes the kernel of MeanVarianceNormalization: what axes span by its mean and deviation.
func buildMeanVarianceNormalization(n *node) (kernel, error) {
	axes := []int64{0, 2, 3}
	if n.present("axes") {
		axes = n.integers("axes")
	}
	n.give(Float32)
	mean := meanFloats()
	return func(mem *Arena, in, out []Tensor) error {
		means, err := reduce(mem, in[0], axes, true, mean)
		if err != nil {
			return err
		}
		centred, err := combine(mem, in[0], means, sub[float32])
		if err != nil {
			return err
		}
		squares, err := combine(mem, centred, centred, mul[float32])
		if err != nil {
			return err
		}
		variances, err := reduce(mem, squares, axes, true, mean)
		if err != nil {
			return err
		}
		for i, v := range variances.Floats {
			variances.Floats[i] = float32(math.Sqrt(float64(v)) + 1e-9)
		}
		out[0], err = combine(mem, centred, variances, div[float32])
		return err
	}, n.expect(0, Float32)
}

// buildLRN makes the kernel of LRN: each element by the squares of its neighbours among the channels.
func buildLRN(n *node) (kernel, error) {
	alpha, beta, bias := float64(n.float("alpha", 1e-4)), float64(n.float("beta", 0.75)), float64(n.float("bias", 1))
	size := n.integer("size", 0)
	if size < 1 || size > maxElements {
		return nil, fmt.Errorf("size is %d, expected 1 or more", size)
	}
	before, after := int(size-1)/2, int(size)/2
	n.give(Float32)
	return func(mem *Arena, in, out []Tensor) error {
		if len(in[0].Shape) < 3 {
			return fmt.Errorf("input 0 has shape %v, expected batch, channels and more", in[0].Shape)
		}
		l, err := alongAxis(in[0].Shape, 1)
		if err != nil {
			return err
		}
		t, dst, err := alloc[float32](mem, in[0].Shape)
		if err != nil {
			return err
		}
		if err := mem.spend(int64(len(dst)) * int64(min(before+after+1, l.size))); err != nil {
			return err
		}
		for i := range dst {
			at, sum := i/l.inner%l.size, 0.0
			for k := max(0, at-before); k <= min(l.size-1, at+after); k++ {
				v := float64(in[0].Floats[i+(k-at)*l.inner])
				sum += v * v
			}
			dst[i] = float32(float64(in[0].Floats[i]) / math.Pow(bias+alpha/float64(size)*sum, beta))
		}
		out[0] = t
		return nil
	}, n.expect(0, Float32)
}
