package plan

import (
	"slices"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/internal/gemm"
	"github.com/repli-mesh/repli/pkg/vec"
)

// matMul emits products: with weights, with a matrix of the request, or of one small matrix with another for each candidate.
func matMul(c *compiler, n onnx.Node) (bool, error) {
	a, b, out := n.Inputs()[0], n.Inputs()[1], n.Outputs()[0]
	if k, width, ok := c.oneMatrix(b); c.values[out].class != rowed && ok && c.values[b].class == constant && c.float(a, b) && c.values[a].rank() >= 2 {
		c.product(n, a, c.values[b].known.Floats, k, width, -1, out)
		return true, nil
	}
	if c.values[out].class != rowed {
		return false, nil
	}
	left, right := &c.values[a], &c.values[b]
	switch {
	case left.class == extent || right.class == extent || left.repeats && left.factor != 1 || right.repeats && right.factor != 1:
		return false, errMixed
	case right.class == rowed && (right.rank() < 3 || right.factor != 1):
		return false, errMixed
	case left.class == rowed && left.rank() < 2:
		return false, errMixed
	case !c.float(a, b):
		return false, errMixed
	}
	if k, width, ok := c.oneMatrix(b); ok && left.class == rowed {
		return true, c.byMatrix(n, a, b, k, width, out)
	}
	return c.byCandidate(n, a, b, out)
}

// oneMatrix reports whether a value is a single matrix that is the same for all candidates; a vector is a column.
func (c *compiler) oneMatrix(v int) (k, n int, ok bool) {
	b := &c.values[v]
	shape := b.shape
	if b.perRow() || len(shape) == 0 {
		return 0, 0, false
	}
	if len(shape) == 1 {
		return shape[0], 1, b.class != rowed
	}
	k, n = shape[len(shape)-2], shape[len(shape)-1]
	return k, n, product(shape) == k*n
}

// byMatrix emits the product with one matrix.
func (c *compiler) byMatrix(n onnx.Node, a, b, k, width, out int) error {
	if c.values[b].class == constant {
		c.product(n, a, c.values[b].known.Floats, k, width, -1, out)
		return nil
	}
	packed := c.fresh(value{class: uniform, dtype: onnx.Float32, shape: []int{gemm.PackedLen(k, width)}})
	c.emit(n, []int{b}, []int{packed}, -1, func(f *frame, _ int) error {
		gemm.PackInto(f.floats[packed], f.floats[b], k, width, width)
		return nil
	})
	c.emitProduct(n, &gemmOp{
		terms: []term{{value: a, packed: packed, k: k}}, bias: -1, out: out, n: width, rows: c.values[out].width() / max(width, 1),
	})
	return nil
}

// byCandidate emits a product of matrices of each candidate; the dimensions before the last two broadcast.
func (c *compiler) byCandidate(n onnx.Node, a, b, out int) (bool, error) {
	left, right, o := &c.values[a], &c.values[b], &c.values[out]
	if o.factor != 1 || left.rank() < 3 && left.class == rowed || left.rank() < 2 || right.rank() < 2 {
		return false, errMixed
	}
	if err := c.aligned(out, a, b); err != nil && (left.class == rowed || left.rank() > 2) && (right.class == rowed || right.rank() > 2) {
		return false, err
	}
	sa, sb := c.inner(a, out), c.inner(b, out)
	if len(sa) < 2 || len(sb) < 2 || left.class == rowed && left.rank() != o.rank() || right.class == rowed && right.rank() != o.rank() {
		return false, errMixed
	}
	m, k, width := sa[len(sa)-2], sa[len(sa)-1], sb[len(sb)-1]
	batch := o.shape[:len(o.shape)-2]
	pairs := batches(batch, sa[:len(sa)-2], sb[:len(sb)-2], m*k, k*width)
	x := operand{value: a, perRow: left.perRow(), width: product(sa)}
	y := operand{value: b, perRow: right.perRow(), width: product(sb)}
	c.emit(n, []int{a, b}, []int{out}, -1, func(f *frame, rows int) error {
		dst := f.floats[out]
		for r := range rows {
			left, right := x.row(f, r), y.row(f, r)
			for _, p := range pairs {
				small(dst[:m*width], left[p.a:][:m*k], right[p.b:][:k*width], k, width)
				dst = dst[m*width:]
			}
		}
		return nil
	})
	return true, nil
}

// row is one candidate's part of an operand.
func (o *operand) row(f *frame, r int) []float32 {
	if !o.perRow {
		return f.floats[o.value]
	}
	return f.floats[o.value][r*o.width:]
}

// batches returns where the matrices of each product begin.
func batches(shape, a, b []int, sizeA, sizeB int) []pair {
	stridesA, stridesB := spread(shape, a), spread(shape, b)
	pairs := []pair{{}}
	for d, size := range shape {
		var next []pair
		for _, p := range pairs {
			for i := range size {
				next = append(next, pair{p.a + i*stridesA[d]*sizeA, p.b + i*stridesB[d]*sizeB})
			}
		}
		pairs = next
	}
	return slices.Clip(pairs)
}

// small computes dst = a times b of a few rows. With one column it is inner products, else rows of b are added up.
func small(dst, a, b []float32, k, n int) {
	if n == 1 {
		vec.DotRows(dst, a, b)
		return
	}
	clear(dst)
	for i := 0; i*n < len(dst); i++ {
		to := dst[i*n : (i+1)*n]
		for p, x := range a[i*k : (i+1)*k] {
			vec.Axpy(to, x, b[p*n:(p+1)*n])
		}
	}
}
