package vec

import "golang.org/x/sys/cpu"

// dotNEON adds the products of n elements, a multiple of 16, up to four sums.
//
//go:noescape
func dotNEON(a, b *float32, n uint64, sums *float32)

// axpyNEON adds s*a to dst, n elements, a multiple of 16.
//
//go:noescape
func axpyNEON(dst *float32, s float32, a *float32, n uint64)

// levels are the portable table, that with NEON, which every CPU has, and that with products of bytes where this one has them.
func levels() []*table {
	all := []*table{&portable, neon()}
	if cpu.ARM64.HasASIMDDP {
		bytes := neon()
		bytes.dotInt8 = innerInt8(dotInt8DP)
		all = append(all, bytes)
	}
	return all
}

func neon() *table {
	t := byRows(table{
		add: binary(addNEON), sub: binary(subNEON), mul: binary(mulNEON), div: binary(divNEON), min: binary(minNEON), max: binary(maxNEON),
		addScalar: scalar(addScalarNEON), mulScalar: scalar(mulScalarNEON), divScalar: scalar(divScalarNEON),
		scalarSub: scalar(scalarSubNEON), scalarDiv: scalar(scalarDivNEON), leakyRelu: scalar(leakyReluNEON),
		minScalar: scalar(minScalarNEON), maxScalar: scalar(maxScalarNEON), mulAdd: ternary(mulAddNEON), axpy: axpyVector,
		neg: unary(negNEON), abs: unary(absNEON), sqrt: unary(sqrtNEON), floor: unary(floorNEON), ceil: unary(ceilNEON),
		exp: unary(expNEON), log: unary(logNEON), sigmoid: unary(sigmoidNEON), tanh: unary(tanhNEON), erf: unary(erfNEON), gelu: unary(geluNEON),
		sum: sumVector, maxOf: maxOfVector, dot: dotVector, dotRows: dotRowsVector,
		dotInt8: innerInt8(dotInt8NEON), atLeast: bounded(atLeastNEON), atLeastInt32: bounded(atLeastInt32NEON),
	})
	return &t
}

// The loops below leave what does not fill 16 elements to the portable ones.

func sumVector(a []float32) float32 {
	var s float32
	even := len(a) &^ 15
	if even > 0 {
		sumNEON(&a[0], uint64(even/16), &s)
	}
	return s + sum(a[even:])
}

func maxOfVector(a []float32) float32 {
	even := len(a) &^ 15
	top := maxOf(a[even:])
	if even > 0 {
		var first float32
		maxOfNEON(&a[0], uint64(even/16), &first)
		top = max(top, first)
	}
	return top
}

func dotVector(a, b []float32) float32 {
	even := len(a) &^ 15
	b = b[:len(a)]
	var sums [4]float32
	if even > 0 {
		dotNEON(&a[0], &b[0], uint64(even), &sums[0])
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
		axpyNEON(&dst[0], s, &a[0], uint64(even))
	}
	axpy(dst[even:], s, a[even:])
}
