// Package schema owns the layout of the packed rows that the feature service sends: which feature lies where.
//
// It holds no values and knows no model.
package schema

import (
	"fmt"
	"math"
	"slices"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
)

// maxColumns bounds a schema; the contract bounds the statuses of a row by the same number.
const maxColumns = 4096

// Column is where a feature lies in a row.
type Column struct {
	// Name is the feature's.
	Name string
	// Dtype says which of the row's lists holds the value.
	Dtype featurev1.Dtype
	// Place is the position in that list.
	Place int
	// Index is the position among all columns, and so in the statuses.
	Index int
}

// Schema is the layout of the rows of one entity. It never changes and is safe for concurrent use.
type Schema struct {
	fingerprint uint64
	columns     []Column
	byName      map[string]int
	counts      [4]int // by Dtype
}

// Parse returns the layout that a message describes. It refuses a zero fingerprint, an empty or repeated name, an
// unknown dtype and more than 4,096 columns.
func Parse(message *featurev1.Schema) (*Schema, error) {
	if message.GetFingerprint() == 0 {
		return nil, fmt.Errorf("fingerprint is 0, expected another number")
	}
	if n := len(message.GetColumns()); n > maxColumns {
		return nil, fmt.Errorf("%d columns, expected at most %d", n, maxColumns)
	}
	s := &Schema{fingerprint: message.GetFingerprint(), byName: make(map[string]int, len(message.GetColumns()))}
	for i, column := range message.GetColumns() {
		if err := s.add(column.GetName(), column.GetDtype()); err != nil {
			return nil, fmt.Errorf("columns[%d]: %w", i, err)
		}
	}
	return s, nil
}

func (s *Schema) add(name string, dtype featurev1.Dtype) error {
	if name == "" {
		return fmt.Errorf("name is empty")
	}
	if _, ok := s.byName[name]; ok {
		return fmt.Errorf("name %q is there twice", name)
	}
	switch dtype {
	case featurev1.Dtype_DTYPE_FLOAT32, featurev1.Dtype_DTYPE_INT64, featurev1.Dtype_DTYPE_STRING:
	default:
		return fmt.Errorf("dtype of %q is %d, expected float32, int64 or string", name, dtype)
	}
	s.byName[name] = len(s.columns)
	s.columns = append(s.columns, Column{Name: name, Dtype: dtype, Place: s.counts[dtype], Index: len(s.columns)})
	s.counts[dtype]++
	return nil
}

// Fingerprint identifies the schema on the wire.
func (s *Schema) Fingerprint() uint64 { return s.fingerprint }

// Columns returns all columns in order. Nobody may change them.
func (s *Schema) Columns() []Column { return s.columns }

// Column returns where the feature of that name lies.
func (s *Schema) Column(name string) (Column, bool) {
	i, ok := s.byName[name]
	if !ok {
		return Column{}, false
	}
	return s.columns[i], true
}

// Count returns how many columns have the dtype.
func (s *Schema) Count(dtype featurev1.Dtype) int { return s.counts[dtype] }

// Keep returns the layout of rows that hold only the numeric columns that keep accepts, in the same order.
func (s *Schema) Keep(keep func(name string) bool) *Schema {
	kept := &Schema{fingerprint: s.fingerprint, byName: map[string]int{}}
	for _, column := range s.columns {
		if column.Dtype == featurev1.Dtype_DTYPE_STRING || !keep(column.Name) {
			continue
		}
		kept.byName[column.Name] = len(kept.columns)
		kept.columns = append(kept.columns, Column{
			Name: column.Name, Dtype: column.Dtype, Place: kept.counts[column.Dtype], Index: len(kept.columns),
		})
		kept.counts[column.Dtype]++
	}
	return kept
}

// Equal reports whether both describe the same rows.
func (s *Schema) Equal(other *Schema) bool {
	return s.fingerprint == other.fingerprint && slices.Equal(s.columns, other.columns)
}

// Check verifies a row against the schema: the number of values of each dtype and of statuses, that statuses are known,
// and that numbers which are present are finite. It does not look at the row's fingerprint.
func (s *Schema) Check(row *featurev1.Row) error {
	for _, list := range []struct {
		name      string
		got, want int
	}{
		{"numbers", len(row.GetNumbers()), s.counts[featurev1.Dtype_DTYPE_FLOAT32]},
		{"integers", len(row.GetIntegers()), s.counts[featurev1.Dtype_DTYPE_INT64]},
		{"texts", len(row.GetTexts()), s.counts[featurev1.Dtype_DTYPE_STRING]},
		{"statuses", len(row.GetStatuses()), len(s.columns)},
	} {
		if list.got != list.want {
			return fmt.Errorf("%d %s, the schema has %d", list.got, list.name, list.want)
		}
	}
	for i, column := range s.columns {
		status := row.GetStatuses()[i]
		if !KnownStatus(status) {
			return fmt.Errorf("statuses[%d] is %d, expected 1 to 4", i, status)
		}
		if column.Dtype == featurev1.Dtype_DTYPE_FLOAT32 && Present(status) && !Finite(row.GetNumbers()[column.Place]) {
			return fmt.Errorf("numbers[%d] is %v, expected a finite number", column.Place, row.GetNumbers()[column.Place])
		}
	}
	return nil
}

// KnownStatus reports whether a status byte is one of the contract's.
func KnownStatus(status byte) bool {
	return status >= byte(featurev1.ValueStatus_VALUE_STATUS_PRESENT) &&
		status <= byte(featurev1.ValueStatus_VALUE_STATUS_OUTSIDE_MAX_AGE)
}

// Present reports whether a status byte says that there is a value.
func Present(status byte) bool { return status == byte(featurev1.ValueStatus_VALUE_STATUS_PRESENT) }

// Finite reports whether v is neither NaN nor an infinity.
func Finite(v float32) bool { return math.Abs(float64(v)) <= math.MaxFloat32 }
