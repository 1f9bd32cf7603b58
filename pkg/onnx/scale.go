package onnx

import (
	"fmt"
	"math"
	"slices"
)

// perFeature checks that an attribute has one value for all features or one for each of t's last dimension.
func perFeature(t Tensor, name string, values []float32) (int, error) {
	if len(t.Shape) == 0 {
		return 0, fmt.Errorf("input 0 is a scalar, expected features")
	}
	width := t.Shape[len(t.Shape)-1]
	if len(values) != 1 && len(values) != width {
		return 0, fmt.Errorf("attribute %q has %d entries, expected 1 or %d", name, len(values), width)
	}
	return width, nil
}

// eachFeature computes a float32 from each element and the attributes' entries for its feature.
func eachFeature(mem *Arena, t Tensor, f func(v float32, feature int) float32, width int) (Tensor, error) {
	result, dst, err := alloc[float32](mem, t.Shape)
	for i, v := range t.Floats[:len(dst)] {
		dst[i] = f(v, i%width)
	}
	return result, err
}

// buildScaler makes the kernel of Scaler: (x - offset) * scale.
func buildScaler(n *node) (kernel, error) {
	offset, scale := n.floats("offset"), n.floats("scale")
	n.give(Float32)
	return func(mem *Arena, in, out []Tensor) error {
		t := toFloats(mem, in[0])
		width, err := perFeature(t, "offset", offset)
		if err != nil {
			return err
		}
		if _, err := perFeature(t, "scale", scale); err != nil {
			return err
		}
		out[0], err = eachFeature(mem, t, func(v float32, feature int) float32 {
			return (v - offset[feature%len(offset)]) * scale[feature%len(scale)]
		}, width)
		return err
	}, n.expect(0, Float32, Int64)
}

// buildImputer makes the kernel of Imputer for float32: a value that counts as missing, NaN by default, is replaced.
func buildImputer(n *node) (kernel, error) {
	values, missing := n.floats("imputed_value_floats"), n.float("replaced_value_float", float32(math.NaN()))
	n.ignore("replaced_value_int64") // of integer inputs
	n.give(Float32)
	return func(mem *Arena, in, out []Tensor) error {
		width, err := perFeature(in[0], "imputed_value_floats", values)
		if err != nil {
			return err
		}
		out[0], err = eachFeature(mem, in[0], func(v float32, feature int) float32 {
			if v == missing || v != v && missing != missing {
				return values[feature%len(values)]
			}
			return v
		}, width)
		return err
	}, n.expect(0, Float32)
}

// norms are what Normalizer divides a row by. The greatest is by value, as in the definition of ONNX, not by magnitude.
var norms = map[string]func(row []float32) float64{
	"MAX": func(row []float32) float64 {
		top := math.Inf(-1)
		for _, v := range row {
			top = max(top, float64(v))
		}
		return top
	},
	"L1": func(row []float32) float64 {
		sum := 0.0
		for _, v := range row {
			sum += math.Abs(float64(v))
		}
		return sum
	},
	"L2": func(row []float32) float64 {
		sum := 0.0
		for _, v := range row {
			sum += float64(v) * float64(v)
		}
		return math.Sqrt(sum)
	},
}

// buildNormalizer makes the kernel of Normalizer; a row whose norm is 0 stays as it is.
func buildNormalizer(n *node) (kernel, error) {
	kind := n.text("norm", "MAX")
	norm, ok := norms[kind]
	if !ok {
		return nil, fmt.Errorf("norm %q is not known", kind)
	}
	n.give(Float32)
	return func(mem *Arena, in, out []Tensor) error {
		t, err := matrix(mem, in[0])
		if err != nil {
			return err
		}
		result, dst, err := alloc[float32](mem, in[0].Shape)
		if err != nil {
			return err
		}
		copy(dst, t.Floats)
		for row := range slices.Chunk(dst, max(1, t.Shape[1])) {
			by := norm(row)
			for i := range row {
				if by != 0 {
					row[i] = float32(float64(row[i]) / by)
				}
			}
		}
		out[0] = result
		return nil
	}, n.expect(0, Float32, Int64)
}

// buildFeatureVectorizer makes the kernel of FeatureVectorizer: the inputs side by side, as float32.
func buildFeatureVectorizer(n *node) (kernel, error) {
	widths := n.integers("inputdimensions")
	if len(widths) != len(n.in) {
		return nil, fmt.Errorf("inputdimensions has %d entries, expected %d", len(widths), len(n.in))
	}
	n.give(Float32)
	for i := range n.in {
		if err := n.expect(i, Float32, Int64); err != nil {
			return nil, err
		}
	}
	join := concat[float32](1)
	return func(mem *Arena, in, out []Tensor) error {
		parts := mem.parts.take(len(in))
		for i, t := range in {
			var err error
			if parts[i], err = matrix(mem, t); err != nil {
				return err
			}
			if int64(parts[i].Shape[1]) != widths[i] {
				return fmt.Errorf("input %d has %d features, expected %d", i, parts[i].Shape[1], widths[i])
			}
		}
		return join(mem, parts, out)
	}, nil
}
