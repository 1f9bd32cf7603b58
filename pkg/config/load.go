package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
)

const (
	// maxBytes bounds a configuration file.
	maxBytes = 1 << 20
	// maxFaults bounds how many faults are told of: a file of another kind has one in every line.
	maxFaults = 50
)

// Source is where settings come from. What is later wins: the defaults, the file, the environment.
type Source struct {
	// Path is the YAML file, and its name in faults. Empty means no file, unless Data is set.
	Path string
	// Data is the file's text where the caller has it already; nil means that Path is read.
	Data []byte
	// Env is the environment as os.Environ gives it.
	Env []string
	// Prefix is that of the variables, such as "REPLI_GATEWAY", under which budget.reserve is REPLI_GATEWAY_BUDGET_RESERVE.
	// Empty means that the environment is not read.
	Prefix string
}

// validator is a configuration that can check itself.
type validator interface{ Validate() error }

// Load returns the defaults, overridden by the file and then by the environment, and checked by T's Validate method where
// it has one. T is a struct whose fields have yaml tags: sections (structs), maps by text, lists, time.Duration such as "5ms", text,
// numbers, booleans, and types with UnmarshalText. A list replaces its default; a map adds to it. The file is strict:
// unknown and repeated keys, values of another type, aliases and a second document are faults; an unknown variable
// with the prefix is one too. The error holds the faults, all of them up to 50, each a *FieldError with its place, or says why the file cannot be read.
func Load[T any](source Source, defaults T) (T, error) {
	var none T
	data, err := source.read()
	if err != nil {
		return none, err
	}
	loaded := defaults
	d := &decoder{file: source.name(), places: map[string]string{}, broken: map[string]bool{}}
	d.document(data, reflect.ValueOf(&loaded).Elem())
	d.environment(source, reflect.ValueOf(&loaded).Elem())
	if checked, ok := any(loaded).(validator); ok {
		d.validated(checked.Validate())
	}
	if len(d.faults) > maxFaults {
		more := len(d.faults) - maxFaults
		d.faults = append(d.faults[:maxFaults], fmt.Errorf("%s: has %d more faults", source.name(), more))
	}
	if len(d.faults) > 0 {
		return none, errors.Join(d.faults...)
	}
	return loaded, nil
}

// name is that of the file in faults.
func (s Source) name() string {
	if s.Path == "" {
		return "configuration"
	}
	return s.Path
}

// read returns the text of the file, or nothing where there is none.
func (s Source) read() ([]byte, error) {
	data := s.Data
	if data == nil && s.Path != "" {
		file, err := os.Open(s.Path)
		if err != nil {
			return nil, fmt.Errorf("configuration: %w", err)
		}
		data, err = io.ReadAll(io.LimitReader(file, maxBytes+1))
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, fmt.Errorf("configuration: %w", err)
		}
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("%s: is larger than %d bytes, the most that a configuration may have", s.name(), maxBytes)
	}
	return data, nil
}
