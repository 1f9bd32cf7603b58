package config

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// hidden stands for a secret that has a value.
const hidden = "(set)"

// Print writes a configuration as YAML that Load reads: every setting, durations as "5ms", and "(set)" in place of fields with the
// tag secret:"true" that are not empty. It returns the writer's error, or one that names a type which cannot be written.
func Print[T any](w io.Writer, cfg T) error {
	node, err := nodeOf(reflect.ValueOf(cfg), false)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	return encoder.Close()
}

// nodeOf returns the YAML of a value.
func nodeOf(v reflect.Value, secret bool) (*yaml.Node, error) {
	if secret && !v.IsZero() {
		return scalarNode(hidden), nil
	}
	if v.Type() == durationType {
		return scalarNode(readable(time.Duration(v.Int()))), nil
	}
	switch {
	case isScalar(v.Type()):
		node := &yaml.Node{}
		err := node.Encode(v.Interface())
		return node, err
	case v.Kind() == reflect.Struct:
		return structNode(v)
	case v.Kind() == reflect.Slice:
		return sliceNode(v)
	case v.Kind() == reflect.Map:
		return mapNode(v)
	case v.Kind() == reflect.Pointer && !v.IsNil():
		return nodeOf(v.Elem(), false)
	case v.Kind() == reflect.Pointer:
		return nil, nil
	default:
		return nil, fmt.Errorf("a %s cannot be written", v.Type())
	}
}

func structNode(v reflect.Value) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range fieldsOf(v.Type()) {
		if err := appendPair(node, f.name, v.FieldByIndex(f.index), f.secret); err != nil {
			return nil, err
		}
	}
	return node, nil
}

func mapNode(v reflect.Value) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.MappingNode}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		if err := appendPair(node, key.String(), v.MapIndex(key), false); err != nil {
			return nil, err
		}
	}
	return node, nil
}

// appendPair adds a key and its value; a nil pointer is left out.
func appendPair(node *yaml.Node, name string, v reflect.Value, secret bool) error {
	value, err := nodeOf(v, secret)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if value != nil {
		node.Content = append(node.Content, scalarNode(name), value)
	}
	return nil
}

func sliceNode(v reflect.Value) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range v.Len() {
		item, err := nodeOf(v.Index(i), false)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		if item != nil {
			node.Content = append(node.Content, item)
		}
	}
	return node, nil
}

func scalarNode(value string) *yaml.Node {
	node := &yaml.Node{}
	node.SetString(value)
	return node
}

// readable drops the zeros of Go's form: 5m0s is 5m.
func readable(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
