package onnx

import (
	"fmt"
	"math"
)

// toFloats returns t as float32; bools become 0 and 1.
func toFloats(mem *Arena, t Tensor) Tensor {
	if t.Floats != nil {
		return t
	}
	values := take[float32](mem, t.size())
	for i, v := range t.Ints {
		values[i] = float32(v)
	}
	for i, v := range t.Bools {
		if v {
			values[i] = 1
		}
	}
	return wrap(t.Shape, values)
}

// toInt cuts off the fraction. What int64 does not hold, NaN too, becomes its least number on every CPU: the language leaves it open.
func toInt(v float32) int64 {
	if !(v >= math.MinInt64 && v < math.MaxInt64) {
		return math.MinInt64
	}
	return int64(v)
}

// toInts returns t as int64; fractions are cut off.
func toInts(mem *Arena, t Tensor) Tensor {
	if t.Ints != nil {
		return t
	}
	values := take[int64](mem, t.size())
	for i, v := range t.Floats {
		values[i] = toInt(v)
	}
	for i, v := range t.Bools {
		if v {
			values[i] = 1
		}
	}
	return wrap(t.Shape, values)
}

// toBools returns t as bool: true where it is not zero.
func toBools(mem *Arena, t Tensor) Tensor {
	if t.Bools != nil {
		return t
	}
	values := take[bool](mem, t.size())
	for i, v := range t.Floats {
		values[i] = v != 0
	}
	for i, v := range t.Ints {
		values[i] = v != 0
	}
	return wrap(t.Shape, values)
}

// scalarOr returns the single value of an optional input, or a default where it is absent.
func scalarOr[T element](in []Tensor, i int, absent T) (T, error) {
	if i >= len(in) || in[i].Dtype() == 0 {
		return absent, nil
	}
	values := data[T](in[i])
	if len(values) != 1 {
		return absent, fmt.Errorf("input %d holds %d values, expected 1", i, len(values))
	}
	return values[0], nil
}
