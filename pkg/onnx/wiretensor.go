package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// tensorProto is a TensorProto.
type tensorProto struct {
	name     string
	dims     []int64
	code     int64
	floats   []float32
	doubles  []float32
	texts    []string
	int32s   []int64
	int64s   []int64
	raw      []byte
	hasRaw   bool
	location int64
	external [][]byte // StringStringEntryProto
}

// decodeTensor decodes a TensorProto; what lies outside of the message comes from files. Memory is bounded by the message and
// the files: the shape only has to agree with the data.
func decodeTensor(msg []byte, files *folder) (tensorProto, Tensor, error) {
	var p tensorProto
	if err := p.parse(msg); err != nil {
		return p, Tensor{}, err
	}
	dtype, err := dtypeOfCode(p.code)
	if err != nil {
		return p, Tensor{}, err
	}
	shape, err := toShape(p.dims)
	if err != nil {
		return p, Tensor{}, err
	}
	n, err := elements(shape)
	if err != nil {
		return p, Tensor{}, err
	}
	if p.location != 0 {
		if p.raw, err = files.read(p.external, n*widths[p.code]); err != nil {
			return p, Tensor{}, err
		}
		p.hasRaw = true
	}
	t, err := p.decode(dtype, shape)
	if err != nil {
		return p, Tensor{}, err
	}
	if t.size() != n {
		return p, Tensor{}, fmt.Errorf("holds %d values, its shape %v is not that long", t.size(), shape)
	}
	return p, t, nil
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
		case 6:
			return f.texts(&p.texts)
		case 7:
			return f.integers(&p.int64s)
		case 8:
			return f.text(&p.name)
		case 9:
			p.raw, p.hasRaw = f.bytes, true
		case 10:
			return f.doubles(&p.doubles)
		case 11:
			return f.integers(&p.int64s) // unsigned ones
		case 13:
			return f.message(&p.external)
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
	case codeInt64, codeUint64, codeUint32:
		return wrap(shape, append([]int64{}, p.int64s...)), p.fits(p.int64s)
	case codeString:
		return wrap(shape, append([]string{}, p.texts...)), nil
	case codeFloat16, codeBFloat16:
		halves := make([]float32, len(p.int32s))
		for i, v := range p.int32s {
			halves[i] = half(p.code, uint16(v)) //nolint:gosec // that is where the bits are
		}
		return wrap(shape, halves), nil
	case codeBool:
		bools := make([]bool, len(p.int32s))
		for i, v := range p.int32s {
			bools[i] = v != 0
		}
		return wrap(shape, bools), nil
	}
	return wrap(shape, append([]int64{}, p.int32s...)), p.fits(p.int32s)
}

// fits checks that integers are in the range of their type: then operators may rely on it.
func (p *tensorProto) fits(values []int64) error {
	least, greatest := integerRange(p.code)
	for _, v := range values {
		if v < least || v > greatest {
			return fmt.Errorf("holds %d, expected %d to %d", v, least, greatest)
		}
	}
	return nil
}

// widths are the bytes of an element of raw_data; texts do not lie there.
var widths = map[int64]int{
	codeFloat: 4, codeInt32: 4, codeUint32: 4, codeInt64: 8, codeUint64: 8, codeDouble: 8, codeFloat16: 2, codeBFloat16: 2,
	codeInt16: 2, codeUint16: 2, codeBool: 1, codeInt8: 1, codeUint8: 1,
}

// decodeRaw reads raw_data: little-endian values of fixed width.
func (p *tensorProto) decodeRaw(dtype Dtype, shape []int) (Tensor, error) {
	width := widths[p.code]
	if width == 0 {
		return Tensor{}, errors.New("holds raw data, expected texts")
	}
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
			values[i] = p.rawInteger(p.raw[i*width:])
		}
		return wrap(shape, values), p.fits(values)
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
		return half(p.code, binary.LittleEndian.Uint16(raw))
	}
}

func (p *tensorProto) rawInteger(raw []byte) int64 {
	var v uint64
	switch widths[p.code] {
	case 1:
		v = uint64(raw[0])
	case 2:
		v = uint64(binary.LittleEndian.Uint16(raw))
	case 4:
		v = uint64(binary.LittleEndian.Uint32(raw))
	default:
		v = binary.LittleEndian.Uint64(raw)
	}
	if cut := truncations[p.code]; cut != nil {
		return cut(int64(v)) //nolint:gosec // it has fewer bits
	}
	return int64(v) //nolint:gosec // int64 is what the bytes hold; fits refuses the others
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
