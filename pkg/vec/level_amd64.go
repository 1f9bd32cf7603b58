package vec

import (
	"math"

	"golang.org/x/sys/cpu"
)

// levels are the tables that this CPU can run, the best last.
func levels() []*table {
	all := []*table{&portable}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		all = append(all, avx2())
	}
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasBMI2 {
		all = append(all, avx512())
	}
	if len(all) == 3 && cpu.X86.HasAVX512VNNI {
		all = append(all, vnni())
	}
	return all
}

func avx2() *table {
	return &table{
		add: binary(addAVX2), sub: binary(subAVX2), mul: binary(mulAVX2), div: binary(divAVX2), min: binary(minAVX2), max: binary(maxAVX2),
		addScalar: scalar(addScalarAVX2), mulScalar: scalar(mulScalarAVX2), divScalar: scalar(divScalarAVX2),
		scalarSub: scalar(scalarSubAVX2), scalarDiv: scalar(scalarDivAVX2), leakyRelu: scalar(leakyReluAVX2),
		minScalar: bound(minScalarAVX2), maxScalar: bound(maxScalarAVX2), mulAdd: ternary(mulAddAVX2), axpy: sums(axpyAVX2),
		neg: unary(negAVX2), abs: unary(absAVX2), sqrt: unary(sqrtAVX2), floor: unary(floorAVX2), ceil: unary(ceilAVX2),
		exp: unary(expAVX2), log: unary(logAVX2), sigmoid: unary(sigmoidAVX2), tanh: unary(tanhAVX2), erf: unary(erfAVX2), gelu: unary(geluAVX2),
		sum: total(sumAVX2), maxOf: top(maxOfAVX2), dot: inner(dotAVX2), dotRows: innerRows(dotRowsAVX2, inner(dotAVX2)),
		softmaxRows: softmaxes(softmaxRowsAVX2), normalizeRows: normals(normalizeRowsAVX2), copyRows: copies(copyRowsAVX2),
		dotInt8: innerInt8(dotInt8AVX2), atLeast: bounded(atLeastAVX2), atLeastInt32: bounded(atLeastInt32AVX2),
	}
}

func avx512() *table {
	return &table{
		add: binary(addAVX512), sub: binary(subAVX512), mul: binary(mulAVX512), div: binary(divAVX512), min: binary(minAVX512), max: binary(maxAVX512),
		addScalar: scalar(addScalarAVX512), mulScalar: scalar(mulScalarAVX512), divScalar: scalar(divScalarAVX512),
		scalarSub: scalar(scalarSubAVX512), scalarDiv: scalar(scalarDivAVX512), leakyRelu: scalar(leakyReluAVX512),
		minScalar: bound(minScalarAVX512), maxScalar: bound(maxScalarAVX512), mulAdd: ternary(mulAddAVX512), axpy: sums(axpyAVX512),
		neg: unary(negAVX512), abs: unary(absAVX512), sqrt: unary(sqrtAVX512), floor: unary(floorAVX512), ceil: unary(ceilAVX512),
		exp: unary(expAVX512), log: unary(logAVX512), sigmoid: unary(sigmoidAVX512), tanh: unary(tanhAVX512), erf: unary(erfAVX512), gelu: unary(geluAVX512),
		sum: total(sumAVX512), maxOf: top(maxOfAVX512), dot: inner(dotAVX512), dotRows: innerRows(dotRowsAVX512, inner(dotAVX512)),
		softmaxRows: softmaxes(softmaxRowsAVX512), normalizeRows: normals(normalizeRowsAVX512), copyRows: copies(copyRowsAVX512),
		dotInt8: innerInt8(dotInt8AVX2), atLeast: bounded(atLeastAVX512), atLeastInt32: bounded(atLeastInt32AVX512),
	}
}

// vnni is AVX-512 with instructions for products of bytes.
func vnni() *table {
	t := avx512()
	t.dotInt8 = dotInt8Vector
	return t
}

// bound is scalar for the lesser and the greater, whose instructions lose a NaN on the left side only.
func bound(kernel func(dst, a *float32, s float32, n uint64)) func(dst, a []float32, s float32) {
	loop := scalar(kernel)
	return func(dst, a []float32, s float32) {
		loop(dst, a, s)
		if math.IsNaN(float64(s)) {
			for i := range dst {
				dst[i] = s
			}
		}
	}
}

func sums(kernel func(dst *float32, s float32, a *float32, n uint64)) func(dst []float32, s float32, a []float32) {
	return func(dst []float32, s float32, a []float32) {
		if n := len(dst); n > 0 {
			_ = a[n-1]
			kernel(&dst[0], s, &a[0], uint64(n))
		}
	}
}

func total(kernel func(a *float32, n uint64) float32) func(a []float32) float32 {
	return func(a []float32) float32 {
		if len(a) == 0 {
			return 0
		}
		return kernel(&a[0], uint64(len(a)))
	}
}

func top(kernel func(a *float32, n uint64) (float32, uint64)) func(a []float32) float32 {
	return func(a []float32) float32 {
		if len(a) == 0 {
			return float32(math.Inf(-1))
		}
		greatest, nan := kernel(&a[0], uint64(len(a)))
		if nan != 0 {
			return float32(math.NaN())
		}
		return greatest
	}
}

func inner(kernel func(a, b *float32, n uint64) float32) func(a, b []float32) float32 {
	return func(a, b []float32) float32 {
		n := len(a)
		if n == 0 {
			return 0
		}
		_ = b[n-1]
		return kernel(&a[0], &b[0], uint64(n))
	}
}

func innerRows(kernel func(dst, rows, query *float32, count, n uint64), dot func(a, b []float32) float32) func(dst, rows, query []float32) {
	return func(dst, rows, query []float32) {
		width := len(query)
		if width == 0 {
			clear(dst)
			return
		}
		_ = rows[:len(dst)*width]
		fours := len(dst) &^ 3
		if fours > 0 {
			kernel(&dst[0], &rows[0], &query[0], uint64(fours), uint64(width))
		}
		for i := fours; i < len(dst); i++ {
			dst[i] = dot(rows[i*width:(i+1)*width], query)
		}
	}
}

func softmaxes(kernel func(dst, a *float32, rows, n uint64)) func(dst, a []float32, width int) {
	return func(dst, a []float32, width int) {
		if rows := len(dst) / width; rows > 0 {
			_ = a[rows*width-1]
			kernel(&dst[0], &a[0], uint64(rows), uint64(width)) //nolint:gosec // lengths
		}
	}
}

func normals(
	kernel func(dst, a, scale, bias *float32, rows, n uint64, size, epsilon float32),
) func(dst, a, scale, bias []float32, epsilon float32) {
	return func(dst, a, scale, bias []float32, epsilon float32) {
		width := len(scale)
		if rows := len(dst) / width; rows > 0 {
			_, _ = a[rows*width-1], bias[width-1]
			kernel(&dst[0], &a[0], &scale[0], &bias[0], uint64(rows), uint64(width), float32(width), epsilon)
		}
	}
}

func copies(kernel func(dst, a *float32, rows, n, strideDst, strideA uint64)) func(dst, a []float32, rows, width, strideDst, strideA int) {
	return func(dst, a []float32, rows, width, strideDst, strideA int) {
		if rows > 0 && width > 0 {
			_, _ = dst[(rows-1)*strideDst+width-1], a[(rows-1)*strideA+width-1]
			kernel(&dst[0], &a[0], uint64(rows), uint64(width), uint64(strideDst)*4, uint64(strideA)*4) //nolint:gosec // lengths
		}
	}
}
