package onnx

import (
	"fmt"
	"math"
	"slices"
)

// loss is the attributes of NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
type loss struct {
	reduction string
	ignored   int64
	ignores   bool
	softmax   bool // the input is scores, not logarithms of probabilities
}

// buildLoss makes a builder for the loss of labels: the negative logarithm of the probability of the class that is right,
// which is dimension 1, by weights of the classes.
func buildLoss(withSoftmax bool) func(n *node) (kernel, error) {
	return func(n *node) (kernel, error) {
		l := loss{reduction: n.text("reduction", "mean"), softmax: withSoftmax, ignores: n.present("ignore_index")}
		l.ignored = n.integer("ignore_index", 0)
		if !slices.Contains([]string{"none", "mean", "sum"}, l.reduction) {
			return nil, fmt.Errorf("reduction %q is not known", l.reduction)
		}
		n.give(Float32)
		if err := n.expect(1, Int64); err != nil {
			return nil, err
		}
		if err := n.expect(2, Float32); err != nil {
			return nil, err
		}
		return l.run, n.expect(0, Float32)
	}
}

func (l loss) run(mem *Arena, in, out []Tensor) error {
	shape := in[0].Shape
	if len(shape) < 2 || !slices.Equal(mem.joined(shape[:1], nil, shape[2:]), in[1].Shape) {
		return fmt.Errorf("shapes %v and %v, expected those of scores by class and of labels", shape, in[1].Shape)
	}
	classes, inner := shape[1], count(shape[2:])
	if len(in) > 2 && in[2].size() != classes {
		return fmt.Errorf("input 2 has %d weights, expected %d", in[2].size(), classes)
	}
	logs := in[0]
	if l.softmax {
		t, dst, err := alloc[float32](mem, shape)
		if err != nil {
			return err
		}
		for line := 0; classes > 0 && line < len(dst)/classes; line++ {
			from := line/inner*classes*inner + line%inner
			logSoftmax(dst[from:], in[0].Floats[from:], classes, inner)
		}
		logs = t
		if len(out) > 1 {
			out[1] = logs
		}
	}
	t, losses, err := alloc[float32](mem, in[1].Shape)
	if err != nil {
		return err
	}
	sum, weights := 0.0, 0.0
	for i, label := range in[1].Ints {
		if l.ignores && label == l.ignored {
			continue
		}
		if label < 0 || label >= int64(classes) {
			return fmt.Errorf("label %d is out of range for %d classes", label, classes)
		}
		weight := float32(1)
		if len(in) > 2 {
			weight = in[2].Floats[label]
		}
		losses[i] = -weight * logs.Floats[(i/inner*classes+int(label))*inner+i%inner]
		sum, weights = sum+float64(losses[i]), weights+float64(weight)
	}
	out[0] = t
	switch l.reduction {
	case "mean":
		sum /= weights
		if weights == 0 {
			sum = math.NaN()
		}
		fallthrough
	case "sum":
		total := mem.floats.take(1)
		total[0] = float32(sum)
		out[0] = wrap(mem.shape(), total)
	}
	return nil
}
