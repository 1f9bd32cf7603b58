package onnx

import "math"

// half converts the bits of a number of 16 bits, FLOAT16 or BFLOAT16.
func half(code int64, bits uint16) float32 {
	if code == codeBFloat16 {
		return math.Float32frombits(uint32(bits) << 16)
	}
	sign, exponent, fraction := uint32(bits>>15)<<31, uint32(bits>>10&31), uint32(bits&1023)
	switch exponent {
	case 0: // zero, or a number without a leading one
		return math.Float32frombits(sign|0x3f800000) * float32(fraction) / (1 << 24)
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

// toHalf rounds to the nearest FLOAT16 or BFLOAT16, the even one of two as near.
func toHalf(code int64, v float32) float32 {
	bits := math.Float32bits(v)
	if v != v || math.IsInf(float64(v), 0) {
		return v
	}
	if code == codeBFloat16 {
		return math.Float32frombits((bits + 0x7fff + bits>>16&1) &^ 0xffff)
	}
	const smallest, greatest = 1.0 / (1 << 14), 65504
	x := float64(v)
	if math.Abs(x) < smallest { // numbers without a leading one are multiples of 2^-24
		return float32(math.RoundToEven(x*(1<<24)) / (1 << 24))
	}
	rounded := math.Float32frombits((bits + 0xfff + bits>>13&1) &^ 0x1fff)
	if math.Abs(float64(rounded)) > greatest {
		return float32(math.Inf(1 - 2*int(bits>>31)))
	}
	return rounded
}
