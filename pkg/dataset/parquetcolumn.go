package dataset

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// parquetColumn reads one column: flat, or a list of texts.
type parquetColumn struct {
	name     string
	leaf     int // place among the leaf columns of a row group
	decode   func(parquet.Value) cell
	repeated bool
	optional bool // the list itself can be null
	filled   int  // the definition level from which a list has an element
	reader   parquet.ColumnChunkValueReader
	values   []parquet.Value
	from, to int // the values that are yet to be returned
}

func newParquetColumn(root *parquet.Column) (*parquetColumn, error) {
	column := &parquetColumn{
		name: root.Name(), optional: root.Optional(), values: make([]parquet.Value, pageValues),
	}
	level := 0
	node := root
	for {
		if !node.Required() {
			level++
		}
		if node.Repeated() {
			if column.repeated {
				return nil, errors.New("is a list of lists, expected a flat column or a list of texts")
			}
			column.repeated, column.filled = true, level
		}
		if node.Leaf() {
			break
		}
		if len(node.Columns()) != 1 {
			return nil, errors.New("is a group, expected a flat column or a list of texts")
		}
		node = node.Columns()[0]
	}
	if node != root && !column.repeated {
		return nil, errors.New("is a group, expected a flat column or a list of texts")
	}
	column.leaf = node.Index()
	var err error
	column.decode, err = decoder(node.Type())
	return column, err
}

// open goes to the column's part of the next row group.
func (c *parquetColumn) open(chunk parquet.ColumnChunk) {
	c.close()
	c.reader = parquet.NewColumnChunkValueReader(chunk)
	c.from, c.to = 0, 0
}

func (c *parquetColumn) close() {
	if c.reader != nil {
		_ = c.reader.Close() // was only read
		c.reader = nil
	}
}

// peek returns the next value, which is valid until the next call of take or peek.
func (c *parquetColumn) peek() (*parquet.Value, error) {
	if c.from == c.to {
		n, err := c.reader.ReadValues(c.values)
		if n == 0 {
			if err == nil {
				err = io.ErrNoProgress
			}
			return nil, err
		}
		c.from, c.to = 0, n
	}
	return &c.values[c.from], nil
}

// next returns the value of the next row.
func (c *parquetColumn) next() (cell, error) {
	value, err := c.peek()
	if err != nil {
		if isEnd(err) {
			err = io.ErrUnexpectedEOF
		}
		return cell{}, err
	}
	if c.repeated {
		return c.list()
	}
	c.from++
	if value.IsNull() {
		return cell{kind: null}, nil
	}
	return c.decode(*value), nil
}

// list gathers the values of one row: those up to the next that starts a row.
func (c *parquetColumn) list() (cell, error) {
	whole := cell{kind: list, texts: []string{}}
	for first := true; ; first = false {
		value, err := c.peek()
		if isEnd(err) && !first || err == nil && !first && value.RepetitionLevel() == 0 {
			return whole, nil
		}
		if err != nil {
			return cell{}, err
		}
		c.from++
		switch level := value.DefinitionLevel(); {
		case level == 0 && c.optional:
			whole = cell{kind: null}
		case level < c.filled: // empty
		case value.IsNull():
			whole = cell{kind: other, text: "a list that holds null"}
		case whole.kind == list:
			item := c.decode(*value)
			if item.kind != quoted {
				whole = cell{kind: other, text: "a list that holds more than texts"}
				continue
			}
			whole.texts = append(whole.texts, item.text)
		}
	}
}

// decoder returns how values of a type become cells.
func decoder(t parquet.Type) (func(parquet.Value) cell, error) {
	var logical format.LogicalTypeValue
	if annotated := t.LogicalType(); annotated != nil {
		logical = annotated.Value
	}
	switch t.Kind() {
	case parquet.Boolean:
		return func(v parquet.Value) cell { return cell{kind: other, text: strconv.FormatBool(v.Boolean())} }, nil
	case parquet.Int32:
		return integerDecoder(logical, t, func(v parquet.Value) int64 { return int64(v.Int32()) })
	case parquet.Int64:
		return integerDecoder(logical, t, func(v parquet.Value) int64 { return v.Int64() })
	case parquet.Float:
		return func(v parquet.Value) cell { return cell{kind: float, float: float64(v.Float())} }, nil
	case parquet.Double:
		return func(v parquet.Value) cell { return cell{kind: float, float: v.Double()} }, nil
	case parquet.ByteArray:
		switch logical.(type) {
		case nil, *format.StringType, *format.EnumType:
			return func(v parquet.Value) cell { return cell{kind: quoted, text: string(v.ByteArray())} }, nil
		}
	}
	return nil, fmt.Errorf("is of the type %v, expected a number, text or a time", t)
}

// integerDecoder reads the types that Parquet stores as integers.
func integerDecoder(logical format.LogicalTypeValue, t parquet.Type, number func(parquet.Value) int64) (func(parquet.Value) cell, error) {
	switch logical := logical.(type) {
	case nil:
		return func(v parquet.Value) cell { return cell{kind: integer, integer: number(v)} }, nil
	case *format.IntType:
		if logical.IsSigned {
			return func(v parquet.Value) cell { return cell{kind: integer, integer: number(v)} }, nil
		}
		mask := uint64(1)<<logical.BitWidth - 1
		return func(v parquet.Value) cell {
			return cell{kind: literal, text: strconv.FormatUint(uint64(number(v))&mask, 10)} //nolint:gosec // the bits are unsigned
		}, nil
	case *format.DecimalType:
		return func(v parquet.Value) cell {
			return cell{kind: literal, text: decimal(number(v), int(logical.Scale))}
		}, nil
	case *format.TimestampType:
		if logical.Unit.Value != nil {
			unit := logical.Unit.Value.Duration()
			return func(v parquet.Value) cell { return cell{kind: moment, at: moments(number(v), unit)} }, nil
		}
	}
	return nil, fmt.Errorf("is of the type %v, expected a number, text or a time", t)
}

// moments returns the time that is n units after 1970. Times without a zone are taken as UTC.
func moments(n int64, unit time.Duration) time.Time {
	perSecond := int64(time.Second / unit)
	return time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC()
}

// decimal writes n / 10^scale.
func decimal(n int64, scale int) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], "-"
	}
	if scale <= 0 {
		return sign + digits
	}
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - scale
	return sign + digits[:point] + "." + digits[point:]
}
