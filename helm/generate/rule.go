package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// rule is a line of a comment that begins with @.
type rule struct{ name, text string }

// Forms of texts.
const (
	durationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
	quantityPattern = `^[0-9]+(\.[0-9]+)?(k|M|G|T|Ki|Mi|Gi|Ti)?$`
	cpuPattern      = `^[0-9]+(\.[0-9]+|m)?$`
	percentPattern  = `^(100|[1-9]?[0-9])%$`
)

// apply narrows a value by a rule. It is true for rules that say what is in a list or a mapping.
func (r *reader) apply(v *value, rule rule) (bool, error) {
	switch rule.name {
	case "enum":
		v.schema["enum"] = words(rule.text)
	case "pattern":
		if _, err := regexp.Compile(rule.text); err != nil {
			return false, err
		}
		v.schema["pattern"] = rule.text
	case "duration":
		v.schema["pattern"] = durationPattern
	case "quantity":
		v.schema["pattern"] = quantityPattern
	case "nonempty":
		least := "minLength"
		if v.schema["type"] == "array" {
			least = "minItems"
		}
		v.schema[least] = 1
	case "not":
		v.schema["not"] = map[string]any{"const": rule.text}
	case "min", "max":
		number, err := strconv.ParseFloat(rule.text, 64)
		if err != nil {
			return false, err
		}
		v.schema[map[string]string{"min": "minimum", "max": "maximum"}[rule.name]] = number
		if v.schema["type"] == "number" || rule.text != strconv.Itoa(int(number)) {
			v.schema["type"] = "number"
		}
	case "intOrPercent":
		v.schema = map[string]any{"oneOf": []any{
			map[string]any{"type": "integer", "minimum": 0}, map[string]any{"type": "string", "pattern": percentPattern},
		}}
	default:
		return true, r.shape(v, rule)
	}
	return false, nil
}

// shape says what is in a list or a mapping.
func (r *reader) shape(v *value, rule rule) error {
	switch rule.name {
	case "items":
		v.schema["items"] = map[string]any{"type": rule.text}
	case "map":
		v.schema["additionalProperties"] = map[string]any{"type": rule.text}
	case "object": // as Kubernetes has it; its API server checks it
	case "resources":
		v.children = resources()
	case "like", "override":
		other := r.root.child(rule.text)
		if other == nil || !other.section() {
			return errors.New("there is no such section above")
		}
		v.children, v.optional = other.children, rule.name == "override"
	case "config":
		return r.settings(v, rule.text)
	default:
		return errors.New("there is no such rule")
	}
	return nil
}

// settings takes a service's settings from the code.
func (r *reader) settings(v *value, name string) error {
	for _, s := range services() {
		if s.name == name {
			root, err := s.settings(r.code)
			if err != nil {
				return err
			}
			v.children, v.optional = root.children, true
			return nil
		}
	}
	return fmt.Errorf("there is no service %q", name)
}

// resources are requests and limits; the Go runtime is told the limits, so there are some always.
func resources() []*value {
	amounts := func(key, description string) *value {
		return &value{key: key, description: description, schema: map[string]any{"type": "object"}, children: []*value{
			{key: "cpu", description: "Processors, such as 500m or 2.", schema: map[string]any{"oneOf": []any{
				map[string]any{"type": "string", "pattern": cpuPattern}, map[string]any{"type": "number", "exclusiveMinimum": 0},
			}}},
			{key: "memory", description: "Memory, such as 512Mi.", schema: map[string]any{"type": "string", "pattern": quantityPattern}},
		}}
	}
	return []*value{
		amounts("requests", "What a node must have left for a pod."),
		amounts("limits", "What a pod gets at most."),
	}
}

// words are those of a line; "" is the empty one.
func words(line string) []string {
	all := strings.Fields(line)
	for i, word := range all {
		if word == `""` {
			all[i] = ""
		}
	}
	return all
}
