package vec

// dotNEON adds the products of n elements, a multiple of 16, up to four sums.
//
//go:noescape
func dotNEON(a, b *float32, n uint64, sums *float32)

// axpyNEON adds s*a to dst, n elements, a multiple of 16.
//
//go:noescape
func axpyNEON(dst *float32, s float32, a *float32, n uint64)

// levels are the portable table, and the one with what products are made of in NEON: Go's assembler knows little more of it
// than multiplying and adding up, which is what products need.
func levels() []*table {
	neon := portable
	neon.dot, neon.dotRows, neon.axpy = dotVector, dotRowsVector, axpyVector
	return []*table{&portable, &neon}
}

func dotVector(a, b []float32) float32 {
	even := len(a) &^ 15
	b = b[:len(a)]
	var sums [4]float32
	if even > 0 {
		dotNEON(&a[0], &b[0], uint64(even), &sums[0]) //nolint:gosec // a length
	}
	return sums[0] + sums[1] + (sums[2] + sums[3]) + dot(a[even:], b[even:])
}

func dotRowsVector(dst, rows, query []float32) {
	for i := range dst {
		dst[i] = dotVector(rows[i*len(query):(i+1)*len(query)], query)
	}
}

func axpyVector(dst []float32, s float32, a []float32) {
	even := len(dst) &^ 15
	a = a[:len(dst)]
	if even > 0 {
		axpyNEON(&dst[0], s, &a[0], uint64(even)) //nolint:gosec // a length
	}
	axpy(dst[even:], s, a[even:])
}
