package vec

import "math"

// The functions of this file are the reference that the kernels of each CPU are held against.

func add(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func sub(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] - b[i]
	}
}

func mul(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] * b[i]
	}
}

func div(dst, a, b []float32) {
	for i := range dst {
		dst[i] = a[i] / b[i]
	}
}

func least(dst, a, b []float32) {
	for i := range dst {
		dst[i] = min(a[i], b[i])
	}
}

func greatest(dst, a, b []float32) {
	for i := range dst {
		dst[i] = max(a[i], b[i])
	}
}

func addScalar(dst, a []float32, s float32) {
	for i := range dst {
		dst[i] = a[i] + s
	}
}

func mulScalar(dst, a []float32, s float32) {
	for i := range dst {
		dst[i] = a[i] * s
	}
}

func scalarSub(dst, a []float32, s float32) {
	for i := range dst {
		dst[i] = s - a[i]
	}
}

func divScalar(dst, a []float32, s float32) {
	for i := range dst {
		dst[i] = a[i] / s
	}
}

func scalarDiv(dst, a []float32, s float32) {
	for i := range dst {
		dst[i] = s / a[i]
	}
}

func minScalar(dst, a []float32, s float32) {
	for i := range dst {
		dst[i] = min(a[i], s)
	}
}

func maxScalar(dst, a []float32, s float32) {
	for i := range dst {
		dst[i] = max(a[i], s)
	}
}

func mulAdd(dst, a, b, c []float32) {
	for i := range dst {
		dst[i] = a[i]*b[i] + c[i]
	}
}

func axpy(dst []float32, s float32, a []float32) {
	for i := range dst {
		dst[i] += s * a[i]
	}
}

func neg(dst, a []float32) {
	for i := range dst {
		dst[i] = -a[i]
	}
}

func abs(dst, a []float32) {
	for i := range dst {
		dst[i] = math.Float32frombits(math.Float32bits(a[i]) &^ (1 << 31))
	}
}

func leakyRelu(dst, a []float32, alpha float32) {
	for i, v := range a[:len(dst)] {
		if v < 0 {
			v *= alpha
		}
		dst[i] = v
	}
}

func elu(dst, a []float32, alpha float32) {
	for i, v := range a[:len(dst)] {
		if v < 0 {
			v = float32(float64(alpha) * math.Expm1(float64(v)))
		}
		dst[i] = v
	}
}

// mapped makes a loop of a function in double precision.
func mapped(f func(float64) float64) func(dst, a []float32) {
	return func(dst, a []float32) {
		for i := range dst {
			dst[i] = float32(f(float64(a[i])))
		}
	}
}

var (
	sqrt    = mapped(math.Sqrt)
	floor   = mapped(math.Floor)
	ceil    = mapped(math.Ceil)
	exp     = mapped(math.Exp)
	log     = mapped(math.Log)
	tanh    = mapped(math.Tanh)
	erf     = mapped(math.Erf)
	sigmoid = mapped(func(v float64) float64 {
		e := math.Exp(-math.Abs(v))
		if v < 0 {
			return e / (1 + e)
		}
		return 1 / (1 + e)
	})
	gelu     = mapped(func(v float64) float64 { return 0.5 * v * math.Erfc(-v/math.Sqrt2) })
	softplus = mapped(func(v float64) float64 { return max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))) })
)

func sum(a []float32) float32 {
	var s [4]float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s[0] += a[i]
		s[1] += a[i+1]
		s[2] += a[i+2]
		s[3] += a[i+3]
	}
	for ; i < len(a); i++ {
		s[0] += a[i]
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

func maxOf(a []float32) float32 {
	top := float32(math.Inf(-1))
	for _, v := range a {
		top = max(top, v)
	}
	return top
}

func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s [4]float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s[0] += a[i] * b[i]
		s[1] += a[i+1] * b[i+1]
		s[2] += a[i+2] * b[i+2]
		s[3] += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s[0] += a[i] * b[i]
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

func dotRows(dst, rows, query []float32) {
	for i := range dst {
		dst[i] = dot(rows[i*len(query):(i+1)*len(query)], query)
	}
}
