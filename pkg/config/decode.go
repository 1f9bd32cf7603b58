package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decoder fills a value from YAML nodes, keeps where each setting was given, and collects faults.
type decoder struct {
	file   string
	places map[string]string // by key
	broken map[string]bool   // keys that have a fault
	faults []error
}

// document reads the only document of a file.
func (d *decoder) document(data []byte, into reflect.Value) {
	reader := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	err := reader.Decode(&document)
	if errors.Is(err, io.EOF) {
		return
	}
	if err == nil {
		d.value("", document.Content[0], into, false)
		err = reader.Decode(&second)
		if err == nil {
			err = fmt.Errorf("yaml: line %d: a second document starts, expected one", second.Line)
		}
	}
	if !errors.Is(err, io.EOF) {
		d.faults = append(d.faults, d.syntax(err))
	}
}

// syntax gives the parser's error, "yaml: line 3: ...", the form of all the others.
func (d *decoder) syntax(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if line, why, ok := strings.Cut(rest, ": "); ok {
			return fmt.Errorf("%s:%s: %s", d.file, line, why)
		}
	}
	return fmt.Errorf("%s: %s", d.file, text)
}

// value decodes one node into a settable value.
func (d *decoder) value(key string, node *yaml.Node, into reflect.Value, secret bool) {
	switch {
	case node.Kind == yaml.AliasNode:
		d.fault(key, node, "is an alias, expected the value itself")
	case isScalar(into.Type()):
		d.scalar(key, node, into, secret)
	case into.Kind() == reflect.Pointer:
		target := reflect.New(into.Type().Elem())
		if !into.IsNil() {
			target.Elem().Set(into.Elem())
		}
		d.value(key, node, target.Elem(), secret)
		into.Set(target)
	case into.Kind() == reflect.Struct:
		d.section(key, node, into)
	case into.Kind() == reflect.Slice:
		d.list(key, node, into, secret)
	case into.Kind() == reflect.Map && into.Type().Key().Kind() == reflect.String:
		d.table(key, node, into, secret)
	default:
		d.fault(key, node, "cannot be configured: it is a "+into.Type().String())
	}
}

// section decodes a struct. A section without content keeps its defaults.
func (d *decoder) section(key string, node *yaml.Node, into reflect.Value) {
	if node.ShortTag() == "!!null" {
		return
	}
	fields := fieldsOf(into.Type())
	d.pairs(key, node, func(path string, name, value *yaml.Node) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name.Value })
		if i < 0 {
			d.fault(path, name, "unknown key, expected one of "+strings.Join(names(fields), ", "))
			return
		}
		d.value(path, value, into.FieldByIndex(fields[i].index), fields[i].secret)
	})
}

// table decodes a map and adds to its default.
func (d *decoder) table(key string, node *yaml.Node, into reflect.Value, secret bool) {
	filled := reflect.MakeMap(into.Type())
	for _, name := range into.MapKeys() {
		filled.SetMapIndex(name, into.MapIndex(name))
	}
	d.pairs(key, node, func(path string, name, value *yaml.Node) {
		entry := reflect.New(into.Type().Elem()).Elem()
		at := reflect.ValueOf(name.Value).Convert(into.Type().Key())
		if known := filled.MapIndex(at); known.IsValid() {
			entry.Set(known)
		}
		d.value(path, value, entry, secret)
		filled.SetMapIndex(at, entry)
	})
	into.Set(filled)
}

// pairs calls each for every key of a mapping that is given once.
func (d *decoder) pairs(key string, node *yaml.Node, each func(path string, name, value *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		d.fault(key, node, "is "+kindOf(node)+", expected keys with values")
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		path := join(key, name.Value)
		if name.Kind != yaml.ScalarNode {
			d.fault(key, name, "has "+kindOf(name)+" as a key, expected text")
			continue
		}
		if line, ok := lines[name.Value]; ok {
			d.fault(path, name, "is given twice, first in line "+strconv.Itoa(line))
			continue
		}
		lines[name.Value] = name.Line
		d.places[path] = d.at(name)
		each(path, name, value)
	}
}

// list decodes a slice, which replaces its default.
func (d *decoder) list(key string, node *yaml.Node, into reflect.Value, secret bool) {
	if node.Kind != yaml.SequenceNode {
		d.fault(key, node, "is "+kindOf(node)+", expected a list")
		return
	}
	filled := reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content))
	for i, item := range node.Content {
		path := fmt.Sprintf("%s[%d]", key, i)
		d.places[path] = d.at(item)
		d.value(path, item, filled.Index(i), secret)
	}
	into.Set(filled)
}

// scalar decodes a value that a text can say.
func (d *decoder) scalar(key string, node *yaml.Node, into reflect.Value, secret bool) {
	expected := expectationOf(into.Type())
	if node.Kind != yaml.ScalarNode {
		d.fault(key, node, "is "+kindOf(node)+", expected "+expected)
		return
	}
	if !slices.Contains(tagsOf(into.Type()), node.ShortTag()) || setText(into, node.Value) != nil {
		d.fault(key, node, wrong(node, secret)+", expected "+expected)
	}
}

// wrong says what a scalar is, but not a secret.
func wrong(node *yaml.Node, secret bool) string {
	switch {
	case node.ShortTag() == "!!null":
		return "is empty"
	case secret:
		return "is a secret of another type"
	case node.ShortTag() == "!!str":
		return fmt.Sprintf("is %q", node.Value)
	default:
		return "is " + node.Value
	}
}

func (d *decoder) at(node *yaml.Node) string {
	return fmt.Sprintf("%s:%d", d.file, node.Line)
}

func (d *decoder) fault(key string, node *yaml.Node, problem string) {
	d.broken[key] = true
	d.faults = append(d.faults, &FieldError{Place: d.at(node), Key: key, Problem: problem})
}

// validated adds the faults that Validate found, with the places of their keys. A key that could not be read has its fault already.
func (d *decoder) validated(err error) {
	if err == nil {
		return
	}
	for _, fault := range split(err) {
		var found *FieldError
		if !errors.As(fault, &found) {
			d.faults = append(d.faults, fault)
		} else if !d.broken[found.Key] {
			d.faults = append(d.faults, &FieldError{Place: d.placeOf(found.Key), Key: found.Key, Problem: found.Problem})
		}
	}
}

// placeOf returns where the key was given; for a part of a list, where the list was.
func (d *decoder) placeOf(key string) string {
	for at := key; ; {
		if place, ok := d.places[at]; ok {
			return place
		}
		cut := strings.LastIndexByte(at, '[')
		if cut < 0 {
			return "default"
		}
		at = at[:cut]
	}
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func kindOf(node *yaml.Node) string {
	kinds := map[yaml.Kind]string{
		yaml.MappingNode: "a section", yaml.SequenceNode: "a list", yaml.AliasNode: "an alias",
	}
	if kind, ok := kinds[node.Kind]; ok {
		return kind
	}
	return strings.TrimPrefix(wrong(node, false), "is ")
}
