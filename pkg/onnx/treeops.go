package onnx

import (
	"errors"
	"fmt"
)

// buildTreeRegressor makes the kernel of TreeEnsembleRegressor, which gives rows by targets.
func buildTreeRegressor(n *node) (kernel, error) {
	targets := n.integer("n_targets", 1)
	if targets < 1 || targets > maxElements {
		return nil, fmt.Errorf("n_targets is %d, expected 1 to %d", targets, maxElements)
	}
	agg := aggregate(n.text("aggregate_function", "SUM"))
	if !aggregates[agg] {
		return nil, fmt.Errorf("aggregate_function %q is not known", agg)
	}
	base := n.weights("base_values")
	if len(base) != 0 && len(base) != int(targets) {
		return nil, fmt.Errorf("base_values has %d entries, expected none or %d", len(base), targets)
	}
	post, err := readTransform(n)
	if err != nil {
		return nil, err
	}
	f, err := newForest(n, "target", int(targets))
	if err != nil {
		return nil, err
	}
	return scoring(n, f, agg, base, post)
}

// scoring makes the kernel of an ensemble whose aggregated votes, with base added, are the scores; compilers get the trees.
func scoring(n *node, f *forest, agg aggregate, base []float32, post transform) (kernel, error) {
	n.give(Float32)
	n.trees = &Trees{
		Nodes: f.nodes, Votes: f.votes, Roots: f.roots, Features: f.width, Scores: f.scores,
		Aggregate: string(agg), Base: base, Transform: string(post),
	}
	return func(mem *Arena, in, out []Tensor) error {
		sums, rows, err := f.evaluate(mem, in[0], agg)
		if err != nil {
			return err
		}
		scores := plusBase(mem, sums, base)
		post.rows(scores, f.scores)
		out[0] = wrap(mem.shape(rows, f.scores), scores)
		return nil
	}, n.expect(0, Float32, Int64)
}

// plusBase adds base, of which there are none or one for each score of a row, and rounds to float32.
func plusBase(mem *Arena, sums []float64, base []float32) []float32 {
	scores := mem.floats.take(len(sums))
	for i, sum := range sums {
		if len(base) > 0 {
			sum += float64(base[i%len(base)])
		}
		scores[i] = float32(sum)
	}
	return scores
}

// treeClassifier is a forest whose scores are classes. Of a binary one, only one class may have votes: its score then
// stands for the second label.
type treeClassifier struct {
	forest   *forest
	labels   labels
	base     []float32
	post     transform
	binary   bool
	positive bool // no vote is negative: the votes are probabilities
}

// buildTreeClassifier makes the kernel of TreeEnsembleClassifier, which gives labels, and rows by classes of scores.
func buildTreeClassifier(n *node) (kernel, error) {
	labels, err := classLabels(n, "classlabels_int64s")
	if err != nil {
		return nil, err
	}
	c := &treeClassifier{labels: labels, base: n.weights("base_values"), positive: true}
	if c.post, err = readTransform(n); err != nil {
		return nil, err
	}
	if c.forest, err = newForest(n, "class", labels.size()); err != nil {
		return nil, err
	}
	voted := map[int32]bool{}
	for _, v := range c.forest.votes {
		voted[v.Score] = true
		c.positive = c.positive && v.Weight >= 0
	}
	c.binary = labels.size() == 2 && len(voted) == 1
	if len(c.base) != 0 && len(c.base) != labels.size() && (!c.binary || len(c.base) != 1) {
		return nil, fmt.Errorf("base_values has %d entries, expected none or %d", len(c.base), labels.size())
	}
	if c.binary && c.post == "PROBIT" {
		return nil, errors.New("post_transform PROBIT of a single score is not supported")
	}
	labels.declare(n)
	if len(n.out) > 1 {
		n.out[1] = Float32
	}
	return c.run, n.expect(0, Float32, Int64)
}

func (c *treeClassifier) run(mem *Arena, in, out []Tensor) error {
	sums, rows, err := c.forest.evaluate(mem, in[0], "SUM")
	if err != nil {
		return err
	}
	var classes []int
	var scores []float32
	if c.binary {
		classes, scores = c.runBinary(mem, sums)
	} else {
		scores = plusBase(mem, sums, c.base)
		classes = best(mem, scores, c.labels.size())
		c.post.rows(scores, c.labels.size())
	}
	out[0] = c.labels.named(mem, classes)
	if len(out) > 1 {
		out[1] = wrap(mem.shape(rows, c.labels.size()), scores)
	}
	return nil
}

// runBinary makes two scores of the one that has votes: 1-s and s of a probability, and -s and s of anything else. As in
// onnxruntime, LOGISTIC is the only transform of them, of -s and s, and the label does not depend on it.
func (c *treeClassifier) runBinary(mem *Arena, sums []float64) ([]int, []float32) {
	base := 0.0
	if len(c.base) > 0 {
		base = float64(c.base[len(c.base)-1])
	}
	half := 0.5 // of a probability
	if !c.positive {
		half = 0
	}
	classes, scores := mem.dims.take(len(sums)/2), mem.floats.take(len(sums))
	for r := range classes {
		s := float32(sums[2*r] + sums[2*r+1] + base)
		scores[2*r], scores[2*r+1] = -s, s
		if c.positive && c.post != "LOGISTIC" {
			scores[2*r] = 1 - s
		}
		if float64(s) > half {
			classes[r] = 1
		}
	}
	if c.post == "LOGISTIC" {
		c.post.rows(scores, 2)
	}
	return classes, scores
}
