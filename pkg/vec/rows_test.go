package vec

import (
	"math"
	"math/rand/v2"
	"testing"
)

// compareWhole holds the loops over rows against the portable ones, with and without a value that spoils a row.
func compareWhole(t *testing.T, level *table, r *rand.Rand, width int) {
	t.Helper()
	size := (1 + r.IntN(4)) * width
	compareCopies(t, level, r, size/width, width)
	for _, special := range []bool{false, true} {
		a, scale, bias := values(r, size, false), values(r, width, false), values(r, width, false)
		if special {
			a[r.IntN(size)] = odd[r.IntN(3)]
		}
		largest := 1.0
		for _, s := range scale {
			largest = max(largest, math.Abs(float64(s)))
		}
		compareRow(t, "softmaxRows", a, width, 1e-6, portable.softmaxRows, level.softmaxRows)
		compareRow(t, "normalizeRows", a, width, 1e-5*largest,
			func(dst, a []float32, _ int) { portable.normalizeRows(dst, a, scale, bias, 1e-5) },
			func(dst, a []float32, _ int) { level.normalizeRows(dst, a, scale, bias, 1e-5) })
	}
}

// compareRow runs one loop beside the portable one, then in place.
func compareRow(t *testing.T, name string, a []float32, width int, absolute float64, reference, loop func(dst, a []float32, width int)) {
	t.Helper()
	want, got := make([]float32, len(a)), append(make([]float32, len(a)), 7)
	place := append(append([]float32{}, a...), 7)
	reference(want, a, width)
	loop(got[:len(a)], a, width)
	loop(place[:len(a)], place[:len(a)], width)
	for i, w := range want {
		if !agree(got[i], w, 1e-5, absolute) || !agree(place[i], got[i], 0, 0) {
			t.Fatalf("%s of width %d: element %d is %v, in place %v, expected %v", name, width, i, got[i], place[i], w)
		}
	}
	if got[len(a)] != 7 || place[len(a)] != 7 {
		t.Fatalf("%s of width %d wrote behind the end", name, width)
	}
}

func compareCopies(t *testing.T, level *table, r *rand.Rand, rows, width int) {
	t.Helper()
	strideDst, strideA := width+r.IntN(9), r.IntN(2)*(width+r.IntN(9))
	a, before := values(r, rows*strideA+width, true), values(r, rows*strideDst+width, false)
	want, got := append([]float32{}, before...), append([]float32{}, before...)
	copyRows(want, a, rows, width, strideDst, strideA)
	level.copyRows(got, a, rows, width, strideDst, strideA)
	for i, w := range want {
		if math.Float32bits(got[i]) != math.Float32bits(w) {
			t.Fatalf("copyRows of %d by %d, strides %d and %d: element %d is %v, expected %v", rows, width, strideDst, strideA, i, got[i], w)
		}
	}
}
