package vec

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// compareBounds holds bounds of whole groups against the portable loops.
func compareBounds(t *testing.T, level *table, r *rand.Rand, n int, special bool) {
	t.Helper()
	n = n / group * group
	floats, ints := values(r, n, special), make([]int32, n)
	for i := range ints {
		ints[i] = []int32{-1 << 31, 1<<31 - 1, 0, int32(r.IntN(5) - 2)}[r.IntN(4)]
	}
	low, least := values(r, 1, special)[0], []int32{-1 << 31, 1<<31 - 1, 0, 1}[r.IntN(4)]
	if n > 0 && r.IntN(2) == 0 {
		low = floats[r.IntN(n)]
	}
	compareBits(t, level.atLeast, floats, low)
	compareBits(t, level.atLeastInt32, ints, least)
}

func compareBits[T float32 | int32](t *testing.T, loop func(bits []uint64, a []T, least T), a []T, least T) {
	t.Helper()
	words := (len(a) + 63) / 64
	reference, got := make([]uint64, words), make([]uint64, words+1)
	for i := range got {
		got[i] = 5
	}
	if len(a)%64 != 0 {
		got[words-1] = 0
	}
	atLeast(reference, a, least)
	loop(got, a, least)
	if !slices.Equal(got[:words], reference) || got[words] != 5 {
		t.Fatalf("%v: at least %v are %x, expected %x", a, least, got, reference)
	}
}

// Any number of elements is taken, and what lies beyond them in the last word is cleared.
func TestAtLeast(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 4))
	for n := range 200 {
		floats, ints := make([]float32, n), make([]int32, n)
		for i := range ints {
			ints[i] = int32(r.IntN(7) - 3)
			floats[i] = float32(ints[i])
		}
		bits, same := make([]uint64, (n+63)/64), make([]uint64, (n+63)/64)
		for i := range bits {
			bits[i], same[i] = r.Uint64(), r.Uint64()
		}
		AtLeast(bits, floats, 1)
		AtLeastInt32(same, ints, 1)
		for i := range 64 * len(bits) {
			if got, want := bits[i/64]>>(i%64)&1 == 1, i < n && ints[i] >= 1; got != want {
				t.Fatalf("%d elements: bit %d is %v, expected %v", n, i, got, want)
			}
		}
		if !slices.Equal(bits, same) {
			t.Fatalf("%d elements: bits of int32 are %x, of float32 %x", n, same, bits)
		}
	}
}
