package gemm

// level is what the CPU can do: every arm64 has NEON.
type level uint8

const (
	scalar level = iota
	neon
)

const best = neon

// tileNEON computes four rows by 16 columns into dst, 16 elements a row.
//
//go:noescape
func tileNEON(dst, a0, a1, a2, a3, weights *float32, k uint64)

func multiply(m *Matrix, dst, a []float32, rows int, start Start, row []float32, relu bool) {
	multiplyAt(best, m, dst, a, rows, start, row, relu)
}

func multiplyAt(l level, m *Matrix, dst, a []float32, rows int, start Start, row []float32, relu bool) {
	if l == scalar {
		portable(m, dst, a, rows, start, row, relu)
		return
	}
	const columns = panel / 2
	var tile [4 * columns]float32
	begin(dst[:rows*m.n], m.n, start, row, false)
	for from := 0; from < m.n; from += columns {
		weights, width := &m.packed[from/panel*panel*m.k+from%panel], min(columns, m.n-from)
		for r := 0; r < rows; r += 4 {
			at := func(i int) *float32 { return &a[min(r+i, rows-1)*m.k] }
			tileNEON(&tile[0], at(0), at(1), at(2), at(3), weights, uint64(m.k)) //nolint:gosec // a length
			for i := range min(4, rows-r) {
				to := dst[(r+i)*m.n+from:][:width]
				for j, v := range tile[i*columns:][:width] {
					to[j] += v
				}
				if relu {
					positive(to)
				}
			}
		}
	}
}
