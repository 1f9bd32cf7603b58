//go:build !amd64 && !arm64

package gemm

type level uint8

func levels() []level { return []level{0} }

func multiplyAt(_ level, m *Matrix, dst, a []float32, rows int, start Start, row []float32, relu bool) {
	portable(m, dst, a, rows, start, row, relu)
}
