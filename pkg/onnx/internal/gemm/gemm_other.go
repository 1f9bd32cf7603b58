//go:build !amd64 && !arm64

package gemm

func multiply(m *Matrix, dst, a []float32, rows int, start Start, row []float32, relu bool) {
	portable(m, dst, a, rows, start, row, relu)
}
