package views

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/repli-mesh/repli/pkg/config"
)

// quoted is how many bytes of a wrong text an error repeats.
const quoted = 64

// reader takes values out of YAML nodes and collects what is wrong with them.
type reader struct {
	file   string
	faults []error
}

// fail notes a fault: "key: is <what>, expected <expected>".
func (r *reader) fail(line int, key, what, expected string) {
	r.faults = append(r.faults, &config.FieldError{
		Place: r.file + ":" + strconv.Itoa(line), Key: key, Problem: "is " + what + ", expected " + expected,
	})
}

func (r *reader) err() error {
	return errors.Join(r.faults...)
}

// object is a mapping whose keys are known.
type object struct {
	line   int
	key    string
	values map[string]*yaml.Node
}

// path returns the key of one of its values.
func (o *object) path(name string) string {
	if o.key == "" {
		return name
	}
	return o.key + "." + name
}

// lineOf returns the line of a value, or of the object when the value is absent.
func (o *object) lineOf(name string) int {
	if node := o.values[name]; node != nil {
		return node.Line
	}
	return o.line
}

// object reads a mapping with the given keys. It returns nil when the node is no mapping.
func (r *reader) object(node *yaml.Node, key string, known ...string) *object {
	if node.Kind != yaml.MappingNode {
		r.fail(node.Line, orFile(key), describe(node), "a mapping of "+strings.Join(known, ", "))
		return nil
	}
	o := &object{line: node.Line, key: key, values: make(map[string]*yaml.Node, len(known))}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		switch {
		case name.Kind != yaml.ScalarNode || !slices.Contains(known, name.Value):
			r.fail(name.Line, o.path(shorten(name.Value)), "not known", "one of "+strings.Join(known, ", "))
		case o.values[name.Value] != nil:
			r.fail(name.Line, o.path(name.Value), fmt.Sprintf("here again after line %d", o.values[name.Value].Line), "it once")
		default:
			o.values[name.Value] = value
		}
	}
	return o
}

// required returns the value of that name, or notes that it is absent.
func (r *reader) required(o *object, name, expected string) *yaml.Node {
	node := o.values[name]
	if node == nil {
		r.fail(o.line, o.path(name), "absent", expected)
	}
	return node
}

// text reads required text; want says what it has to be, for the error, and ok decides.
func (r *reader) text(o *object, name, want string, ok func(string) bool) string {
	node := r.required(o, name, want)
	if node == nil {
		return ""
	}
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!str" || !ok(node.Value) {
		r.fail(node.Line, o.path(name), describe(node), want)
		return ""
	}
	return node.Value
}

// choice reads required text that is one of a few.
func (r *reader) choice(o *object, name string, among ...string) string {
	return r.text(o, name, "one of "+strings.Join(among, ", "), func(text string) bool { return slices.Contains(among, text) })
}

// flag reads an optional boolean; absent is false.
func (r *reader) flag(o *object, name string) bool {
	node := o.values[name]
	if node == nil {
		return false
	}
	var value bool
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!bool" || node.Decode(&value) != nil {
		r.fail(node.Line, o.path(name), describe(node), "true or false")
	}
	return value
}

// duration reads an optional duration; absent is zero.
func (r *reader) duration(o *object, name string) time.Duration {
	node := o.values[name]
	if node == nil {
		return 0
	}
	value, err := time.ParseDuration(node.Value)
	if node.Kind != yaml.ScalarNode || err != nil || value < 0 {
		r.fail(node.Line, o.path(name), describe(node), "0 or a duration such as 720h")
		return 0
	}
	return value
}

// bounds reads an optional pair of numbers in order; absent is nil.
func (r *reader) bounds(o *object, name string) *Range {
	node := o.values[name]
	if node == nil {
		return nil
	}
	const want = "[min, max], two finite numbers in order"
	if node.Kind != yaml.SequenceNode || len(node.Content) != 2 {
		r.fail(node.Line, o.path(name), describe(node), want)
		return nil
	}
	low, lowOK := number(node.Content[0])
	high, highOK := number(node.Content[1])
	if !lowOK || !highOK || low > high {
		r.fail(node.Line, o.path(name), fmt.Sprintf("[%s, %s]", describe(node.Content[0]), describe(node.Content[1])), want)
		return nil
	}
	return &Range{Min: low, Max: high}
}

func number(node *yaml.Node) (float64, bool) {
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!int" && node.ShortTag() != "!!float" {
		return 0, false
	}
	value, err := strconv.ParseFloat(node.Value, 64)
	return value, err == nil && !math.IsNaN(value) && !math.IsInf(value, 0)
}

// list reads a required sequence of 1 to limit things.
func (r *reader) list(o *object, name string, limit int) []*yaml.Node {
	want := fmt.Sprintf("a list of 1 to %d", limit)
	node := r.required(o, name, want)
	if node == nil {
		return nil
	}
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 || len(node.Content) > limit {
		r.fail(node.Line, o.path(name), describe(node), want)
		return nil
	}
	return node.Content
}

// describe says what a node is, briefly.
func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return fmt.Sprintf("a list of %d", len(node.Content))
	case yaml.AliasNode:
		return "an alias"
	}
	switch node.ShortTag() {
	case "!!str":
		return strconv.Quote(shorten(node.Value))
	case "!!null":
		return "empty"
	default:
		return shorten(node.Value)
	}
}

// shorten keeps an error readable.
func shorten(text string) string {
	if len(text) <= quoted {
		return text
	}
	return text[:quoted] + "..."
}

// orFile names the document itself where there is no key.
func orFile(key string) string {
	if key == "" {
		return "file"
	}
	return key
}
