package onnx

import (
	"fmt"
	"slices"
)

// Dtype is the type of a tensor's elements. The zero value is no type.
type Dtype uint8

// The types that a graph calculates with. FLOAT16, BFLOAT16 and DOUBLE are calculated in Float32. Integers of any width lie
// in Int64 and wrap around as their own width does, except that UINT64 reaches only to the greatest Int64. Other types that
// ONNX knows, such as COMPLEX64, are refused by Load.
const (
	Float32 Dtype = iota + 1
	Int64
	Bool
	String
)

// String returns the name of the type in lower case.
func (d Dtype) String() string {
	switch d {
	case Float32:
		return "float32"
	case Int64:
		return "int64"
	case Bool:
		return "bool"
	case String:
		return "string"
	default:
		return "none"
	}
}

// ValueInfo says what a graph takes or gives under a name.
type ValueInfo struct {
	Name  string
	Dtype Dtype
	// Shape has -1 for a symbolic dimension, is empty for a scalar and nil where the file declares no shape.
	Shape []int
}

// Tensor is a dense array in row-major order. Exactly one of the data slices is used; its length is the product of Shape
// (1 for a scalar, which has an empty Shape).
type Tensor struct {
	Shape  []int
	Floats []float32
	Ints   []int64
	Bools  []bool
	// Strings holds texts in UTF-8.
	Strings []string
}

// Dtype returns the type of the data slice in use, or 0 when there is none.
func (t Tensor) Dtype() Dtype {
	switch {
	case t.Floats != nil:
		return Float32
	case t.Ints != nil:
		return Int64
	case t.Bools != nil:
		return Bool
	case t.Strings != nil:
		return String
	default:
		return 0
	}
}

// maxElements bounds every tensor (256 MiB of float32): a graph's shapes come from a file or a caller.
const maxElements = 1 << 26

// elements returns the product of the dimensions; more than maxRank of them, negative ones and products above
// maxElements are errors.
func elements(shape []int) (int, error) {
	if len(shape) > maxRank {
		return 0, fmt.Errorf("shape %v has more than %d dimensions", shape, maxRank)
	}
	n, empty := 1, false
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, fmt.Errorf("shape %v has a negative dimension", shape)
		case d == 0:
			empty = true
		case n > maxElements/d:
			return 0, fmt.Errorf("shape %v has more than %d elements", shape, maxElements)
		default:
			n *= d
		}
	}
	if empty {
		return 0, nil
	}
	return n, nil
}

// element is the Go type of a Dtype.
type element interface {
	float32 | int64 | bool | string
}

// number is an element that can be calculated with.
type number interface{ float32 | int64 }

// data returns the slice that holds t's elements of type T.
func data[T element](t Tensor) []T {
	var field any
	var zero T
	switch any(zero).(type) {
	case float32:
		field = t.Floats
	case int64:
		field = t.Ints
	case bool:
		field = t.Bools
	default:
		field = t.Strings
	}
	return field.([]T)
}

// wrap makes a tensor of a shape around values, which it keeps.
func wrap[T element](shape []int, values []T) Tensor {
	t := Tensor{Shape: shape}
	switch v := any(values).(type) {
	case []float32:
		t.Floats = v
	case []int64:
		t.Ints = v
	case []bool:
		t.Bools = v
	case []string:
		t.Strings = v
	}
	return t
}

// alloc makes a tensor of zeros, whose shape is a copy. What a run may not make is refused before there is memory for it.
func alloc[T element](mem *Arena, shape []int) (Tensor, []T, error) {
	n, err := elements(shape)
	if err != nil {
		return Tensor{}, nil, err
	}
	if int64(n) > mem.elements {
		return Tensor{}, nil, errElements
	}
	values := take[T](mem, n)
	return wrap(mem.shape(shape...), values), values, nil
}

// take returns n zeros.
func take[T element](mem *Arena, n int) []T {
	var zero T
	switch any(zero).(type) {
	case float32:
		return any(mem.floats.take(n)).([]T)
	case int64:
		return any(mem.ints.take(n)).([]T)
	case bool:
		return any(mem.bools.take(n)).([]T)
	default:
		return any(mem.strings.take(n)).([]T)
	}
}

// size returns the number of t's elements.
func (t Tensor) size() int { return len(t.Floats) + len(t.Ints) + len(t.Bools) + len(t.Strings) }

// view returns t's data under another shape of as many elements.
func (t Tensor) view(shape []int) Tensor {
	t.Shape = shape
	return t
}

// clone returns a copy that shares nothing with t.
func (t Tensor) clone() Tensor {
	return Tensor{
		Shape: slices.Clone(t.Shape), Floats: slices.Clone(t.Floats),
		Ints: slices.Clone(t.Ints), Bools: slices.Clone(t.Bools), Strings: slices.Clone(t.Strings),
	}
}

// check verifies a tensor that came from outside against its declaration. It returns t with a data slice that is not
// nil, even when the tensor is empty.
func (v ValueInfo) check(t Tensor) (Tensor, error) {
	if t.Dtype() == 0 && slices.Contains(t.Shape, 0) {
		t = emptyOf(v.Dtype, t.Shape)
	}
	if t.Dtype() != v.Dtype {
		return t, fmt.Errorf("dtype is %v, expected %v", t.Dtype(), v.Dtype)
	}
	if only := emptyOf(v.Dtype, nil); t.Floats != nil && only.Floats == nil || t.Ints != nil && only.Ints == nil ||
		t.Bools != nil && only.Bools == nil || t.Strings != nil && only.Strings == nil {
		return t, fmt.Errorf("more than one data slice is set, expected only that of %v", v.Dtype)
	}
	n, err := elements(t.Shape)
	if err != nil {
		return t, err
	}
	if t.size() != n {
		return t, fmt.Errorf("has %d values, expected %d for shape %v", t.size(), n, t.Shape)
	}
	if v.Shape != nil && !fits(t.Shape, v.Shape) {
		return t, fmt.Errorf("shape is %v, expected %v (-1 is any)", t.Shape, v.Shape)
	}
	return t, nil
}

func emptyOf(d Dtype, shape []int) Tensor {
	switch d {
	case Float32:
		return wrap(shape, []float32{})
	case Int64:
		return wrap(shape, []int64{})
	case Bool:
		return wrap(shape, []bool{})
	default:
		return wrap(shape, []string{})
	}
}

// fits reports whether a shape agrees with a declared one.
func fits(shape, declared []int) bool {
	return slices.EqualFunc(shape, declared, func(d, want int) bool { return want == -1 || d == want })
}
