package onnx

import (
	"errors"
	"fmt"
	"math"
)

// svmKernel compares a row of features with a support vector.
type svmKernel func(x, vector []float32) float64

// readKernel reads kernel_type and kernel_params: gamma, coef0 and degree.
func readKernel(n *node) (svmKernel, error) {
	params := n.floats("kernel_params")
	if len(params) != 0 && len(params) != 3 {
		return nil, fmt.Errorf("kernel_params has %d entries, expected gamma, coef0 and degree", len(params))
	}
	params = append(params, 0, 0, 0)
	gamma, coef0, degree := float64(params[0]), float64(params[1]), float64(params[2])
	switch kind := n.text("kernel_type", "LINEAR"); kind {
	case "LINEAR":
		return dot, nil
	case "POLY":
		return func(x, v []float32) float64 { return math.Pow(gamma*dot(x, v)+coef0, degree) }, nil
	case "SIGMOID":
		return func(x, v []float32) float64 { return math.Tanh(gamma*dot(x, v) + coef0) }, nil
	case "RBF":
		return func(x, v []float32) float64 { return math.Exp(-gamma * distance(x, v)) }, nil
	default:
		return nil, fmt.Errorf("kernel_type %q is not known", kind)
	}
}

func dot(x, v []float32) float64 {
	sum := 0.0
	for i := range x {
		sum += float64(x[i]) * float64(v[i])
	}
	return sum
}

// distance is the square of the Euclidean one.
func distance(x, v []float32) float64 {
	sum := 0.0
	for i := range x {
		d := float64(x[i]) - float64(v[i])
		sum += d * d
	}
	return sum
}

// supports are support vectors in rows of features.
type supports struct {
	vectors         []float32
	count, features int
	compare         svmKernel
}

func newSupports(n *node, count int) (supports, error) {
	s := supports{vectors: n.floats("support_vectors"), count: count}
	if count < 1 || len(s.vectors) == 0 || len(s.vectors)%count != 0 {
		return s, fmt.Errorf("support_vectors has %d entries, expected a multiple of %d vectors", len(s.vectors), count)
	}
	s.features = len(s.vectors) / count
	var err error
	s.compare, err = readKernel(n)
	return s, err
}

// rows returns the input in rows, which must have as many features as the vectors.
func (s *supports) rows(mem *Arena, t Tensor) (Tensor, error) {
	x, err := matrix(mem, t)
	if err == nil && x.Shape[1] != s.features {
		err = fmt.Errorf("input 0 has %d features, expected %d", x.Shape[1], s.features)
	}
	if err != nil {
		return x, err
	}
	return x, mem.spend(int64(x.size()) * int64(s.count))
}

// of fills in the kernel of a row with each vector.
func (s *supports) of(x Tensor, row int, into []float64) {
	features := x.Floats[row*s.features:][:s.features]
	for i := range into {
		into[i] = s.compare(features, s.vectors[i*s.features:][:s.features])
	}
}

// buildSVMRegressor makes the kernel of SVMRegressor: a weighted sum of kernels plus rho, or the sign of it where one_class is set.
// Without support vectors the coefficients themselves are the one vector.
func buildSVMRegressor(n *node) (kernel, error) {
	weights, rho, count := n.floats("coefficients"), n.floats("rho"), n.integer("n_supports", 0)
	sign := n.integer("one_class", 0) != 0
	if post := n.text("post_transform", "NONE"); post != "NONE" {
		return nil, fmt.Errorf("post_transform %q is not supported", post)
	}
	if len(rho) != 1 || len(weights) == 0 {
		return nil, fmt.Errorf("%d values of rho and %d coefficients, expected 1 and one or more", len(rho), len(weights))
	}
	s := supports{vectors: weights, count: 1, features: len(weights), compare: dot}
	var err error
	if count != 0 {
		if count != int64(len(weights)) {
			return nil, fmt.Errorf("n_supports is %d, but there are %d coefficients", count, len(weights))
		}
		s, err = newSupports(n, len(weights))
	} else {
		n.ignore("kernel_type", "kernel_params", "support_vectors")
		weights = []float32{1}
	}
	if err != nil {
		return nil, err
	}
	n.give(Float32)
	return func(mem *Arena, in, out []Tensor) error {
		x, err := s.rows(mem, in[0])
		if err != nil {
			return err
		}
		t, dst, err := alloc[float32](mem, mem.shape(x.Shape[0], 1))
		if err != nil {
			return err
		}
		values := mem.sums.take(s.count)
		for r := range dst {
			s.of(x, r, values)
			sum := float64(rho[0])
			for i, v := range values {
				sum += float64(weights[i]) * v
			}
			dst[r] = float32(sum)
			switch {
			case sign && sum > 0:
				dst[r] = 1
			case sign:
				dst[r] = -1
			}
		}
		out[0] = t
		return nil
	}, n.expect(0, Float32)
}

// svmClassifier decides between each two classes by a weighted sum of kernels plus rho; the class that wins most often is the
// result.
type svmClassifier struct {
	supports
	labels       labels
	starts       []int     // by class: its first vector; the last entry is the number of vectors
	coefficients []float32 // classes-1 rows of one for each vector
	rho          []float32 // by pair of classes
	probA, probB []float32 // by pair of classes, or none
	post         transform
}

// buildSVMClassifier makes the kernel of SVMClassifier with support vectors: a linear one is LinearClassifier.
func buildSVMClassifier(n *node) (kernel, error) {
	c := &svmClassifier{
		coefficients: n.floats("coefficients"), rho: n.floats("rho"), probA: n.floats("prob_a"), probB: n.floats("prob_b"), starts: []int{0},
	}
	var err error
	if c.labels, err = classLabels(n, "classlabels_ints"); err != nil {
		return nil, err
	}
	total := 0
	for _, size := range n.integers("vectors_per_class") {
		if size < 0 || size > maxElements || total > maxElements {
			return nil, fmt.Errorf("vectors_per_class holds %d, expected 0 to %d", size, maxElements)
		}
		total += int(size)
		c.starts = append(c.starts, total)
	}
	if c.supports, err = newSupports(n, total); err != nil {
		return nil, err
	}
	if c.post, err = readTransform(n); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	c.labels.declare(n)
	if len(n.out) > 1 {
		n.out[1] = Float32
	}
	return c.run, n.expect(0, Float32, Int64)
}

func (c *svmClassifier) check() error {
	classes := c.labels.size()
	pairs := classes * (classes - 1) / 2
	switch {
	case classes < 2 || len(c.starts) != classes+1:
		return fmt.Errorf("%d labels and vectors_per_class of %d classes, expected as many, 2 or more", classes, len(c.starts)-1)
	case len(c.coefficients) != (classes-1)*c.count:
		return fmt.Errorf("coefficients has %d entries, expected %d", len(c.coefficients), (classes-1)*c.count)
	case len(c.rho) != pairs:
		return fmt.Errorf("rho has %d entries, expected %d", len(c.rho), pairs)
	case len(c.probA) != len(c.probB) || len(c.probA) != 0 && len(c.probA) != pairs:
		return fmt.Errorf("prob_a has %d entries and prob_b %d, expected none or %d", len(c.probA), len(c.probB), pairs)
	case len(c.probA) == 0 && c.post != "NONE":
		return errors.New("a post_transform without prob_a is not supported")
	}
	return nil
}

func (c *svmClassifier) run(mem *Arena, in, out []Tensor) error {
	x, err := c.rows(mem, in[0])
	if err != nil {
		return err
	}
	classes, rows := c.labels.size(), x.Shape[0]
	width := classes
	if len(c.probA) == 0 && classes > 2 {
		width = len(c.rho)
	}
	t, scores, err := alloc[float32](mem, mem.shape(rows, width))
	if err != nil {
		return err
	}
	winners, kernels := mem.dims.take(rows), mem.sums.take(c.count)
	pairs, square := mem.floats.take(len(c.rho)), mem.floats.take(2*classes*classes+classes)
	for r := range rows {
		c.of(x, r, kernels)
		winners[r] = c.decide(pairs, kernels)
		row := scores[r*width:][:width]
		switch {
		case len(c.probA) > 0:
			c.probabilities(row, pairs, square)
		case classes == 2:
			row[0], row[1] = -pairs[0], pairs[0]
		default:
			copy(row, pairs)
		}
	}
	c.post.rows(scores, width)
	out[0] = c.labels.named(mem, winners)
	if len(out) > 1 {
		out[1] = t
	}
	return nil
}

// decide fills in the score of each two classes, which is above 0 where the first wins, and returns the class that wins most
// often, the first among equals.
func (c *svmClassifier) decide(pairs []float32, kernels []float64) int {
	classes, pair := c.labels.size(), 0
	var few [16]int
	votes := few[:min(classes, len(few))]
	if classes > len(few) {
		votes = make([]int, classes)
	}
	for i := range classes {
		for j := i + 1; j < classes; j++ {
			sum := float64(c.rho[pair])
			for k := c.starts[i]; k < c.starts[i+1]; k++ {
				sum += float64(c.coefficients[(j-1)*c.count+k]) * kernels[k]
			}
			for k := c.starts[j]; k < c.starts[j+1]; k++ {
				sum += float64(c.coefficients[i*c.count+k]) * kernels[k]
			}
			winner := j
			if sum > 0 {
				winner = i
			}
			votes[winner]++
			pairs[pair] = float32(sum)
			pair++
		}
	}
	top := 0
	for i, v := range votes {
		if v > votes[top] {
			top = i
		}
	}
	return top
}

// probabilities makes a probability for each class of those that a sigmoid gives for each two: the second method of Wu, Lin and
// Weng, "Probability estimates for multi-class classification by pairwise coupling" (2004), as far as libsvm takes it. room holds
// two squares and one row of classes.
func (c *svmClassifier) probabilities(p, pairs, room []float32) {
	k, pair := len(p), 0
	r, q, qp := room[:k*k], room[k*k:2*k*k], room[2*k*k:]
	for i := range k {
		for j := i + 1; j < k; j++ {
			won := 1 - sigmoid(pairs[pair]*c.probA[pair]+c.probB[pair])
			won = min(max(won, 1e-7), 1-1e-7)
			r[i*k+j], r[j*k+i] = won, 1-won
			pair++
		}
	}
	for t := range k {
		p[t], q[t*k+t] = 1/float32(k), 0
		for j := range k {
			if j != t {
				q[t*k+t] += r[j*k+t] * r[j*k+t]
				q[t*k+j] = -r[j*k+t] * r[t*k+j]
			}
		}
	}
	for range max(100, k) {
		if c.settle(p, q, qp) {
			return
		}
	}
}

// settle takes one step in each direction, or reports that the probabilities are good enough.
func (c *svmClassifier) settle(p, q, qp []float32) bool {
	k, total := len(p), float32(0)
	for t := range k {
		qp[t] = 0
		for j := range k {
			qp[t] += q[t*k+j] * p[j]
		}
		total += p[t] * qp[t]
	}
	worst := float32(0)
	for _, v := range qp {
		worst = max(worst, float32(math.Abs(float64(v-total))))
	}
	if worst < 0.005/float32(k) {
		return true
	}
	for t := range k {
		diff := (total - qp[t]) / q[t*k+t]
		p[t] += diff
		total = (total + diff*(diff*q[t*k+t]+2*qp[t])) / (1 + diff) / (1 + diff)
		for j := range k {
			qp[j] = (qp[j] + diff*q[t*k+j]) / (1 + diff)
			p[j] /= 1 + diff
		}
	}
	return false
}
