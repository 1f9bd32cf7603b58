package binding

import (
	"fmt"
	"math"
	"slices"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

// wholeNumbers is where float64 stops holding every whole number.
const wholeNumbers = 1 << 53

// scalar is one value in both types; which one counts is up to the input.
type scalar struct {
	number  float32
	integer int64
}

// list holds the values of an input; which of the two slices is used is up to the input's dtype.
type list struct {
	numbers  []float32
	integers []int64
}

func (l *list) resize(dtype onnx.Dtype, n int) {
	if dtype == onnx.Float32 {
		l.numbers = slices.Grow(l.numbers[:0], n)[:n]
	} else {
		l.integers = slices.Grow(l.integers[:0], n)[:n]
	}
}

func (l *list) set(dtype onnx.Dtype, i int, value scalar) {
	if dtype == onnx.Float32 {
		l.numbers[i] = value.number
	} else {
		l.integers[i] = value.integer
	}
}

// read returns the value of a numeric column of a row.
func read(column schema.Column, row *featurev1.Row) scalar {
	if column.Dtype == featurev1.Dtype_DTYPE_FLOAT32 {
		return scalar{number: row.GetNumbers()[column.Place]}
	}
	value := row.GetIntegers()[column.Place]
	return scalar{number: float32(value), integer: value}
}

// convert returns a feature of the request as a value that an input of the dtype can hold.
func convert(given *repliv1.RequestFeature, dtype onnx.Dtype) (scalar, error) {
	switch value := given.GetValue().(type) {
	case *repliv1.RequestFeature_Integer:
		return scalar{number: float32(value.Integer), integer: value.Integer}, nil
	case *repliv1.RequestFeature_Number:
		number := value.Number
		if dtype == onnx.Float32 {
			if !(math.Abs(number) <= math.MaxFloat32) { // NaN is refused too
				return scalar{}, fmt.Errorf("is %v, expected a finite float32", number)
			}
			return scalar{number: float32(number)}, nil
		}
		if number != math.Trunc(number) || math.Abs(number) > wholeNumbers {
			return scalar{}, fmt.Errorf("is %v, expected a whole number", number)
		}
		return scalar{integer: int64(number)}, nil
	default:
		return scalar{}, fmt.Errorf("is a text or nothing, expected a number")
	}
}
