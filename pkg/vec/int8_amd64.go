package vec

//go:noescape
func dotInt8VNNI(dst *int32, packed, query *int8, groups, quads uint64, bias int32)

func dotInt8Vector(dst []int32, packed, query []int8) {
	groups, quads, ok := groupsOf(dst, packed, query)
	if !ok {
		return
	}
	bias := int32(0)
	for _, q := range query {
		bias += int32(q)
	}
	dotInt8VNNI(&dst[0], &packed[0], &query[0], groups, quads, 128*bias)
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
