package onnx

import (
	"errors"
	"fmt"
	"math"
)

// channels says which entry of a scale or zero point belongs to an element: of one for all always the first, else of one for
// each position along an axis that of the element.
type channels struct{ size, inner int }

func channelsOf(t, scale Tensor, axis int64) (channels, error) {
	if scale.size() == 1 {
		return channels{1, 1}, nil
	}
	l, err := alongAxis(t.Shape, axis)
	if err == nil && l.size != scale.size() {
		err = fmt.Errorf("%d scales, expected 1 or %d", scale.size(), l.size)
	}
	return channels{l.size, l.inner}, err
}

func (c channels) of(i int) int { return i / c.inner % c.size }

// zeroPoint is the entry of an optional input; absent is 0.
func zeroPoint(zeros Tensor, channel int) int64 {
	if len(zeros.Ints) == 0 {
		return 0
	}
	return zeros.Ints[channel%len(zeros.Ints)]
}

// optional returns input i, or no tensor.
func optional(in []Tensor, i int) Tensor {
	if i < len(in) {
		return in[i]
	}
	return Tensor{}
}

// checkScales checks that there is one zero point for each scale.
func checkScales(scale, zeros Tensor) error {
	if zeros.Dtype() != 0 && zeros.size() != scale.size() || scale.size() == 0 {
		return fmt.Errorf("%d scales and %d zero points, expected as many", scale.size(), zeros.size())
	}
	return nil
}

// dequantize is (x - zero point) * scale.
func dequantize(mem *Arena, x, scale, zeros Tensor, axis int64) (Tensor, error) {
	if err := checkScales(scale, zeros); err != nil {
		return Tensor{}, err
	}
	c, err := channelsOf(x, scale, axis)
	if err != nil {
		return Tensor{}, err
	}
	t, dst, err := alloc[float32](mem, x.Shape)
	for i := range dst {
		k := c.of(i)
		dst[i] = float32(x.Ints[i]-zeroPoint(zeros, k)) * scale.Floats[k]
	}
	return t, err
}

// quantize is x / scale + zero point, rounded to the nearest even integer and bounded by the type that code names.
func quantize(mem *Arena, x, scale, zeros Tensor, axis, code int64) (Tensor, error) {
	if err := checkScales(scale, zeros); err != nil {
		return Tensor{}, err
	}
	c, err := channelsOf(x, scale, axis)
	if err != nil {
		return Tensor{}, err
	}
	t, dst, err := alloc[int64](mem, x.Shape)
	least, greatest := integerRange(code)
	for i := range dst {
		k := c.of(i)
		dst[i] = saturated(math.RoundToEven(float64(x.Floats[i]/scale.Floats[k])), zeroPoint(zeros, k), least, greatest)
	}
	return t, err
}

// saturated adds a zero point and bounds the sum. What is no number becomes 0.
func saturated(v float64, zero, least, greatest int64) int64 {
	if v != v {
		v = 0
	}
	return int64(min(max(v+float64(zero), float64(least)), float64(greatest)))
}

// quantizedCode is the type of a result: that of the zero point, or UINT8.
func quantizedCode(n *node, zeros int) (int64, error) {
	code := int64(codeUint8)
	if n.has(zeros) {
		code = n.inCodes[zeros]
	}
	if truncations[code] == nil {
		return 0, fmt.Errorf("input %d (%q): expected an integer of up to 32 bits", zeros, n.inputs[zeros])
	}
	return code, nil
}

func buildQuantizeLinear(n *node) (kernel, error) {
	axis, asked, block := n.integer("axis", 1), n.integer("output_dtype", 0), n.integer("block_size", 0)
	n.ignore("saturate", "precision") // of 8-bit floats; of a division
	code, err := quantizedCode(n, 2)
	if err != nil {
		return nil, err
	}
	if asked != 0 {
		code = asked
	}
	if block != 0 || truncations[code] == nil {
		return nil, fmt.Errorf("block_size %d, output_dtype %d: only integers, without blocks, are supported", block, asked)
	}
	n.giveAs(0, code)
	if err := errors.Join(n.expect(0, Float32), n.expect(1, Float32), n.expect(2, Int64)); err != nil {
		return nil, err
	}
	return func(mem *Arena, in, out []Tensor) (err error) {
		out[0], err = quantize(mem, in[0], in[1], optional(in, 2), axis, code)
		return err
	}, nil
}

func buildDequantizeLinear(n *node) (kernel, error) {
	axis, block := n.integer("axis", 1), n.integer("block_size", 0)
	n.ignore("output_dtype") // a float in any case
	n.give(Float32)
	if block != 0 {
		return nil, fmt.Errorf("block_size %d is not supported", block)
	}
	if err := errors.Join(n.expect(0, Int64), n.expect(1, Float32), n.expect(2, Int64)); err != nil {
		return nil, err
	}
	return func(mem *Arena, in, out []Tensor) (err error) {
		out[0], err = dequantize(mem, in[0], in[1], optional(in, 2), axis)
		return err
	}, nil
}

// buildDynamicQuantizeLinear makes the kernel of DynamicQuantizeLinear: UINT8 with the scale that the range of the input, with 0
// in it, asks for.
func buildDynamicQuantizeLinear(n *node) (kernel, error) {
	n.giveAs(0, codeUint8)
	n.giveAs(1, codeFloat)
	n.giveAs(2, codeUint8)
	return func(mem *Arena, in, out []Tensor) error {
		low, high := float32(0), float32(0)
		for _, v := range in[0].Floats {
			low, high = min(low, v), max(high, v)
		}
		scales, zeros := mem.floats.take(1), mem.ints.take(1)
		scales[0] = (high - low) / math.MaxUint8
		if scales[0] > 0 {
			zeros[0] = saturated(math.RoundToEven(float64(-low/scales[0])), 0, 0, math.MaxUint8)
		} else {
			scales[0] = 1
		}
		scale, zero := wrap(mem.shape(), scales), wrap(mem.shape(), zeros)
		t, err := quantize(mem, in[0], scale, zero, 0, codeUint8)
		copy(out, mem.tensors(t, scale, zero))
		return err
	}, n.expect(0, Float32)
}

// shifted returns x minus its zero points, of which there may be one for each position along an axis.
func shifted(mem *Arena, x, zeros Tensor, axis int64) (Tensor, error) {
	if zeros.size() == 0 {
		return x, nil
	}
	c, err := channelsOf(x, zeros, axis)
	if err != nil {
		return Tensor{}, err
	}
	t, dst, err := alloc[int64](mem, x.Shape)
	for i := range dst {
		dst[i] = x.Ints[i] - zeros.Ints[c.of(i)]
	}
	return t, err
}

// buildMatMulInteger makes the kernel of MatMulInteger: the product of integers of 8 bits, with zero points for all, or for the
// rows of the first and the columns of the second.
func buildMatMulInteger(n *node) (kernel, error) {
	n.giveAs(0, codeInt32)
	for i := range n.in {
		if err := n.expect(i, Int64); err != nil {
			return nil, err
		}
	}
	return func(mem *Arena, in, out []Tensor) error {
		a, err := shifted(mem, in[0], optional(in, 2), -2)
		if err != nil {
			return err
		}
		b, err := shifted(mem, in[1], optional(in, 3), -1)
		if err != nil {
			return err
		}
		return matMul[int64](mem, mem.tensors(a, b), out)
	}, nil
}

// buildQLinearMatMul makes the kernel of QLinearMatMul: a product of quantized matrices, quantized again.
func buildQLinearMatMul(n *node) (kernel, error) {
	code, err := quantizedCode(n, 7)
	if err != nil {
		return nil, err
	}
	n.giveAs(0, code)
	for i := range n.in {
		if err := n.expect(i, []Dtype{Int64, Float32, Int64, Int64, Float32, Int64, Float32, Int64}[i]); err != nil {
			return nil, err
		}
	}
	return func(mem *Arena, in, out []Tensor) error {
		a, err := dequantize(mem, in[0], in[1], in[2], -2)
		if err != nil {
			return err
		}
		b, err := dequantize(mem, in[3], in[4], in[5], -1)
		if err != nil {
			return err
		}
		if err := matMul[float32](mem, mem.tensors(a, b), out); err != nil {
			return err
		}
		out[0], err = quantize(mem, out[0], in[6], in[7], -2, code)
		return err
	}, nil
}
