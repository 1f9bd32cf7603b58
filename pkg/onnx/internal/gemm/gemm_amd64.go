package gemm

import "golang.org/x/sys/cpu"

//go:generate go run ./gen -out kernels_amd64.s -stubs kernels_amd64.go -pkg gemm

// level is what the CPU can do.
type level uint8

const (
	scalar level = iota
	avx2
	avx512
)

var best = func() level {
	switch {
	case cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512DQ:
		return avx512
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return avx2
	default:
		return scalar
	}
}()

func multiply(m *Matrix, dst, a []float32, rows int, start Start, row []float32, relu bool) {
	multiplyAt(best, m, dst, a, rows, start, row, relu)
}

func multiplyAt(l level, m *Matrix, dst, a []float32, rows int, start Start, row []float32, relu bool) {
	switch l {
	case avx512:
		for from := 0; from < m.n; from += panel {
			strip(m, dst, a, rows, start, row, relu, from, 8, 1<<min(panel, m.n-from)-1, tileAVX512)
		}
	case avx2:
		for from := 0; from < m.n; from += panel / 2 {
			strip(m, dst, a, rows, start, row, relu, from, 4, uint64(min(panel/2, m.n-from)), tileAVX2) //nolint:gosec // a length
		}
	default:
		portable(m, dst, a, rows, start, row, relu)
	}
}

// kernel computes one tile. Strides are in bytes; init is the first row to start from, or nil.
type kernel func(dst, a, weights, init *float32, k, strideDst, strideA, initStep, rows, mask, relu uint64)

// strip computes the columns from one on that a kernel takes, tile by tile.
func strip(
	m *Matrix, dst, a []float32, rows int, start Start, row []float32, relu bool, from, tallest int, mask uint64, tile kernel,
) {
	var flag uint64
	if relu {
		flag = 1
	}
	strideDst, strideA := uint64(m.n)*4, uint64(m.k)*4 //nolint:gosec // a length
	weights := &m.packed[from/panel*panel*m.k+from%panel]
	for r := 0; r < rows; {
		for tallest > rows-r {
			tallest /= 2
		}
		to := &dst[r*m.n+from]
		var init *float32
		var step uint64
		switch start {
		case FromRow:
			init = &row[from]
		case FromDst:
			init, step = to, strideDst
		}
		tile(to, &a[r*m.k], weights, init, uint64(m.k), strideDst, strideA, step, uint64(tallest), mask, flag) //nolint:gosec // a length
		r += tallest
	}
}
