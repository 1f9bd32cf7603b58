package dataset

import (
	"math"
	"strconv"
	"strings"
)

const (
	wantMoney = "a decimal of at least 0 with at most 6 places"
	// microDigits is how many decimal places micros have.
	microDigits = 6
)

// micros reads an amount of money in millionths. Decimal text is exact; a binary number, which has no exact decimal, is
// rounded to the nearest millionth.
func (c *cell) micros() (int64, error) {
	text := c.text
	switch c.kind {
	case untyped, quoted, literal:
	case integer:
		text = strconv.FormatInt(c.integer, 10)
	case float:
		text = strconv.FormatFloat(c.float, 'f', microDigits, 64)
	default:
		return 0, c.expected(wantMoney)
	}
	amount, ok := parseMicros(text)
	if !ok {
		return 0, c.expected(wantMoney)
	}
	return amount, nil
}

// parseMicros reads digits, and after a point at most six more; further zeros change nothing and are allowed.
func parseMicros(text string) (int64, bool) {
	whole, places, hasPoint := strings.Cut(text, ".")
	if whole == "" || hasPoint && places == "" || !onlyDigits(whole) || !onlyDigits(places) {
		return 0, false
	}
	places = strings.TrimRight(places, "0")
	if len(places) > microDigits {
		return 0, false
	}
	places += strings.Repeat("0", microDigits-len(places))
	units, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, false
	}
	fraction, err := strconv.ParseInt(places, 10, 64)
	const unit = 1_000_000
	if err != nil || units > math.MaxInt64/unit || units*unit > math.MaxInt64-fraction {
		return 0, false
	}
	return units*unit + fraction, true
}

func onlyDigits(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' }) < 0
}
