package vec

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// bytesOf are n random elements of up to 127 in magnitude, many of them extreme, at an address that is not aligned.
func bytesOf(r *rand.Rand, n int) []int8 {
	offset := r.IntN(9)
	out := make([]int8, n+offset)
	for i := range out {
		out[i] = int8(r.IntN(255) - 127)
		if r.IntN(3) == 0 {
			out[i] = []int8{-127, 0, 127}[r.IntN(3)]
		}
	}
	return out[offset:]
}

// compareInt8 holds products of packed rows against those of the rows as they are, and bounds of them against comparisons.
func compareInt8(t *testing.T, level *table, r *rand.Rand, width int) {
	t.Helper()
	width, count := (width+3)/4*4, r.IntN(70)
	rows, query := bytesOf(r, count*width), bytesOf(r, width)
	if r.IntN(4) == 0 {
		for _, v := range [][]int8{rows, query} { // the greatest sums that there are
			for i := range v {
				v[i] = 127
			}
		}
	}
	whole := (count + Int8Rows - 1) / Int8Rows * Int8Rows
	packed := append(bytesOf(r, 0), PackInt8(rows, width)...)
	want, reference, got := make([]int32, whole), make([]int32, whole), make([]int32, whole+2)
	for i := range count {
		for j, q := range query {
			want[i] += int32(rows[i*width+j]) * int32(q)
		}
	}
	for i := range got {
		got[i] = 7
	}
	dotInt8(reference, packed, query)
	level.dotInt8(got[:whole], packed, query)
	if !slices.Equal(reference, want) || !slices.Equal(got[:whole], want) || got[whole] != 7 || got[whole+1] != 7 {
		t.Fatalf("%d rows of %d int8 have the products %v, the portable loop gives %v, expected %v", count, width, got, reference, want)
	}
}
