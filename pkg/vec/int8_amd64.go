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
