package plan

import (
	"slices"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/internal/gemm"
	"github.com/repli-mesh/repli/pkg/vec"
)

// gemmOp is a product with weights: the sum of the products of its terms, plus a bias.
type gemmOp struct {
	terms []term
	bias  int // a value with one row of n elements, or -1
	relu  bool
	out   int
	n     int
	rows  int // of the product for each candidate
	code  int // where its instruction is
}

// term is a part of the left side with the weights that belong to it.
type term struct {
	value   int
	weights *gemm.Matrix
	packed  int // the value that holds the weights where they are not constant, or -1
	k       int
}

// gemmOf emits Gemm with a right side that is the same for all candidates.
func gemmOf(c *compiler, n onnx.Node) (bool, error) {
	a, b, out := n.Inputs()[0], n.Inputs()[1], n.Outputs()[0]
	if !c.float(a, b) || n.Int("transA", 0) != 0 || c.values[a].class == constant || c.values[b].class != constant || len(c.values[b].shape) != 2 {
		return false, gemmMixed(c, n)
	}
	if c.values[a].repeats && c.values[a].factor != 1 {
		return false, errMixed
	}
	bias := -1
	if len(n.Inputs()) > 2 && n.Inputs()[2] >= 0 && n.Float("beta", 1) != 0 {
		bias = n.Inputs()[2]
	}
	weights, k, width := c.values[b].known.Floats, c.values[b].shape[0], c.values[b].shape[1]
	if n.Int("transB", 0) != 0 {
		weights, k, width = transposed(weights, k, width), width, k
	}
	if bias >= 0 {
		row, ok := c.biasRow(bias, width, n.Float("beta", 1))
		if !ok {
			return false, gemmMixed(c, n)
		}
		bias = row
	}
	if alpha := n.Float("alpha", 1); alpha != 1 {
		weights = slices.Clone(weights)
		vec.MulScalar(weights, weights, alpha)
	}
	c.product(n, a, weights, k, width, bias, out)
	return true, nil
}

// gemmMixed says that a Gemm on candidates which has no instruction cannot be cut into blocks.
func gemmMixed(c *compiler, n onnx.Node) error {
	if slices.ContainsFunc(n.Inputs()[1:], func(v int) bool { return v >= 0 && c.values[v].class == rowed }) || n.Int("transA", 0) != 0 {
		return errMixed
	}
	return nil
}

// biasRow returns a constant row of n elements, times beta.
func (c *compiler) biasRow(v, n int, beta float32) (int, bool) {
	b := &c.values[v]
	if b.class != constant || b.last() != b.width() || b.width() != 1 && b.width() != n {
		return 0, false
	}
	row := make([]float32, n)
	for i := range row {
		row[i] = beta * b.known.Floats[i%b.width()]
	}
	return c.fresh(value{class: constant, dtype: onnx.Float32, shape: []int{n}, known: onnx.Tensor{Shape: []int{n}, Floats: row}}), true
}

func transposed(values []float32, rows, columns int) []float32 {
	out := make([]float32, len(values))
	for i := range rows {
		for j := range columns {
			out[j*rows+i] = values[i*columns+j]
		}
	}
	return out
}

// product emits a product with constant weights (k by n). What is the same for all candidates in a concatenation on the left
// is multiplied once, and becomes the bias of the rest.
func (c *compiler) product(n onnx.Node, a int, weights []float32, k, width, bias, out int) {
	terms := c.terms(a, weights, width)
	fixed := slices.DeleteFunc(slices.Clone(terms), func(t term) bool { return c.values[t.value].perRow() })
	if len(fixed) > 0 && len(fixed) < len(terms) {
		row := c.fresh(value{class: uniform, dtype: onnx.Float32, shape: []int{width}})
		c.emitProduct(n, &gemmOp{terms: fixed, bias: bias, out: row, n: width, rows: 1})
		terms = slices.DeleteFunc(terms, func(t term) bool { return !c.values[t.value].perRow() })
		bias = row
	}
	c.emitProduct(n, &gemmOp{terms: terms, bias: bias, out: out, n: width, rows: c.values[out].width() / width})
}

// terms cuts a product along a concatenation if that saves work: if some of its parts are the same for all candidates.
func (c *compiler) terms(a int, weights []float32, width int) []term {
	parts := c.values[a].parts
	if !slices.ContainsFunc(parts, func(v int) bool { return !c.values[v].perRow() }) ||
		!slices.ContainsFunc(parts, func(v int) bool { return c.values[v].perRow() }) {
		parts = []int{a}
	}
	var terms []term
	for _, v := range parts {
		k := c.values[v].last()
		terms = append(terms, term{value: v, k: k, packed: -1, weights: gemm.Pack(weights, k, width, width)})
		weights = weights[k*width:]
	}
	return terms
}

// emitProduct emits the instruction of a product.
func (c *compiler) emitProduct(n onnx.Node, g *gemmOp) {
	c.gemms[g.out] = g
	g.code = len(c.code)
	c.emit(n, nil, []int{g.out}, -1, nil)
	c.settle(g)
}

// settle makes the instruction of a product that is complete, or has been changed.
func (c *compiler) settle(g *gemmOp) {
	op := &c.code[g.code]
	op.reads, op.writes = nil, []int{g.out}
	for _, t := range g.terms {
		op.reads = append(op.reads, t.value)
		if t.packed >= 0 {
			op.reads = append(op.reads, t.packed)
		}
	}
	if g.bias >= 0 {
		op.reads = append(op.reads, g.bias)
	}
	if len(g.terms) == 1 && g.n == 1 && g.terms[0].packed < 0 {
		op.run = g.column
		return
	}
	op.run = g.run
}

func (g *gemmOp) run(f *frame, rows int) error {
	start, row := gemm.FromZero, []float32(nil)
	if g.bias >= 0 {
		start, row = gemm.FromRow, f.floats[g.bias]
	}
	rows *= g.rows
	dst := f.floats[g.out]
	for i, t := range g.terms {
		weights := t.weights
		if t.packed >= 0 {
			view := gemm.View(f.floats[t.packed], t.k, g.n)
			weights = &view
		}
		weights.Mul(dst, f.floats[t.value], rows, start, row, g.relu && i == len(g.terms)-1)
		start = gemm.FromDst
	}
	return nil
}

// column is a product with a single column: an inner product for each row.
func (g *gemmOp) column(f *frame, rows int) error {
	t := &g.terms[0]
	dst := f.floats[g.out][:rows*g.rows]
	vec.DotRows(dst, f.floats[t.value], t.weights.Column())
	if g.bias >= 0 {
		vec.AddScalar(dst, dst, f.floats[g.bias][0])
	}
	if g.relu {
		vec.Relu(dst, dst)
	}
	return nil
}

// only returns the product that makes a value which nothing but the operator at hand reads, or nil.
func (c *compiler) only(v int) *gemmOp {
	g := c.gemms[v]
	if g == nil || c.uses[v] != 1 || g.relu {
		return nil
	}
	return g
}

// addBias makes the sum of a product and a constant row part of the product.
func (c *compiler) addBias(_ onnx.Node, a, b, out int) bool {
	g := c.only(a)
	if g == nil || g.bias >= 0 && c.values[g.bias].class != uniform || !sameShape(&c.values[a], &c.values[out]) {
		return false
	}
	row, ok := c.biasRow(b, g.n, 1)
	if !ok {
		return false
	}
	first := g
	if g.bias >= 0 { // of the part that is the same for all candidates
		if first = c.gemms[g.bias]; first.bias >= 0 {
			return false
		}
	}
	first.bias = row
	c.settle(first)
	c.rename(g, out)
	return true
}

// addRelu makes the activation part of the product.
func (c *compiler) addRelu(_ onnx.Node, in, out int) bool {
	g := c.only(in)
	if g == nil || !sameShape(&c.values[in], &c.values[out]) || c.values[in].perRow() != c.values[out].perRow() {
		return false
	}
	g.relu = true
	c.rename(g, out)
	return true
}

// rename lets a product write another value of the same shape.
func (c *compiler) rename(g *gemmOp, out int) {
	delete(c.gemms, g.out)
	g.out = out
	c.gemms[out] = g
	c.settle(g)
}
