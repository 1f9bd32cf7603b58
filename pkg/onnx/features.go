package onnx

import "fmt"

// buildBinarizer makes the kernel of Binarizer: 1 where an element is above the threshold, else 0.
func buildBinarizer(n *node) (kernel, error) {
	threshold := n.float("threshold", 0)
	n.give(Float32)
	return mapped(func(v float32) float32 {
		if v > threshold {
			return 1
		}
		return 0
	}), n.expect(0, Float32)
}

// buildArrayFeatureExtractor makes the kernel of ArrayFeatureExtractor: the features, which are the last dimension, that the second
// input numbers.
func buildArrayFeatureExtractor(n *node) (kernel, error) {
	n.give(n.in[0])
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	return n.byDtype(0, extract[float32], extract[int64], nil, extract[string])
}

func extract[T element](mem *Arena, in, out []Tensor) error {
	shape, chosen := in[0].Shape, in[1].Ints
	if len(shape) == 0 || len(chosen) == 0 {
		return fmt.Errorf("%d features of shape %v, expected one or more of one dimension or more", len(chosen), shape)
	}
	width := shape[len(shape)-1]
	for _, i := range chosen {
		if i < 0 || i >= int64(width) {
			return fmt.Errorf("feature %d is out of range for %d", i, width)
		}
	}
	outer := shape[:len(shape)-1]
	if len(shape) == 1 {
		outer = mem.shape(1)
	}
	t, dst, err := alloc[T](mem, mem.joined(outer, mem.shape(len(chosen)), nil))
	if err != nil {
		return err
	}
	src := data[T](in[0])
	for r := range count(outer) {
		for k, i := range chosen {
			dst[r*len(chosen)+k] = src[r*width+int(i)]
		}
	}
	out[0] = t
	return nil
}

// buildZipMap makes the kernel of ZipMap, which ends classifiers of scikit-learn. ONNX makes a sequence of maps from label to
// probability of it; here its output is the tensor of probabilities, a row for each of the maps and in it the labels in the order
// of the attribute.
func buildZipMap(n *node) (kernel, error) {
	labels, err := classLabels(n, "classlabels_int64s")
	if err != nil {
		return nil, err
	}
	n.give(Float32)
	n.outCodes[0] = codeMaps
	return func(mem *Arena, in, out []Tensor) error {
		t, err := matrix(mem, in[0])
		if err != nil {
			return err
		}
		if t.Shape[1] != labels.size() {
			return fmt.Errorf("input 0 has %d columns, expected one for each of %d labels", t.Shape[1], labels.size())
		}
		out[0] = t
		return nil
	}, n.expect(0, Float32)
}
