package views

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// The sizes that a row may have, as in the contract of the feature service.
const (
	// MaxUserID is how many bytes a user's id may have.
	MaxUserID = 256
	// MaxItemID is how many bytes an item's id may have.
	MaxItemID = 128
	// MaxText is how many bytes the value of a String feature may have.
	MaxText = 4096
	// MaxSegment is how many bytes it may have when it names a segment.
	MaxSegment = 64
	// MaxTexts is how many texts the value of a StringList feature may have.
	MaxTexts = 500
	// MaxListText is how many bytes each of them may have.
	MaxListText = 128
)

// Check returns what is wrong with a row that is about to be written to the view: every fault, joined, each naming the
// feature, what its value is and what was expected. Statuses other than Present and NullValue cannot be written. The id's
// length and encoding are checked; whether it fits the key's type is for Project.CheckID to say. Check does not allocate
// when the row is right and is safe for concurrent use.
func (v *View) Check(row Row) error {
	if err := checkID(v.Entity, row.EntityID); err != nil {
		return fmt.Errorf("id of %s: %w", v.Entity, err)
	}
	if len(row.Values) != len(v.Features) {
		return fmt.Errorf("view %s: row has %d values, expected %d", v.Name, len(row.Values), len(v.Features))
	}
	var faults []error
	for i := range v.Features {
		if err := v.Features[i].Check(&row.Values[i]); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", v.Features[i].Name, err))
		}
	}
	return errors.Join(faults...)
}

// CheckID returns what is wrong with the id of a user or an item: its length, its encoding or, for KeyInt64, its form,
// which has to be the shortest decimal so that one entity has one id. The error does not hold the id. CheckID is safe for
// concurrent use.
func (p *Project) CheckID(entity Entity, id string) error {
	if err := checkID(entity, id); err != nil {
		return err
	}
	if p.Keys[entity].Type != KeyInt64 {
		return nil
	}
	number, err := strconv.ParseInt(id, 10, 64)
	var short [20]byte
	if err != nil || string(strconv.AppendInt(short[:0], number, 10)) != id {
		return errors.New("is not a plain 64-bit integer, expected one such as 42")
	}
	return nil
}

func checkID(entity Entity, id string) error {
	limit := MaxUserID
	if entity == Item {
		limit = MaxItemID
	}
	switch {
	case id == "":
		return fmt.Errorf("is empty, expected 1 to %d bytes", limit)
	case len(id) > limit:
		return fmt.Errorf("has %d bytes, expected 1 to %d", len(id), limit)
	case !utf8.ValidString(id):
		return errors.New("is not valid UTF-8")
	}
	return nil
}

// Check returns what is wrong with one value of the feature, without the feature's name. It is safe for concurrent use.
func (f *Feature) Check(value *Value) error {
	switch value.Status {
	case Present:
	case NullValue:
		if !f.Nullable {
			return fmt.Errorf("is null, expected %s", f.Dtype)
		}
		return nil
	default:
		return fmt.Errorf("has status %v, expected PRESENT or NULL_VALUE", value.Status)
	}
	if err := f.checkDtype(value); err != nil {
		return err
	}
	switch f.Dtype {
	case Float32:
		return f.checkNumber(value.Number)
	case Int64:
		if f.Range != nil && (float64(value.Integer) < f.Range.Min || float64(value.Integer) > f.Range.Max) {
			return fmt.Errorf("is %d, expected %s", value.Integer, f.Range)
		}
	case String:
		limit := MaxText
		if f.Role == Segment {
			limit = MaxSegment
		}
		return checkText(value.Text, limit)
	case StringList:
		return checkTexts(value.Texts)
	}
	return nil
}

// checkDtype finds a value in the field of another dtype.
func (f *Feature) checkDtype(value *Value) error {
	switch {
	case value.Number != 0 && f.Dtype != Float32:
		return fmt.Errorf("is float32, expected %s", f.Dtype)
	case value.Integer != 0 && f.Dtype != Int64:
		return fmt.Errorf("is int64, expected %s", f.Dtype)
	case value.Text != "" && f.Dtype != String:
		return fmt.Errorf("is string, expected %s", f.Dtype)
	case value.Texts != nil && f.Dtype != StringList:
		return fmt.Errorf("is string_list, expected %s", f.Dtype)
	}
	return nil
}

func (f *Feature) checkNumber(number float32) error {
	if wide := float64(number); math.IsNaN(wide) || math.IsInf(wide, 0) {
		return fmt.Errorf("is %v, expected a finite float32", number)
	}
	// The bounds are rounded like the values were: 0.1 lies within [0, 0.1] as a float32 too.
	if f.Range != nil && (number < float32(f.Range.Min) || number > float32(f.Range.Max)) {
		return fmt.Errorf("is %v, expected %s", number, f.Range)
	}
	return nil
}

func checkTexts(texts []string) error {
	if len(texts) > MaxTexts {
		return fmt.Errorf("has %d texts, expected at most %d", len(texts), MaxTexts)
	}
	for i, text := range texts {
		if err := checkText(text, MaxListText); err != nil {
			return fmt.Errorf("[%d] %w", i, err)
		}
		if text == "" {
			return fmt.Errorf("[%d] is empty, expected 1 to %d bytes", i, MaxListText)
		}
	}
	return nil
}

func checkText(text string, limit int) error {
	if len(text) > limit {
		return fmt.Errorf("has %d bytes, expected at most %d", len(text), limit)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("is %q, expected valid UTF-8", shorten(text))
	}
	return nil
}

// String returns the range as it is written in views.yaml.
func (r *Range) String() string {
	return fmt.Sprintf("within [%v, %v]", r.Min, r.Max)
}
