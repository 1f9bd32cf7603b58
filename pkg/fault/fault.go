// Package fault owns the one typed error of Repli and the table from its kinds to gRPC statuses.
//
// Handlers return faults, wrapped or not; pkg/rpc turns them into statuses with Status, once. The package knows no
// service, and a fault never holds a user id.
package fault

import (
	"fmt"
	"strings"
)

// Kind says what went wrong, in the terms of who can do something about it.
type Kind uint8

const (
	// Internal is a defect of the server. It is the zero value, so that a forgotten kind promises nothing.
	Internal Kind = iota
	// InvalidArgument is a request that can never succeed as it is.
	InvalidArgument
	// NotFound is a thing that the request names and the server does not have.
	NotFound
	// NotReady is a server that lacks something it needs for the call: a model, a table, a snapshot.
	NotReady
	// Unavailable is a dependency that failed; the same call may succeed later.
	Unavailable
	// Overloaded is work refused because there is too much of it.
	Overloaded
)

// Violation is one fault in one field of a request.
type Violation struct {
	// Field is the path of the field, such as "rows[3].entity_id".
	Field string
	// Description says what is wrong and what was expected.
	Description string
}

// Error is a fault. It is immutable once returned and safe for concurrent use.
type Error struct {
	// Kind decides the code of the status.
	Kind Kind
	// Reason is a constant in UPPER_SNAKE_CASE for programs to act on; empty where the kind says enough.
	Reason string
	// Violations name the fields of an InvalidArgument.
	Violations []Violation

	err error
}

// Error returns the text. Callers of the service see it unless the kind is Internal.
func (e *Error) Error() string {
	return e.err.Error()
}

// Unwrap leads to whatever the constructor wrapped with %w.
func (e *Error) Unwrap() error {
	return e.err
}

// New returns an *Error of the kind; the format is that of fmt.Errorf, with %w. The text reaches the caller of the
// service unless the kind is Internal.
func New(kind Kind, reason, format string, args ...any) error {
	return &Error{Kind: kind, Reason: reason, err: fmt.Errorf(format, args...)}
}

// Invalid returns an *Error of kind InvalidArgument with one violation; the format is that of fmt.Errorf, with %w.
func Invalid(field, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{
		Kind:       InvalidArgument,
		Violations: []Violation{{Field: field, Description: err.Error()}},
		err:        fmt.Errorf("%s: %w", field, err),
	}
}

// InvalidFields returns an *Error of kind InvalidArgument with all the violations.
func InvalidFields(violations ...Violation) error {
	texts := make([]string, len(violations))
	for i, v := range violations {
		texts[i] = v.Field + ": " + v.Description
	}
	return &Error{
		Kind:       InvalidArgument,
		Violations: violations,
		err:        fmt.Errorf("%s", strings.Join(texts, "; ")),
	}
}
