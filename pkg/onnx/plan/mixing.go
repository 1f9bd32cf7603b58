package plan

import (
	"slices"
	"strings"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// padsNoCandidates checks Pad: nothing is added before or after the candidates.
func padsNoCandidates(c *compiler, n onnx.Node) error {
	if err := c.alone(n); err != nil {
		return err
	}
	pads, axes := n.Ints("pads"), []int64(nil)
	if n.Opset() >= 11 {
		pads = c.values[n.Inputs()[1]].known.Ints
		if len(n.Inputs()) > 3 && n.Inputs()[3] >= 0 {
			axes = c.values[n.Inputs()[3]].known.Ints
		}
	}
	half := len(pads) / 2
	for i := range half {
		axis := int64(i)
		if axes != nil {
			axis = axes[i]
		}
		if c.values[n.Inputs()[0]].axis(axis) == 0 && (pads[i] != 0 || pads[half+i] != 0) {
			return errMixed
		}
	}
	return nil
}

// onEachCandidate checks Einsum: the operands that depend on the candidates, and the result, begin with a letter of theirs.
func onEachCandidate(c *compiler, n onnx.Node) error {
	left, right, explicit := strings.Cut(strings.ReplaceAll(n.Text("equation", ""), " ", ""), "->")
	if !explicit || right == "" || strings.Contains(left+right, ".") {
		return errMixed
	}
	factor := 0
	for i, letters := range strings.Split(left, ",") {
		v, found := &c.values[n.Inputs()[i]], strings.Count(letters, right[:1])
		switch {
		case v.class != rowed && found > 0:
			return errMixed
		case v.class == rowed && (found != 1 || letters[:1] != right[:1] || factor != 0 && factor != v.factor):
			return errMixed
		case v.class == rowed:
			factor = v.factor
		}
	}
	return nil
}

// newAxis checks OneHot: the candidates stay the first dimension.
func newAxis(c *compiler, n onnx.Node) error {
	if n.Int("axis", -1) == 0 || n.Int("axis", -1) == -int64(c.values[n.Inputs()[0]].rank())-1 {
		return errMixed
	}
	return c.alone(n)
}

// joinsColumns checks Concat of operands that all have candidates of their own.
func joinsColumns(c *compiler, n onnx.Node) error {
	first := &c.values[n.Inputs()[0]]
	if slices.ContainsFunc(n.Inputs(), func(v int) bool {
		other := &c.values[v]
		return other.class != rowed || other.factor != first.factor || other.repeats != first.repeats
	}) || first.axis(n.Int("axis", 0)) == 0 {
		return errMixed
	}
	return nil
}

// scaledByColumns checks that scales are not given for each candidate.
func scaledByColumns(c *compiler, n onnx.Node) error {
	if c.values[n.Inputs()[1]].width() != 1 && c.values[n.Inputs()[0]].axis(n.Int("axis", 1)) == 0 {
		return errMixed
	}
	return c.alone(n)
}
