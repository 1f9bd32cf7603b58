package statusz

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Value is a figure of a chart; NaN where there is none.
type Value float64

// None is no figure.
func None() Value { return Value(math.NaN()) }

// MarshalJSON writes null for what is no number.
func (v Value) MarshalJSON() ([]byte, error) {
	if !v.known() {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(v), 'g', 6, 64), nil
}

func (v Value) known() bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// text is the figure for a table.
func (v Value) text() string {
	switch {
	case !v.known():
		return dash
	case v == 0:
		return "0"
	case math.Abs(float64(v)) < 10:
		return strconv.FormatFloat(float64(v), 'f', 2, 64)
	case math.Abs(float64(v)) < 100:
		return strconv.FormatFloat(float64(v), 'f', 1, 64)
	default:
		return Count(int64(math.Round(float64(v))))
	}
}

// dash stands for what is not known or does not apply.
const dash = "–"

// Count writes a whole number with its thousands apart: 1,234,567.
func Count[T ~int | ~int64 | ~uint32 | ~uint64](n T) string {
	digits, sign := strconv.FormatInt(int64(n), 10), ""
	if digits[0] == '-' {
		digits, sign = digits[1:], "-"
	}
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, groups...), ",")
}

// Percent writes a share, which is 0 to 1, and does not round what is not whole to nothing or all.
func Percent(share float64) string {
	percent := 100 * share
	switch {
	case math.IsNaN(percent):
		return dash
	case percent > 0 && percent < 0.1:
		return "<0.1 %"
	case percent > 99.9 && percent < 100:
		return ">99.9 %"
	case percent == math.Trunc(percent):
		return strconv.FormatFloat(percent, 'f', 0, 64) + " %"
	default:
		return strconv.FormatFloat(percent, 'f', 1, 64) + " %"
	}
}

// PerSecond writes how many there were in a second.
func PerSecond(n uint64, span time.Duration) string {
	if span <= 0 {
		return dash
	}
	return Value(float64(n)/span.Seconds()).text() + "/s"
}

// Duration writes a time that something took: 850 µs, 12.3 ms, 1.5 s.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d == 0:
		return "0 ms"
	case d < time.Millisecond:
		return strconv.FormatInt(d.Microseconds(), 10) + " µs"
	case d < 100*time.Millisecond:
		return strconv.FormatFloat(float64(d)/1e6, 'f', 1, 64) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	default:
		return Age(d)
	}
}

// Age writes how old something is, in two units at the most: 12 s, 3 min 5 s, 2 h 10 min, 5 d 3 h.
func Age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Second:
		return "0 s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return two(d, time.Minute, "min", time.Second, "s")
	case d < day:
		return two(d, time.Hour, "h", time.Minute, "min")
	case d < 100*day:
		return two(d, day, "d", time.Hour, "h")
	default:
		return Count(int64(d/day)) + " d"
	}
}

func two(d, large time.Duration, name string, small time.Duration, part string) string {
	if rest := d % large / small; rest > 0 {
		return fmt.Sprintf("%d %s %d %s", d/large, name, rest, part)
	}
	return fmt.Sprintf("%d %s", d/large, name)
}

// Ago writes how long ago a time was; a dash for a time that is not known.
func Ago(now, then time.Time) string {
	if then.IsZero() {
		return dash
	}
	return Age(now.Sub(then)) + " ago"
}

// Bytes writes an amount of memory.
func Bytes(n uint64) string {
	value, units := float64(n), []string{"B", "kB", "MB", "GB", "TB"}
	for len(units) > 1 && value >= 1000 {
		value, units = value/1000, units[1:]
	}
	digits := 1
	if value >= 100 || units[0] == "B" {
		digits = 0
	}
	return strconv.FormatFloat(value, 'f', digits, 64) + " " + units[0]
}

// longest is how many bytes of a text are shown.
const longest = 200

// clip cuts what is too long for the page, and makes of any bytes a text.
func clip(text string) string {
	if len(text) > longest {
		end := longest
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end] + "…"
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
