package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// errWire reports bytes that are not a protobuf message of the expected form.
var errWire = errors.New("malformed protobuf")

// field is one field of a message.
type field struct {
	num   protowire.Number
	typ   protowire.Type
	n     uint64 // varint, fixed32 or fixed64
	bytes []byte // length-delimited
}

// fields calls visit for each field of a message in order.
func fields(msg []byte, visit func(field) error) error {
	for len(msg) > 0 {
		f, size, err := nextField(msg)
		if err != nil {
			return err
		}
		if err := visit(f); err != nil {
			return err
		}
		msg = msg[size:]
	}
	return nil
}

func nextField(msg []byte) (field, int, error) {
	num, typ, tag := protowire.ConsumeTag(msg)
	if tag < 0 {
		return field{}, 0, fmt.Errorf("%w: %w", errWire, protowire.ParseError(tag))
	}
	f, rest := field{num: num, typ: typ}, msg[tag:]
	var size int
	switch typ {
	case protowire.VarintType:
		f.n, size = protowire.ConsumeVarint(rest)
	case protowire.Fixed32Type:
		var v uint32
		v, size = protowire.ConsumeFixed32(rest)
		f.n = uint64(v)
	case protowire.Fixed64Type:
		f.n, size = protowire.ConsumeFixed64(rest)
	case protowire.BytesType:
		f.bytes, size = protowire.ConsumeBytes(rest)
	default:
		return field{}, 0, fmt.Errorf("%w: field %d has wire type %d", errWire, num, typ)
	}
	if size < 0 {
		return field{}, 0, fmt.Errorf("%w: field %d: %w", errWire, num, protowire.ParseError(size))
	}
	return f, tag + size, nil
}

func (f field) expect(typ protowire.Type) error {
	if f.typ != typ {
		return fmt.Errorf("%w: field %d has wire type %d, expected %d", errWire, f.num, f.typ, typ)
	}
	return nil
}

// text stores a string or message field.
func (f field) text(into *string) error {
	if !utf8.Valid(f.bytes) {
		return fmt.Errorf("%w: field %d is no UTF-8", errWire, f.num)
	}
	*into = string(f.bytes)
	return f.expect(protowire.BytesType)
}

// texts appends a string of a repeated field.
func (f field) texts(into *[]string) error {
	*into = append(*into, "")
	return f.text(&(*into)[len(*into)-1])
}

// integer stores a varint field.
func (f field) integer(into *int64) error {
	*into = int64(f.n) //nolint:gosec // int64 is what the field holds
	return f.expect(protowire.VarintType)
}

// message appends a length-delimited field.
func (f field) message(into *[][]byte) error {
	*into = append(*into, f.bytes)
	return f.expect(protowire.BytesType)
}

// integers appends a repeated varint field, packed or not.
func (f field) integers(into *[]int64) error {
	if f.typ != protowire.BytesType {
		*into = append(*into, int64(f.n)) //nolint:gosec // int64 is what the field holds
		return f.expect(protowire.VarintType)
	}
	for rest := f.bytes; len(rest) > 0; {
		v, size := protowire.ConsumeVarint(rest)
		if size < 0 {
			return fmt.Errorf("%w: field %d: %w", errWire, f.num, protowire.ParseError(size))
		}
		*into = append(*into, int64(v)) //nolint:gosec // int64 is what the field holds
		rest = rest[size:]
	}
	return nil
}

// floats appends a repeated float field, packed or not.
func (f field) floats(into *[]float32) error {
	if f.typ != protowire.BytesType {
		*into = append(*into, math.Float32frombits(uint32(f.n))) //nolint:gosec // a fixed32 was read
		return f.expect(protowire.Fixed32Type)
	}
	if len(f.bytes)%4 != 0 {
		return fmt.Errorf("%w: field %d: %d bytes of packed floats", errWire, f.num, len(f.bytes))
	}
	for at := 0; at < len(f.bytes); at += 4 {
		*into = append(*into, math.Float32frombits(binary.LittleEndian.Uint32(f.bytes[at:])))
	}
	return nil
}

// doubles appends a repeated double field, packed or not, rounded to float32.
func (f field) doubles(into *[]float32) error {
	if f.typ != protowire.BytesType {
		*into = append(*into, float32(math.Float64frombits(f.n)))
		return f.expect(protowire.Fixed64Type)
	}
	if len(f.bytes)%8 != 0 {
		return fmt.Errorf("%w: field %d: %d bytes of packed doubles", errWire, f.num, len(f.bytes))
	}
	for at := 0; at < len(f.bytes); at += 8 {
		*into = append(*into, float32(math.Float64frombits(binary.LittleEndian.Uint64(f.bytes[at:]))))
	}
	return nil
}
