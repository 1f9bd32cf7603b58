package vec

// group is the number of elements that kernels compare at a time.
const group = 16

// AtLeast sets bit i%64 of bits[i/64] where a[i] is at least a number, and clears it elsewhere, NaN included. There are as many
// words as a needs; what is beyond a in the last one is 0.
func AtLeast(bits []uint64, a []float32, least float32) { mark(bits, a, least, kernels.atLeast) }

// AtLeastInt32 is AtLeast for int32.
func AtLeastInt32(bits []uint64, a []int32, least int32) { mark(bits, a, least, kernels.atLeastInt32) }

// mark leaves whole groups to a loop.
func mark[T float32 | int32](bits []uint64, a []T, least T, loop func(bits []uint64, a []T, least T)) {
	whole := len(a) / group * group
	if len(a)%64 != 0 {
		bits[len(a)/64] = 0
	}
	loop(bits, a[:whole], least)
	for i := whole; i < len(a); i++ {
		if a[i] >= least {
			bits[i/64] |= 1 << (i % 64)
		}
	}
}

// atLeast is the reference, for whole groups.
func atLeast[T float32 | int32](bits []uint64, a []T, least T) {
	clear(bits[:(len(a)+63)/64])
	for i, v := range a {
		if v >= least {
			bits[i/64] |= 1 << (i % 64)
		}
	}
}
