package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// dtypeNames are TensorProto.DataType in order.
var dtypeNames = [...]string{
	"UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL", "FLOAT16", "DOUBLE",
	"UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16",
}

// dtypeOfCode translates a TensorProto.DataType.
func dtypeOfCode(code int64) (Dtype, error) {
	switch code {
	case 1:
		return Float32, nil
	case 7:
		return Int64, nil
	case 9:
		return Bool, nil
	}
	name := fmt.Sprint(code)
	if code >= 0 && code < int64(len(dtypeNames)) {
		name = dtypeNames[code]
	}
	return 0, fmt.Errorf("dtype %s is not supported, expected FLOAT, INT64 or BOOL", name)
}

// tensorProto is a TensorProto.
type tensorProto struct {
	name     string
	dims     []int64
	code     int64
	floats   []float32
	int32s   []int64
	int64s   []int64
	raw      []byte
	hasRaw   bool
	location int64
}

// parseTensor decodes a TensorProto. Memory is bounded by the message: the shape only has to agree with the data.
func parseTensor(msg []byte) (string, Tensor, error) {
	var p tensorProto
	if err := p.parse(msg); err != nil {
		return p.name, Tensor{}, err
	}
	dtype, err := dtypeOfCode(p.code)
	if err != nil {
		return p.name, Tensor{}, err
	}
	if p.location != 0 {
		return p.name, Tensor{}, errors.New("its data lies in another file, which is not supported")
	}
	shape, err := toShape(p.dims)
	if err != nil {
		return p.name, Tensor{}, err
	}
	t, err := p.decode(dtype, shape)
	if err != nil {
		return p.name, Tensor{}, err
	}
	if n, err := elements(shape); err != nil || t.size() != n {
		return p.name, Tensor{}, errors.Join(err, fmt.Errorf("holds %d values, its shape %v is not that long", t.size(), shape))
	}
	return p.name, t, nil
}

func (p *tensorProto) parse(msg []byte) error {
	return fields(msg, func(f field) error {
		switch f.num {
		case 1:
			return f.integers(&p.dims)
		case 2:
			return f.integer(&p.code)
		case 3:
			return errors.New("segmented tensors are not supported")
		case 4:
			return f.floats(&p.floats)
		case 5:
			return f.integers(&p.int32s)
		case 7:
			return f.integers(&p.int64s)
		case 8:
			return f.text(&p.name)
		case 9:
			p.raw, p.hasRaw = f.bytes, true
		case 14:
			return f.integer(&p.location)
		}
		return nil
	})
}

func (p *tensorProto) decode(dtype Dtype, shape []int) (Tensor, error) {
	switch {
	case p.hasRaw:
		return p.decodeRaw(dtype, shape)
	case dtype == Float32:
		return wrap(shape, append([]float32{}, p.floats...)), nil
	case dtype == Int64:
		return wrap(shape, append([]int64{}, p.int64s...)), nil
	}
	bools := make([]bool, len(p.int32s))
	for i, v := range p.int32s {
		bools[i] = v != 0
	}
	return wrap(shape, bools), nil
}

// decodeRaw reads raw_data: little-endian values of fixed width.
func (p *tensorProto) decodeRaw(dtype Dtype, shape []int) (Tensor, error) {
	width := map[Dtype]int{Float32: 4, Int64: 8, Bool: 1}[dtype]
	if len(p.raw)%width != 0 {
		return Tensor{}, fmt.Errorf("holds %d raw bytes, expected a multiple of %d", len(p.raw), width)
	}
	n := len(p.raw) / width
	switch dtype {
	case Float32:
		values := make([]float32, n)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(p.raw[i*4:]))
		}
		return wrap(shape, values), nil
	case Int64:
		values := make([]int64, n)
		for i := range values {
			values[i] = int64(binary.LittleEndian.Uint64(p.raw[i*8:])) //nolint:gosec // int64 is what the bytes hold
		}
		return wrap(shape, values), nil
	default:
		values := make([]bool, n)
		for i := range values {
			values[i] = p.raw[i] != 0
		}
		return wrap(shape, values), nil
	}
}

// toShape converts dimensions that came from a file or a tensor.
func toShape(dims []int64) ([]int, error) {
	if len(dims) > maxRank {
		return nil, fmt.Errorf("has %d dimensions, expected at most %d", len(dims), maxRank)
	}
	shape := make([]int, len(dims))
	for i, d := range dims {
		if d < 0 || d > maxElements {
			return nil, fmt.Errorf("shape %v: dimension %d is out of range", dims, d)
		}
		shape[i] = int(d)
	}
	return shape, nil
}
