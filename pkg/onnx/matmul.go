package onnx

import (
	"errors"
	"fmt"
	"slices"
)

// product adds a (m by k) times b (k by n), both row-major, to dst (m by n). Four rows of b are taken at a time, so that
// dst is read and written once for four products.
func product[T number](dst, a, b []T, m, k, n int) {
	for i := range m {
		row, x := dst[i*n:(i+1)*n], a[i*k:(i+1)*k]
		p := 0
		for ; p+4 <= k; p += 4 {
			x0, x1, x2, x3 := x[p], x[p+1], x[p+2], x[p+3]
			b0, b1 := b[p*n:][:len(row)], b[(p+1)*n:][:len(row)]
			b2, b3 := b[(p+2)*n:][:len(row)], b[(p+3)*n:][:len(row)]
			for j := range row {
				row[j] += x0*b0[j] + x1*b1[j] + x2*b2[j] + x3*b3[j]
			}
		}
		for ; p < k; p++ {
			x0, b0 := x[p], b[p*n:][:len(row)]
			for j := range row {
				row[j] += x0 * b0[j]
			}
		}
	}
}

func buildMatMul(n *node) (kernel, error) {
	if err := n.same(0, 2); err != nil {
		return nil, err
	}
	n.give(n.in[0])
	return n.byDtype(0, matMul[float32], matMul[int64], nil)
}

// matMul multiplies as numpy.matmul: matrices in the last two dimensions, the others are broadcast.
func matMul[T number](mem *Arena, in, out []Tensor) error {
	a, b := in[0].Shape, in[1].Shape
	if len(a) == 0 || len(b) == 0 {
		return fmt.Errorf("shapes %v and %v: a scalar is not a matrix", a, b)
	}
	left, right := len(a) == 1, len(b) == 1
	if left {
		a = []int{1, a[0]}
	}
	if right {
		b = []int{b[0], 1}
	}
	m, k, n := a[len(a)-2], a[len(a)-1], b[len(b)-1]
	if b[len(b)-2] != k {
		return fmt.Errorf("shapes %v and %v: the inner dimensions differ", in[0].Shape, in[1].Shape)
	}
	batch, err := broadcast(mem, a[:len(a)-2], b[:len(b)-2])
	if err != nil {
		return err
	}
	t, dst, err := alloc[T](mem, mem.shape(append(batch, m, n)...))
	if err != nil {
		return err
	}
	if err := mem.spend(int64(len(dst)) * int64(k)); err != nil {
		return err
	}
	x, y := data[T](in[0]), data[T](in[1])
	if len(dst) > 0 {
		batches := newNest(batch, spread(a[:len(a)-2], batch), spread(b[:len(b)-2], batch))
		stepX, stepY := batches.step(0), batches.step(1)
		batches.each(func(at int, offsets [3]int) {
			for i := range batches.row() {
				product(dst[(at+i)*m*n:][:m*n], x[(offsets[0]+i*stepX)*m*k:], y[(offsets[1]+i*stepY)*k*n:], m, k, n)
			}
		})
	}
	out[0] = t.view(matMulShape(batch, m, n, left, right))
	return nil
}

// matMulShape drops the dimensions that were added to vectors.
func matMulShape(batch []int, m, n int, left, right bool) []int {
	shape := slices.Clone(batch)
	if !left {
		shape = append(shape, m)
	}
	if !right {
		shape = append(shape, n)
	}
	return shape
}

// gemm is alpha * A' * B' + beta * C, where ' is an optional transposition.
type gemm struct {
	alpha, beta    float32
	transA, transB bool
}

func buildGemm(n *node) (kernel, error) {
	g := gemm{
		alpha: n.float("alpha", 1), beta: n.float("beta", 1),
		transA: n.integer("transA", 0) != 0, transB: n.integer("transB", 0) != 0,
	}
	n.give(Float32)
	for i := range n.in {
		if err := n.expect(i, Float32); err != nil {
			return nil, err
		}
	}
	if b := n.known[1]; b != nil && g.transB { // weights: once is enough
		if len(b.Shape) != 2 {
			return nil, fmt.Errorf("input 1 has shape %v, expected a matrix", b.Shape)
		}
		weights := transposed(new(Arena), *b)
		g.transB = false
		return func(mem *Arena, in, out []Tensor) error {
			return g.run(mem, in[0], weights, in[2:], out)
		}, nil
	}
	return func(mem *Arena, in, out []Tensor) error { return g.run(mem, in[0], in[1], in[2:], out) }, nil
}

func (g gemm) run(mem *Arena, a, b Tensor, c, out []Tensor) error {
	if len(a.Shape) != 2 || len(b.Shape) != 2 {
		return fmt.Errorf("shapes %v and %v, expected matrices", a.Shape, b.Shape)
	}
	if g.transA {
		a = transposed(mem, a)
	}
	if g.transB {
		b = transposed(mem, b)
	}
	m, k, n := a.Shape[0], a.Shape[1], b.Shape[1]
	if b.Shape[0] != k {
		return fmt.Errorf("shapes %v and %v: the inner dimensions differ", a.Shape, b.Shape)
	}
	t, dst, err := alloc[float32](mem, []int{m, n})
	if err != nil {
		return err
	}
	if err := mem.spend(int64(len(dst)) * int64(k)); err != nil {
		return err
	}
	out[0] = t
	product(dst, a.Floats, b.Floats, m, k, n)
	if g.alpha != 1 {
		for i := range dst {
			dst[i] *= g.alpha
		}
	}
	if len(c) == 0 {
		return nil
	}
	return g.addBias(mem, t, c[0])
}

// addBias adds beta * c to t, in place.
func (g gemm) addBias(mem *Arena, t, c Tensor) error {
	shape, err := broadcast(mem, t.Shape, c.Shape)
	if err != nil {
		return err
	}
	if !slices.Equal(shape, t.Shape) {
		return errors.New("input 2 does not broadcast to the product")
	}
	n := newNest(t.Shape, spread(c.Shape, t.Shape))
	row, step := n.row(), n.step(0)
	n.each(func(at int, offsets [3]int) {
		for i := range row {
			t.Floats[at+i] += g.beta * c.Floats[offsets[0]+i*step]
		}
	})
	return nil
}

// transposed returns a matrix with its dimensions swapped.
func transposed(mem *Arena, t Tensor) Tensor {
	rows, columns := t.Shape[0], t.Shape[1]
	values := mem.floats.take(len(t.Floats))
	for i := range rows {
		for j := range columns {
			values[j*rows+i] = t.Floats[i*columns+j]
		}
	}
	return wrap(mem.shape(columns, rows), values)
}
