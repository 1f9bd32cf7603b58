package main

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// value is one of the chart's values: a scalar, a list, or a section with values below it.
type value struct {
	key, description string
	// given is the default as YAML; empty for settings, whose defaults are the code's.
	given string
	// schema is the part of the JSON schema that is about this value alone: its type and bounds.
	schema map[string]any
	// children are those of a section, in the order of the file. Other keys are refused.
	children []*value
	// optional sections may lack any of their keys.
	optional bool
}

// section says whether the value has keys of its own.
func (v *value) section() bool { return v.children != nil }

// child returns the value of a path such as gateway.autoscaling.
func (v *value) child(path string) *value {
	name, rest, more := strings.Cut(path, ".")
	for _, c := range v.children {
		if c.key == name && more {
			return c.child(rest)
		} else if c.key == name {
			return c
		}
	}
	return nil
}

// reader makes values of a YAML document.
type reader struct {
	root *value
	code *source
}

// readValues reads values.yaml. Each key has a comment above it that describes it; lines of the comment that begin with @ narrow
// what may be given.
func readValues(text []byte, code *source) (*value, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	r := reader{root: &value{}, code: code}
	if err := r.section(r.root, document.Content[0], ""); err != nil {
		return nil, err
	}
	return r.root, nil
}

// section reads the keys of a mapping.
func (r *reader) section(into *value, node *yaml.Node, path string) error {
	into.children = []*value{}
	for i := 0; i < len(node.Content); i += 2 {
		key, content := node.Content[i], node.Content[i+1]
		v := &value{key: key.Value}
		into.children = append(into.children, v)
		where := strings.TrimPrefix(path+"."+key.Value, ".")
		description, rules := comment(key.HeadComment)
		v.description = description
		if v.description == "" {
			return fmt.Errorf("line %d: %s: has no comment above it, expected one that describes it", key.Line, where)
		}
		if err := r.read(v, content, rules, where); err != nil {
			return fmt.Errorf("line %d: %s: %w", key.Line, where, err)
		}
	}
	return nil
}

// read reads one value by its default and its rules.
func (r *reader) read(v *value, node *yaml.Node, rules []rule, where string) error {
	given, err := flow(node)
	if err != nil {
		return err
	}
	v.given = given
	v.schema = map[string]any{"type": jsonType(node)}
	shaped := false
	for _, rule := range rules {
		shape, err := r.apply(v, rule)
		if err != nil {
			return fmt.Errorf("@%s %s: %w", rule.name, rule.text, err)
		}
		shaped = shaped || shape
	}
	switch {
	case shaped:
		return nil
	case node.Kind == yaml.MappingNode && len(node.Content) > 0:
		return r.section(v, node, where)
	case node.Kind != yaml.ScalarNode:
		return errors.New("is a list or empty, expected a rule that says what may be in it, such as @items string or @map string")
	}
	return nil
}

// comment divides a comment into what describes the value, and rules.
func comment(text string) (string, []rule) {
	var words []string
	var rules []rule
	if _, last, ok := cutLast(text, "\n\n"); ok {
		text = last // what stands apart is about no key
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "#"))
		if name, ok := strings.CutPrefix(line, "@"); ok {
			name, rest, _ := strings.Cut(name, " ")
			rules = append(rules, rule{name, strings.TrimSpace(rest)})
		} else if line != "" {
			words = append(words, line)
		}
	}
	return strings.Join(words, " "), rules
}

func cutLast(text, separator string) (before, after string, ok bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

// flow writes a default in one line.
func flow(node *yaml.Node) (string, error) {
	short := *node
	short.HeadComment, short.FootComment, short.LineComment = "", "", ""
	if short.Kind != yaml.ScalarNode {
		short.Style = yaml.FlowStyle
	}
	text, err := yaml.Marshal(&short)
	return strings.TrimSpace(string(text)), err
}

func jsonType(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "object"
	case yaml.SequenceNode:
		return "array"
	}
	switch node.Tag {
	case "!!int":
		return "integer"
	case "!!float":
		return "number"
	case "!!bool":
		return "boolean"
	default:
		return "string"
	}
}
