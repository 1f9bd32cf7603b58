package onnx

import (
	"math"
	"testing"
)

func TestNumbersOfSixteenBits(t *testing.T) {
	t.Parallel()
	for bits, want := range map[uint16]float32{
		0: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 0x0001: 5.9604645e-8, 0x8001: -5.9604645e-8, 0x03ff: 6.097555e-5, 0x3555: 0.33325195,
		0x7c00: float32(math.Inf(1)), 0xfc00: float32(math.Inf(-1)),
	} {
		if got := half(codeFloat16, bits); got != want {
			t.Errorf("float16 %#04x is %v, want %v", bits, got, want)
		}
	}
	if got := half(codeFloat16, 0x7e00); got == got {
		t.Errorf("float16 0x7e00 is %v, want NaN", got)
	}
	if got := half(codeBFloat16, 0xbfc0); got != -1.5 {
		t.Errorf("bfloat16 0xbfc0 is %v, want -1.5", got)
	}
}
