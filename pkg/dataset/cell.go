package dataset

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
)

// kind is what a file says of a value before it is typed by the views.
type kind uint8

const (
	absent  kind = iota // the record does not have the column
	null                //
	untyped             // text of a format without types
	quoted              // text
	literal             // the decimal text of a number
	integer             //
	float               //
	list                // of texts
	moment              // a time
	other               // what no feature can be; text describes it
)

// cell is one value of a record. Its kind says which field holds it.
type cell struct {
	kind    kind
	text    string
	integer int64
	float   float64
	texts   []string
	at      time.Time
}

// maxShown is how many bytes of a wrong text an error repeats.
const maxShown = 64

// expected returns the error of a cell that is not what it should be.
func (c *cell) expected(what string) error {
	return fmt.Errorf("is %s, expected %s", c.describe(), what)
}

func (c *cell) describe() string {
	switch c.kind {
	case absent:
		return "not there"
	case null:
		return "null"
	case untyped, quoted:
		if len(c.text) > maxShown {
			return strconv.Quote(c.text[:maxShown] + "...")
		}
		return strconv.Quote(c.text)
	case integer:
		return strconv.FormatInt(c.integer, 10)
	case float:
		return strconv.FormatFloat(c.float, 'g', -1, 64)
	case list:
		return fmt.Sprintf("a list of %d", len(c.texts))
	case moment:
		return "a time"
	default:
		return c.text
	}
}

// feature makes a value of the feature and checks it.
func (c *cell) feature(f *views.Feature, value *views.Value) error {
	*value = views.Value{Status: views.Present}
	if c.kind == null {
		value.Status = views.NullValue
		return f.Check(value)
	}
	ok := false
	switch f.Dtype {
	case views.Float32:
		var number float64
		number, ok = c.number(32)
		value.Number = float32(number)
	case views.Int64:
		value.Integer, ok = c.whole()
	case views.String:
		value.Text, ok = c.plain()
	case views.StringList:
		value.Texts, ok = c.many()
	}
	if !ok {
		return c.expected(f.Dtype.String())
	}
	return f.Check(value)
}

// number reads a number of 32 or 64 bits.
func (c *cell) number(bits int) (float64, bool) {
	switch c.kind {
	case untyped, literal:
		number, err := strconv.ParseFloat(c.text, bits)
		return number, err == nil
	case integer:
		return float64(c.integer), true
	case float:
		return c.float, bits == 64 || math.Abs(c.float) <= math.MaxFloat32 || math.IsInf(c.float, 0) || math.IsNaN(c.float)
	default:
		return 0, false
	}
}

func (c *cell) whole() (int64, bool) {
	switch c.kind {
	case untyped, literal:
		number, err := strconv.ParseInt(c.text, 10, 64)
		return number, err == nil
	case integer:
		return c.integer, true
	default:
		return 0, false
	}
}

func (c *cell) plain() (string, bool) {
	return c.text, c.kind == untyped || c.kind == quoted
}

// many reads a list; where the format has none, its texts are separated by '|'.
func (c *cell) many() ([]string, bool) {
	switch c.kind {
	case untyped:
		return strings.Split(c.text, "|"), true
	case list:
		return c.texts, true
	default:
		return nil, false
	}
}

// id reads an id; a whole number stands for its decimal. The error does not hold the value.
func (c *cell) id(project *views.Project, entity views.Entity) (string, error) {
	id, ok := c.plain()
	switch {
	case c.kind == integer:
		id = strconv.FormatInt(c.integer, 10)
	case c.kind == literal:
		id = c.text
		if _, err := strconv.ParseInt(id, 10, 64); err != nil {
			return "", errors.New("is a number that is not whole, expected text or a whole number")
		}
	case c.kind == null || c.kind == absent:
		return "", c.expected("an id")
	case !ok:
		return "", errors.New("is neither text nor a whole number, expected an id")
	}
	return id, project.CheckID(entity, id)
}

const wantTime = "an RFC 3339 time such as 2026-01-02T15:04:05Z"

// time reads a moment, in UTC.
func (c *cell) time() (time.Time, error) {
	switch c.kind {
	case untyped, quoted:
		at, err := time.Parse(time.RFC3339, c.text)
		if err != nil || at.Year() < 1 {
			return time.Time{}, c.expected(wantTime)
		}
		return at.UTC(), nil
	case moment:
		if c.at.Year() < 1 || c.at.Year() > 9999 {
			return time.Time{}, fmt.Errorf("is a time in the year %d, expected 1 to 9999", c.at.Year())
		}
		return c.at, nil
	default:
		return time.Time{}, c.expected(wantTime)
	}
}
