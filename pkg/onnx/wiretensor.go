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

// TensorProto.DataType, as far as the package knows them.
const (
	codeFloat    = 1
	codeInt32    = 6
	codeInt64    = 7
	codeBool     = 9
	codeFloat16  = 10
	codeDouble   = 11
	codeBFloat16 = 16
)

// dtypeOfCode translates a TensorProto.DataType. Integers of 32 bits are kept in 64, and doubles are rounded to float32, as
// rankers use them: for ids and for what was trained in double precision.
func dtypeOfCode(code int64) (Dtype, error) {
	switch code {
	case codeFloat, codeDouble:
		return Float32, nil
	case codeInt64, codeInt32:
		return Int64, nil
	case codeBool:
		return Bool, nil
	}
	name := fmt.Sprint(code)
	if code >= 0 && code < int64(len(dtypeNames)) {
		name = dtypeNames[code]
	}
	return 0, fmt.Errorf("dtype %s is not supported, expected FLOAT, DOUBLE, INT64, INT32 or BOOL", name)
}

// tensorProto is a TensorProto.
type tensorProto struct {
	name     string
	dims     []int64
	code     int64
	floats   []float32
	doubles  []float32
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
	dtype, err := p.dtype()
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

// dtype is that of the decoded tensor: constants may have fewer bits than what is calculated with.
func (p *tensorProto) dtype() (Dtype, error) {
	if p.code == codeFloat16 || p.code == codeBFloat16 {
		return Float32, nil
	}
	return dtypeOfCode(p.code)
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
		case 10:
			return f.doubles(&p.doubles)
		case 14:
			return f.integer(&p.location)
		}
		return nil
	})
}

func (p *tensorProto) decode(dtype Dtype, shape []int) (Tensor, error) {
	if p.hasRaw {
		return p.decodeRaw(dtype, shape)
	}
	switch p.code {
	case codeFloat:
		return wrap(shape, append([]float32{}, p.floats...)), nil
	case codeDouble:
		return wrap(shape, append([]float32{}, p.doubles...)), nil
	case codeInt64:
		return wrap(shape, append([]int64{}, p.int64s...)), nil
	case codeInt32:
		return wrap(shape, append([]int64{}, p.int32s...)), nil
	case codeBool:
		bools := make([]bool, len(p.int32s))
		for i, v := range p.int32s {
			bools[i] = v != 0
		}
		return wrap(shape, bools), nil
	}
	halves := make([]float32, len(p.int32s))
	for i, v := range p.int32s {
		halves[i] = p.half(uint16(v)) //nolint:gosec // that is where the bits are
	}
	return wrap(shape, halves), nil
}

// half converts a number of 16 bits of which code says the form.
func (p *tensorProto) half(bits uint16) float32 {
	if p.code == codeBFloat16 {
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

// widths are the bytes of an element of raw_data.
var widths = map[int64]int{codeFloat: 4, codeInt32: 4, codeInt64: 8, codeBool: 1, codeFloat16: 2, codeBFloat16: 2, codeDouble: 8}

// decodeRaw reads raw_data: little-endian values of fixed width.
func (p *tensorProto) decodeRaw(dtype Dtype, shape []int) (Tensor, error) {
	width := widths[p.code]
	if len(p.raw)%width != 0 {
		return Tensor{}, fmt.Errorf("holds %d raw bytes, expected a multiple of %d", len(p.raw), width)
	}
	n := len(p.raw) / width
	switch dtype {
	case Float32:
		values := make([]float32, n)
		for i := range values {
			values[i] = p.rawFloat(p.raw[i*width:])
		}
		return wrap(shape, values), nil
	case Int64:
		values := make([]int64, n)
		for i := range values {
			if p.code == codeInt32 {
				values[i] = int64(int32(binary.LittleEndian.Uint32(p.raw[i*4:]))) //nolint:gosec // int32 is what the bytes hold
				continue
			}
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

func (p *tensorProto) rawFloat(raw []byte) float32 {
	switch p.code {
	case codeFloat:
		return math.Float32frombits(binary.LittleEndian.Uint32(raw))
	case codeDouble:
		return float32(math.Float64frombits(binary.LittleEndian.Uint64(raw)))
	default:
		return p.half(binary.LittleEndian.Uint16(raw))
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
