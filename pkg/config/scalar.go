package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// form is how a scalar type is written.
type form uint8

const (
	none form = iota
	ownText
	duration
	boolean
	integer
	natural
	number
	text
)

// formOf returns none for a type that is no scalar.
func formOf(t reflect.Type) form {
	switch {
	case t == durationType:
		return duration
	case reflect.PointerTo(t).Implements(textType):
		return ownText
	}
	switch t.Kind() {
	case reflect.Bool:
		return boolean
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return integer
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return natural
	case reflect.Float32, reflect.Float64:
		return number
	case reflect.String:
		return text
	default:
		return none
	}
}

func isScalar(t reflect.Type) bool {
	return formOf(t) != none
}

// expectationOf completes the sentence "is 7, expected ...".
func expectationOf(t reflect.Type) string {
	switch formOf(t) {
	case duration:
		return `a duration such as "5ms"`
	case boolean:
		return "true or false"
	case integer:
		return fmt.Sprintf("a whole number of %d bits", t.Bits())
	case natural:
		return fmt.Sprintf("a whole number of %d bits, 0 or more", t.Bits())
	case number:
		return "a finite number"
	default:
		return "text"
	}
}

// tagsOf returns the YAML types that may be written for a type. Quoted numbers are text.
func tagsOf(t reflect.Type) []string {
	switch formOf(t) {
	case boolean:
		return []string{"!!bool"}
	case integer, natural:
		return []string{"!!int"}
	case number:
		return []string{"!!int", "!!float"}
	default:
		return []string{"!!str", "!!int", "!!float", "!!bool", "!!timestamp"}
	}
}

// setText sets a settable scalar to what the text says, or leaves it and returns why not.
func setText(into reflect.Value, given string) error {
	switch formOf(into.Type()) {
	case ownText:
		return into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(given)) //nolint:forcetypeassert // formOf
	case duration:
		d, err := time.ParseDuration(given)
		return set(err, func() { into.SetInt(int64(d)) })
	case boolean:
		if given != "true" && given != "false" {
			return errors.New("not a boolean")
		}
		into.SetBool(given == "true")
		return nil
	case integer:
		n, err := strconv.ParseInt(given, 10, into.Type().Bits())
		return set(err, func() { into.SetInt(n) })
	case natural:
		n, err := strconv.ParseUint(given, 10, into.Type().Bits())
		return set(err, func() { into.SetUint(n) })
	case number:
		f, err := strconv.ParseFloat(given, into.Type().Bits())
		if err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
			err = errors.New("not finite")
		}
		return set(err, func() { into.SetFloat(f) })
	default:
		into.SetString(given)
		return nil
	}
}

// set keeps the default of a value that could not be read.
func set(err error, assign func()) error {
	if err == nil {
		assign()
	}
	return err
}
