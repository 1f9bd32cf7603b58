package onnx

import (
	"errors"
	"slices"
)

// labels are what a classifier calls its classes: numbers or texts.
type labels struct {
	ints  []int64
	texts []string
}

// classLabels reads the labels of a classifier: numbers under a name, or texts.
func classLabels(n *node, name string) (labels, error) {
	l := labels{ints: n.integers(name), texts: n.texts("classlabels_strings")}
	if (len(l.ints) == 0) == (len(l.texts) == 0) {
		return l, errors.New("expected labels that are either numbers or texts: " + name + " or classlabels_strings")
	}
	return l, nil
}

func (l labels) size() int { return len(l.ints) + len(l.texts) }

// declare sets the type of output 0.
func (l labels) declare(n *node) {
	if l.texts != nil {
		n.giveAs(0, codeString)
		return
	}
	n.giveAs(0, codeInt64)
}

// named returns the labels of classes.
func (l labels) named(mem *Arena, classes []int) Tensor {
	if l.texts != nil {
		return wrap(mem.shape(len(classes)), chosen(mem, l.texts, classes))
	}
	return wrap(mem.shape(len(classes)), chosen(mem, l.ints, classes))
}

func chosen[T element](mem *Arena, from []T, classes []int) []T {
	to := take[T](mem, len(classes))
	for i, c := range classes {
		to[i] = from[c]
	}
	return to
}

// best returns the class of the greatest score of each row, the first among equals.
func best(mem *Arena, scores []float32, width int) []int {
	classes := mem.dims.take(len(scores) / width)[:0]
	for row := range slices.Chunk(scores, width) {
		top := 0
		for i, v := range row {
			if v > row[top] {
				top = i
			}
		}
		classes = append(classes, top)
	}
	return classes
}
