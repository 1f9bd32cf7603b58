package vec

// Add computes a + b.
func Add(dst, a, b []float32) { kernels.add(dst, a, b) }

// Sub computes a - b.
func Sub(dst, a, b []float32) { kernels.sub(dst, a, b) }

// Mul computes a * b.
func Mul(dst, a, b []float32) { kernels.mul(dst, a, b) }

// Div computes a / b.
func Div(dst, a, b []float32) { kernels.div(dst, a, b) }

// Min computes the lesser of a and b; NaN where either is.
func Min(dst, a, b []float32) { kernels.min(dst, a, b) }

// Max computes the greater of a and b; NaN where either is.
func Max(dst, a, b []float32) { kernels.max(dst, a, b) }

// AddScalar computes a + s.
func AddScalar(dst, a []float32, s float32) { kernels.addScalar(dst, a, s) }

// SubScalar computes a - s.
func SubScalar(dst, a []float32, s float32) { kernels.addScalar(dst, a, -s) }

// ScalarSub computes s - a.
func ScalarSub(dst, a []float32, s float32) { kernels.scalarSub(dst, a, s) }

// MulScalar computes a * s.
func MulScalar(dst, a []float32, s float32) { kernels.mulScalar(dst, a, s) }

// DivScalar computes a / s, by division.
func DivScalar(dst, a []float32, s float32) { kernels.divScalar(dst, a, s) }

// ScalarDiv computes s / a.
func ScalarDiv(dst, a []float32, s float32) { kernels.scalarDiv(dst, a, s) }

// MinScalar computes the lesser of a and s; NaN where either is.
func MinScalar(dst, a []float32, s float32) { kernels.minScalar(dst, a, s) }

// MaxScalar computes the greater of a and s; NaN where either is.
func MaxScalar(dst, a []float32, s float32) { kernels.maxScalar(dst, a, s) }

// MulAdd computes a*b + c, in one rounding or two.
func MulAdd(dst, a, b, c []float32) { kernels.mulAdd(dst, a, b, c) }

// Axpy adds s * a to dst, in one rounding or two.
func Axpy(dst []float32, s float32, a []float32) { kernels.axpy(dst, s, a) }

// Clip computes min(max(a, low), high); NaN stays.
func Clip(dst, a []float32, low, high float32) {
	kernels.maxScalar(dst, a, low)
	kernels.minScalar(dst, dst, high)
}

// Relu computes max(a, 0); NaN stays.
func Relu(dst, a []float32) { kernels.maxScalar(dst, a, 0) }

// Neg computes -a.
func Neg(dst, a []float32) { kernels.neg(dst, a) }

// Abs computes |a|.
func Abs(dst, a []float32) { kernels.abs(dst, a) }

// Sqrt computes the square root.
func Sqrt(dst, a []float32) { kernels.sqrt(dst, a) }

// Reciprocal computes 1 / a.
func Reciprocal(dst, a []float32) { kernels.scalarDiv(dst, a, 1) }

// Floor rounds down.
func Floor(dst, a []float32) { kernels.floor(dst, a) }

// Ceil rounds up.
func Ceil(dst, a []float32) { kernels.ceil(dst, a) }

// LeakyRelu computes a, or alpha*a where a is negative.
func LeakyRelu(dst, a []float32, alpha float32) { kernels.leakyRelu(dst, a, alpha) }

// Elu computes a, or alpha*(exp(a)-1) where a is negative.
func Elu(dst, a []float32, alpha float32) { elu(dst, a, alpha) }

// Exp computes the exponential.
func Exp(dst, a []float32) { kernels.exp(dst, a) }

// Log computes the natural logarithm.
func Log(dst, a []float32) { kernels.log(dst, a) }

// Sigmoid computes 1 / (1 + exp(-a)).
func Sigmoid(dst, a []float32) { kernels.sigmoid(dst, a) }

// Tanh computes the hyperbolic tangent.
func Tanh(dst, a []float32) { kernels.tanh(dst, a) }

// Erf computes the error function.
func Erf(dst, a []float32) { kernels.erf(dst, a) }

// Gelu computes a * Phi(a), where Phi is the distribution function of the standard normal.
func Gelu(dst, a []float32) { kernels.gelu(dst, a) }

// Softplus computes log(1 + exp(a)).
func Softplus(dst, a []float32) { softplus(dst, a) }

// Sum adds up.
func Sum(a []float32) float32 { return kernels.sum(a) }

// MaxOf returns the greatest element: NaN if there is one, -Inf of nothing.
func MaxOf(a []float32) float32 { return kernels.maxOf(a) }

// Dot computes the inner product.
func Dot(a, b []float32) float32 { return kernels.dot(a, b) }

// DotRows computes the inner product of query with each of len(dst) rows, which lie one after the other.
func DotRows(dst, rows, query []float32) { kernels.dotRows(dst, rows, query) }

// SoftmaxRows computes, for each row of width elements, exp(a) divided by its sum, with the greatest of the row subtracted first; a
// row is NaN if all of it is -Inf, or one is +Inf or NaN. The length of dst is a multiple of width, which is not 0.
func SoftmaxRows(dst, a []float32, width int) { kernels.softmaxRows(dst, a, width) }

// NormalizeRows computes, for each row of len(scale) elements, (a-mean) / sqrt(variance+epsilon) * scale + bias. The length of dst
// is a multiple of that of scale, which is not 0.
func NormalizeRows(dst, a, scale, bias []float32, epsilon float32) {
	kernels.normalizeRows(dst, a, scale, bias, epsilon)
}

// CopyRows copies rows of width elements; the strides are how many elements their beginnings are apart. A stride of 0 repeats the
// first row. dst must not overlap a.
func CopyRows(dst, a []float32, rows, width, strideDst, strideA int) {
	kernels.copyRows(dst, a, rows, width, strideDst, strideA)
}
