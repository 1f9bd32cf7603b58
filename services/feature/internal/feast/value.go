package feast

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/repli-mesh/repli/pkg/views"
)

// Fields of the oneof in feast.types.Value that fit a view's types.
const (
	bytesVal        protowire.Number = 1
	stringVal       protowire.Number = 2
	int32Val        protowire.Number = 3
	int64Val        protowire.Number = 4
	doubleVal       protowire.Number = 5
	floatVal        protowire.Number = 6
	boolVal         protowire.Number = 7
	unixTimeVal     protowire.Number = 8
	bytesListVal    protowire.Number = 11
	stringListVal   protowire.Number = 12
	nullVal         protowire.Number = 19
	lastOfOneof     protowire.Number = 33
	listElement     protowire.Number = 1
	maxExactInteger                  = 1 << 63
)

// errMalformed is a value that is not a protocol buffer of the right shape.
var errMalformed = errors.New("is not a feast.types.Value")

// Encode returns the feast.types.Value of a value of the dtype; a value that is not PRESENT becomes the empty message, which
// is null. The result may share the text of the value.
func Encode(dtype views.Dtype, value views.Value) []byte {
	if value.Status != views.Present {
		return nil
	}
	switch dtype {
	case views.Float32:
		b := protowire.AppendTag(nil, floatVal, protowire.Fixed32Type)
		return protowire.AppendFixed32(b, math.Float32bits(value.Number))
	case views.Int64:
		b := protowire.AppendTag(nil, int64Val, protowire.VarintType)
		return protowire.AppendVarint(b, uint64(value.Integer)) //nolint:gosec // two's complement is the format
	case views.String:
		b := protowire.AppendTag(nil, stringVal, protowire.BytesType)
		return protowire.AppendString(b, value.Text)
	default:
		var list []byte
		for _, text := range value.Texts {
			list = protowire.AppendTag(list, listElement, protowire.BytesType)
			list = protowire.AppendString(list, text)
		}
		b := protowire.AppendTag(nil, stringListVal, protowire.BytesType)
		return protowire.AppendBytes(b, list)
	}
}

// Decode reads a feast.types.Value as the feature's dtype. Any number is converted as long as it fits: an int64 column takes
// only whole numbers, and an infinite or overflowing float is refused. The empty message, null_val and NaN (how pandas
// writes a missing number) are NULL_VALUE. The error names the view and the feature, never the value.
func Decode(view string, feature *views.Feature, data string) (views.Value, error) {
	value, err := decode(feature.Dtype, []byte(data))
	if err != nil {
		return views.Value{}, fmt.Errorf("view %s: feature %s: the stored value %w", view, feature.Name, err)
	}
	return value, nil
}

func decode(dtype views.Dtype, data []byte) (views.Value, error) {
	kind, err := parse(data)
	if err != nil {
		return views.Value{}, err
	}
	if kind.field == 0 || kind.field == nullVal {
		return views.Value{Status: views.NullValue}, nil
	}
	switch dtype {
	case views.Float32:
		return kind.float32()
	case views.Int64:
		return kind.int64()
	case views.String:
		return kind.text()
	default:
		return kind.texts()
	}
}

// oneof is the member of the oneof that is set: the last one on the wire, as protocol buffers have it.
type oneof struct {
	field  protowire.Number // 0: none
	number uint64           // of varint and fixed fields
	bytes  []byte           // of length-delimited fields
}

// wire is the wire type of each field that is understood; the rest only have to be well-formed.
func wire(field protowire.Number) (protowire.Type, bool) {
	switch field {
	case int32Val, int64Val, boolVal, unixTimeVal, nullVal:
		return protowire.VarintType, true
	case doubleVal:
		return protowire.Fixed64Type, true
	case floatVal:
		return protowire.Fixed32Type, true
	case bytesVal, stringVal, bytesListVal, stringListVal:
		return protowire.BytesType, true
	default:
		return 0, false
	}
}

func parse(data []byte) (oneof, error) {
	var set oneof
	for len(data) > 0 {
		field, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return set, errMalformed
		}
		data = data[n:]
		size := protowire.ConsumeFieldValue(field, kind, data)
		if size < 0 {
			return set, errMalformed
		}
		want, known := wire(field)
		if known && want != kind {
			return set, errMalformed
		}
		if field <= lastOfOneof {
			set = member(field, kind, data[:size])
		}
		data = data[size:]
	}
	return set, nil
}

// member reads a field that is known to be well-formed.
func member(field protowire.Number, kind protowire.Type, data []byte) oneof {
	set := oneof{field: field}
	switch kind {
	case protowire.VarintType:
		set.number, _ = protowire.ConsumeVarint(data)
	case protowire.Fixed32Type:
		bits, _ := protowire.ConsumeFixed32(data)
		set.number = uint64(bits)
	case protowire.Fixed64Type:
		set.number, _ = protowire.ConsumeFixed64(data)
	case protowire.BytesType:
		set.bytes, _ = protowire.ConsumeBytes(data)
	}
	return set
}

// real returns the value of a floating-point member, and whether it is one.
func (o oneof) real() (float64, bool) {
	switch o.field {
	case doubleVal:
		return math.Float64frombits(o.number), true
	case floatVal:
		return float64(math.Float32frombits(uint32(o.number))), true //nolint:gosec // read as 32 bits
	default:
		return 0, false
	}
}

// integer returns the value of a whole-number member, and whether it is one.
func (o oneof) integer() (int64, bool) {
	switch o.field {
	case int32Val:
		return int64(int32(o.number)), true //nolint:gosec // int32 is sign-extended on the wire
	case int64Val, unixTimeVal:
		return int64(o.number), true //nolint:gosec // two's complement is the format
	case boolVal:
		return int64(min(o.number, 1)), true
	default:
		return 0, false
	}
}

func (o oneof) float32() (views.Value, error) {
	number, ok := o.real()
	if !ok {
		whole, ok := o.integer()
		if !ok {
			return views.Value{}, errors.New("is not a number")
		}
		number = float64(whole)
	}
	if math.IsNaN(number) {
		return views.Value{Status: views.NullValue}, nil
	}
	narrow := float32(number)
	if math.IsInf(float64(narrow), 0) {
		return views.Value{}, errors.New("is not a finite float32")
	}
	return views.Value{Status: views.Present, Number: narrow}, nil
}

func (o oneof) int64() (views.Value, error) {
	if whole, ok := o.integer(); ok {
		return views.Value{Status: views.Present, Integer: whole}, nil
	}
	number, ok := o.real()
	switch {
	case !ok:
		return views.Value{}, errors.New("is not a number")
	case math.IsNaN(number):
		return views.Value{Status: views.NullValue}, nil
	case number != math.Trunc(number) || number < -maxExactInteger || number >= maxExactInteger:
		return views.Value{}, errors.New("is not a whole number of 64 bits")
	}
	return views.Value{Status: views.Present, Integer: int64(number)}, nil
}

func (o oneof) text() (views.Value, error) {
	if o.field != stringVal && o.field != bytesVal {
		return views.Value{}, errors.New("is not a text")
	}
	if !utf8.Valid(o.bytes) {
		return views.Value{}, errors.New("is not UTF-8")
	}
	return views.Value{Status: views.Present, Text: string(o.bytes)}, nil
}

func (o oneof) texts() (views.Value, error) {
	if o.field != stringListVal && o.field != bytesListVal {
		return views.Value{}, errors.New("is not a list of texts")
	}
	value := views.Value{Status: views.Present}
	for rest := o.bytes; len(rest) > 0; {
		field, kind, n := protowire.ConsumeTag(rest)
		if n < 0 || field != listElement || kind != protowire.BytesType {
			return views.Value{}, errMalformed
		}
		text, size := protowire.ConsumeBytes(rest[n:])
		if size < 0 {
			return views.Value{}, errMalformed
		}
		if !utf8.Valid(text) {
			return views.Value{}, errors.New("holds a text that is not UTF-8")
		}
		value.Texts = append(value.Texts, string(text))
		rest = rest[n+size:]
	}
	return value, nil
}
