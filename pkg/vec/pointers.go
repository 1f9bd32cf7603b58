//go:build amd64 || arm64

package vec

// The functions below make loops over slices of kernels over pointers; a kernel takes any number of elements but none.

func unary(kernel func(dst, a *float32, n uint64)) func(dst, a []float32) {
	return func(dst, a []float32) {
		if n := len(dst); n > 0 {
			_ = a[n-1]
			kernel(&dst[0], &a[0], uint64(n))
		}
	}
}

func binary(kernel func(dst, a, b *float32, n uint64)) func(dst, a, b []float32) {
	return func(dst, a, b []float32) {
		if n := len(dst); n > 0 {
			_, _ = a[n-1], b[n-1]
			kernel(&dst[0], &a[0], &b[0], uint64(n))
		}
	}
}

func ternary(kernel func(dst, a, b, c *float32, n uint64)) func(dst, a, b, c []float32) {
	return func(dst, a, b, c []float32) {
		if n := len(dst); n > 0 {
			_, _, _ = a[n-1], b[n-1], c[n-1]
			kernel(&dst[0], &a[0], &b[0], &c[0], uint64(n))
		}
	}
}

func scalar(kernel func(dst, a *float32, s float32, n uint64)) func(dst, a []float32, s float32) {
	return func(dst, a []float32, s float32) {
		if n := len(dst); n > 0 {
			_ = a[n-1]
			kernel(&dst[0], &a[0], s, uint64(n))
		}
	}
}

func innerInt8(kernel func(dst *int32, packed, query *int8, groups, quads uint64)) func(dst []int32, packed, query []int8) {
	return func(dst []int32, packed, query []int8) {
		if groups, quads, ok := groupsOf(dst, packed, query); ok {
			kernel(&dst[0], &packed[0], &query[0], groups, quads)
		}
	}
}

// groupsOf returns how much work there is for a kernel, and false where there is none.
func groupsOf(dst []int32, packed, query []int8) (groups, quads uint64, ok bool) {
	if len(dst) == 0 || len(query) == 0 {
		clear(dst)
		return 0, 0, false
	}
	_ = packed[len(dst)*len(query)-1]
	return uint64(len(dst) / Int8Rows), uint64(len(query) / Int8Columns), true
}

func bounded[T float32 | int32](kernel func(bits *uint64, a *T, least T, groups uint64)) func(bits []uint64, a []T, least T) {
	return func(bits []uint64, a []T, least T) {
		if n := len(a); n > 0 {
			_ = bits[(n-1)/64]
			kernel(&bits[0], &a[0], least, uint64(n/group))
		}
	}
}
