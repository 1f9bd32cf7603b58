package config

import (
	"errors"
	"fmt"
)

// FieldError is one setting that is wrong.
type FieldError struct {
	// Place is where the value came from: "file.yaml:12", the name of an environment variable, or "default". It is empty
	// until Load fills it in.
	Place string
	// Key is the path of the setting, such as "budget.reserve".
	Key string
	// Problem says what it is and what was expected.
	Problem string
}

// Error returns "place: key: problem".
func (e *FieldError) Error() string {
	if e.Place == "" {
		return e.Key + ": " + e.Problem
	}
	return e.Place + ": " + e.Key + ": " + e.Problem
}

// Invalid returns a *FieldError that reads like "budget.reserve: is -1ms, expected > 0".
func Invalid(key string, value any, expected string) error {
	if text, ok := value.(string); ok {
		value = fmt.Sprintf("%q", text)
	}
	return &FieldError{Key: key, Problem: fmt.Sprintf("is %v, expected %s", value, expected)}
}

// Under returns the error with the key put before that of every *FieldError in it, through errors.Join and through
// wrapping; the text of the wrapping is lost. An error that holds no *FieldError becomes one of the key itself. Under(key, nil) is nil.
func Under(key string, err error) error {
	if err == nil {
		return nil
	}
	var faults []error
	for _, fault := range split(err) {
		var field *FieldError
		if errors.As(fault, &field) {
			faults = append(faults, &FieldError{Place: field.Place, Key: key + "." + field.Key, Problem: field.Problem})
		} else {
			faults = append(faults, &FieldError{Key: key, Problem: fault.Error()})
		}
	}
	if len(faults) == 1 {
		return faults[0]
	}
	return errors.Join(faults...)
}

// split returns the errors that were joined, at any depth.
func split(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		if inner := errors.Unwrap(err); inner != nil && holdsField(inner) {
			return split(inner)
		}
		return []error{err}
	}
	var all []error
	for _, each := range joined.Unwrap() {
		all = append(all, split(each)...)
	}
	return all
}

func holdsField(err error) bool {
	var field *FieldError
	return errors.As(err, &field)
}
