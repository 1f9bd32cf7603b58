package scenario

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/repli-mesh/repli/pkg/config"
)

//go:embed scenarios/*.yaml
var embedded embed.FS

// Parse reads one scenario. The error holds every fault with file, line, key, value and what was expected.
func Parse(file string, text []byte) (Scenario, error) {
	s, err := config.Load(config.Source{Path: file, Data: text}, Defaults())
	if err != nil {
		return Scenario{}, placed(file, err)
	}
	return s, nil
}

// placed names the file where a fault is that something is not in it.
func placed(file string, err error) error {
	joined, ok := err.(interface{ Unwrap() []error }) // what Load joined
	if !ok {
		return err
	}
	var faults []error
	for _, fault := range joined.Unwrap() {
		var field *config.FieldError
		if errors.As(fault, &field) && field.Place == "default" {
			fault = &config.FieldError{Place: file, Key: field.Key, Problem: field.Problem}
		}
		faults = append(faults, fault)
	}
	return errors.Join(faults...)
}

// Embedded returns the scenarios that the program brings along, in the order of their files.
func Embedded() ([]Scenario, error) {
	names, err := fs.Glob(embedded, "scenarios/*.yaml")
	if err != nil {
		return nil, err
	}
	return parseAll(names, embedded.ReadFile)
}

// Read returns the scenarios of files and of folders, whose *.yaml are read in the order of their names.
func Read(paths ...string) ([]Scenario, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		found, err := filepath.Glob(filepath.Join(path, "*.yaml"))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: has no *.yaml, expected scenarios", path)
		}
		files = append(files, found...)
	}
	return parseAll(files, os.ReadFile)
}

// parseAll reads every file and tells of the faults of all of them.
func parseAll(files []string, read func(string) ([]byte, error)) ([]Scenario, error) {
	var all []Scenario
	var faults []error
	from := map[string]string{}
	for _, file := range files {
		text, err := read(file)
		if err != nil {
			return nil, err
		}
		s, err := Parse(file, append([]byte{}, text...)) // an empty file is one, too
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if first, ok := from[s.Name]; ok {
			faults = append(faults, fmt.Errorf("%s: name: is %q, expected another than that of %s", file, s.Name, first))
		}
		from[s.Name] = file
		all = append(all, s)
	}
	return all, errors.Join(faults...)
}

// Only returns those of the names, in the order of the scenarios; an unknown name is an error.
func Only(all []Scenario, names ...string) ([]Scenario, error) {
	for _, name := range names {
		if !slices.ContainsFunc(all, func(s Scenario) bool { return s.Name == name }) {
			return nil, fmt.Errorf("no scenario is called %q", name)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(s Scenario) bool { return !slices.Contains(names, s.Name) }), nil
}

// Short returns those of the shortened set, with shortened phases.
func Short(all []Scenario) []Scenario {
	var short []Scenario
	for _, s := range all {
		if s.Short {
			short = append(short, s.Shortened())
		}
	}
	return short
}
