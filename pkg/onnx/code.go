package onnx

import (
	"fmt"
	"math"
)

// TensorProto.DataType, as far as the package knows them.
const (
	codeFloat    = 1
	codeUint8    = 2
	codeInt8     = 3
	codeUint16   = 4
	codeInt16    = 5
	codeInt32    = 6
	codeInt64    = 7
	codeString   = 8
	codeBool     = 9
	codeFloat16  = 10
	codeDouble   = 11
	codeUint32   = 12
	codeUint64   = 13
	codeBFloat16 = 16
)

// dtypeNames are TensorProto.DataType in order.
var dtypeNames = [...]string{
	"UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL", "FLOAT16", "DOUBLE",
	"UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16",
}

// dtypeOfCode translates a TensorProto.DataType to what is calculated with.
func dtypeOfCode(code int64) (Dtype, error) {
	switch code {
	case codeFloat, codeDouble, codeFloat16, codeBFloat16:
		return Float32, nil
	case codeInt64, codeInt32, codeInt16, codeInt8, codeUint64, codeUint32, codeUint16, codeUint8:
		return Int64, nil
	case codeBool:
		return Bool, nil
	case codeString:
		return String, nil
	}
	name := fmt.Sprint(code)
	if code >= 0 && code < int64(len(dtypeNames)) {
		name = dtypeNames[code]
	}
	return 0, fmt.Errorf("dtype %s is not supported, expected FLOAT, DOUBLE, FLOAT16, BFLOAT16, an integer, BOOL or STRING", name)
}

// natural is the TensorProto.DataType of a dtype when nothing says otherwise.
func natural(d Dtype) int64 {
	return map[Dtype]int64{Float32: codeFloat, Int64: codeInt64, Bool: codeBool, String: codeString}[d]
}

// truncations cut an integer to the width of a type; the types that are not here are as wide as Int64.
var truncations = map[int64]func(v int64) int64{
	codeUint8: func(v int64) int64 { return v & math.MaxUint8 }, codeInt8: func(v int64) int64 { return int64(int8(v)) },
	codeUint16: func(v int64) int64 { return v & math.MaxUint16 }, codeInt16: func(v int64) int64 { return int64(int16(v)) },
	codeUint32: func(v int64) int64 { return v & math.MaxUint32 }, codeInt32: func(v int64) int64 { return int64(int32(v)) },
}

// integerRange returns the least and the greatest value of an integer type.
func integerRange(code int64) (least, greatest int64) {
	switch code {
	case codeUint8:
		return 0, math.MaxUint8
	case codeInt8:
		return math.MinInt8, math.MaxInt8
	case codeUint16:
		return 0, math.MaxUint16
	case codeInt16:
		return math.MinInt16, math.MaxInt16
	case codeUint32:
		return 0, math.MaxUint32
	case codeInt32:
		return math.MinInt32, math.MaxInt32
	case codeUint64:
		return 0, math.MaxInt64
	default:
		return math.MinInt64, math.MaxInt64
	}
}

// overflowing are the operators whose integers may not fit the width of their type.
var overflowing = map[string]bool{
	":Add": true, ":Sub": true, ":Mul": true, ":Div": true, ":Neg": true, ":Abs": true, ":Pow": true, ":Sum": true, ":MatMul": true, ":CumSum": true,
	":ReduceSum": true, ":ReduceProd": true, ":ReduceL1": true, ":ReduceSumSquare": true, ":BitShift": true, ":BitwiseNot": true, ":Gemm": true,
	":MatMulInteger": true, ":ConvInteger": true, ":Einsum": true, ":ScatterElements": true, ":ScatterND": true,
}

// narrowed makes a kernel cut its results to the width of their types, as those types do when they overflow.
func narrowed(n *node, run kernel) kernel {
	var cuts []func(v int64) int64
	needed := false
	for i, code := range n.outCodes {
		cuts = append(cuts, nil)
		if n.out[i] == Int64 && overflowing[n.op] {
			cuts[i] = truncations[code]
		}
		needed = needed || cuts[i] != nil
	}
	if !needed {
		return run
	}
	return func(mem *Arena, in, out []Tensor) error {
		if err := run(mem, in, out); err != nil {
			return err
		}
		for i, cut := range cuts {
			if cut != nil {
				truncate(out[i].Ints, cut)
			}
		}
		return nil
	}
}

// truncate writes only what changes: a value that is shared with another run fits already.
func truncate(values []int64, cut func(v int64) int64) {
	for i, v := range values {
		if w := cut(v); w != v {
			values[i] = w
		}
	}
}
