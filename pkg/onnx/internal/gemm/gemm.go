// Package gemm owns products of matrices with weights that are packed once: rows of activations, a few to some hundreds of
// columns. It knows nothing of graphs. On amd64 it uses AVX-512 or AVX2 with FMA where the CPU has them, on arm64 NEON, and
// portable Go elsewhere.
package gemm

// panel is the number of columns that are packed side by side: two vectors of AVX-512.
const panel = 32

// Matrix is a k by n matrix of weights, packed for products with it on the right: panels of 32 columns, row by row; columns
// beyond n are zero. It never changes and is safe for concurrent use.
type Matrix struct {
	k, n   int
	packed []float32
	column []float32 // the first one, side by side
}

// Pack packs a row-major matrix of k rows and n columns, whose rows are stride elements apart.
func Pack(weights []float32, k, n, stride int) *Matrix {
	m := &Matrix{k: k, n: n, packed: make([]float32, PackedLen(k, n))}
	PackInto(m.packed, weights, k, n, stride)
	m.column = make([]float32, k)
	for i := range m.column {
		m.column[i] = m.packed[i*panel]
	}
	return m
}

// PackedLen is the number of elements that a packed k by n matrix has.
func PackedLen(k, n int) int { return (n + panel - 1) / panel * panel * k }

// PackInto packs as Pack does, into memory of the caller.
func PackInto(packed, weights []float32, k, n, stride int) {
	for from := 0; from < n; from += panel {
		to := packed[from*k:]
		width := min(panel, n-from)
		for row := range k {
			line := to[row*panel : (row+1)*panel]
			copy(line, weights[row*stride+from:][:width])
			clear(line[width:])
		}
	}
}

// View is a matrix over memory that PackInto has filled.
func View(packed []float32, k, n int) Matrix {
	return Matrix{k: k, n: n, packed: packed[:PackedLen(k, n)]}
}

// K returns the number of rows of the matrix, N that of its columns.
func (m *Matrix) K() int { return m.k }

// N returns the number of columns.
func (m *Matrix) N() int { return m.n }

// Start says what a product is added to.
type Start uint8

// A product is added to zero, to one row of n elements for all rows, or to what dst holds.
const (
	FromZero Start = iota
	FromRow
	FromDst
)

// Mul computes rows of dst, n elements each, from rows of a, k elements each: a times m, plus what start says. relu replaces
// negative results by 0, and leaves NaN. dst must not overlap a.
func (m *Matrix) Mul(dst, a []float32, rows int, start Start, row []float32, relu bool) {
	if rows == 0 || m.n == 0 {
		return
	}
	_, _ = dst[:rows*m.n], a[:rows*m.k]
	if start == FromRow {
		_ = row[:m.n]
	}
	if m.k == 0 {
		begin(dst[:rows*m.n], m.n, start, row, relu)
		return
	}
	multiply(m, dst, a, rows, start, row, relu)
}

// portable is the reference: the order of the sums differs from that of the vector kernels, the result is as near.
func portable(m *Matrix, dst, a []float32, rows int, start Start, row []float32, relu bool) {
	begin(dst[:rows*m.n], m.n, start, row, false)
	for from := 0; from < m.n; from += panel {
		weights, width := m.packed[from*m.k:], min(panel, m.n-from)
		for r := range rows {
			to := dst[r*m.n+from:][:width]
			for i, x := range a[r*m.k:][:m.k] {
				line := weights[i*panel:][:len(to)]
				for j := range to {
					to[j] += x * line[j]
				}
			}
			if relu {
				positive(to)
			}
		}
	}
}

// begin fills dst with what a product is added to.
func begin(dst []float32, n int, start Start, row []float32, relu bool) {
	switch start {
	case FromZero:
		clear(dst)
	case FromRow:
		for at := 0; at < len(dst); at += n {
			copy(dst[at:at+n], row)
		}
	}
	if relu {
		positive(dst)
	}
}

func positive(values []float32) {
	for i, v := range values {
		if v < 0 {
			values[i] = 0
		}
	}
}

// Column returns the weights of the first column, if the matrix was made by Pack; it must not be changed.
func (m *Matrix) Column() []float32 { return m.column }
