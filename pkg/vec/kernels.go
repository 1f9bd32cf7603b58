package vec

//go:generate go run ./gen -out kernels_amd64.s -stubs kernels_amd64.go -pkg vec
//go:generate go run ./gen/neon -out kernels_neon_arm64.s -stubs kernels_neon_arm64.go

// table is the loops that this CPU runs.
type table struct {
	add, sub, mul, div, min, max               func(dst, a, b []float32)
	addScalar, mulScalar, divScalar, scalarSub func(dst, a []float32, s float32)
	scalarDiv, minScalar, maxScalar, leakyRelu func(dst, a []float32, s float32)
	mulAdd                                     func(dst, a, b, c []float32)
	axpy                                       func(dst []float32, s float32, a []float32)
	neg, abs, sqrt, floor, ceil                func(dst, a []float32)
	exp, log, sigmoid, tanh, erf, gelu         func(dst, a []float32)
	sum, maxOf                                 func(a []float32) float32
	dot                                        func(a, b []float32) float32
	dotRows                                    func(dst, rows, query []float32)
	softmaxRows                                func(dst, a []float32, width int)
	copyRows                                   func(dst, a []float32, rows, width, strideDst, strideA int)
	normalizeRows                              func(dst, a, scale, bias []float32, epsilon float32)
	dotInt8                                    func(dst []int32, packed, query []int8)
	atLeast                                    func(bits []uint64, a []float32, least float32)
	atLeastInt32                               func(bits []uint64, a []int32, least int32)
}

// portable is the reference.
var portable = byRows(table{
	add: add, sub: sub, mul: mul, div: div, min: least, max: greatest,
	addScalar: addScalar, mulScalar: mulScalar, divScalar: divScalar, scalarSub: scalarSub,
	scalarDiv: scalarDiv, minScalar: minScalar, maxScalar: maxScalar, leakyRelu: leakyRelu,
	mulAdd: mulAdd, axpy: axpy, neg: neg, abs: abs, sqrt: sqrt, floor: floor, ceil: ceil,
	exp: exp, log: log, sigmoid: sigmoid, tanh: tanh, erf: erf, gelu: gelu,
	sum: sum, maxOf: maxOf, dot: dot, dotRows: dotRows, dotInt8: dotInt8, atLeast: atLeast[float32], atLeastInt32: atLeast[int32],
})

// kernels is the table in use.
var kernels = best()

func best() *table {
	all := levels()
	return all[len(all)-1]
}
