package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/services/gateway"
)

func code() *source { return newSource(filepath.Join("..", "..")) }

// TestEveryKeyIsDescribed walks the whole schema.
func TestEveryKeyIsDescribed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../repli/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	root, err := readValues(text, code())
	if err != nil {
		t.Fatal(err)
	}
	schema, err := schemaText(root)
	if err != nil {
		t.Fatal(err)
	}
	var decoded map[string]any
	if err := json.Unmarshal(schema, &decoded); err != nil {
		t.Fatal(err)
	}
	if keys := described(t, "", decoded); keys < 300 {
		t.Errorf("%d keys, expected the chart's and the services'", keys)
	}
}

// described counts the keys of a schema, and holds each section against what must be true of all.
func described(t *testing.T, path string, schema map[string]any) int {
	t.Helper()
	properties, _ := schema["properties"].(map[string]any)
	if properties != nil && schema["additionalProperties"] != false {
		t.Errorf("%s: takes keys that it does not know", path)
	}
	keys := 0
	for key, inner := range properties {
		section, _ := inner.(map[string]any)
		if text, _ := section["description"].(string); len(text) < 10 {
			t.Errorf("%s.%s: is described as %q", path, key, text)
		}
		keys += 1 + described(t, path+"."+key, section)
	}
	return keys
}

func TestMistakesInValuesAreNamed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: 1":                        "line 1: a: has no comment above it",
		"# A.\na:\n  b: 1":            "line 3: a.b: has no comment above it",
		"# A.\na: []":                 "line 2: a: is a list or empty, expected a rule",
		"# A.\n# @sort\na: 1":         "line 3: a: @sort : there is no such rule",
		"# A.\n# @pattern (\na: x":    "line 3: a: @pattern (: error parsing regexp",
		"# A.\n# @min low\na: 1":      "line 3: a: @min low: strconv",
		"# A.\n# @like b\na: {}":      "line 3: a: @like b: there is no such section above",
		"# A.\n# @config nobody\na:":  `line 3: a: @config nobody: there is no service "nobody"`,
		"# @min 1\na: 1":              "line 2: a: has no comment above it",
		"# Apart.\n\n# @min 1\na: 1":  "line 4: a: has no comment above it",
		"# A.\na: 1\n# B.\nb: {c: 1}": "line 4: b.c: has no comment above it",
	} {
		if _, err := readValues([]byte(text), code()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, expected %q", text, err, want)
		}
	}
}

func TestRulesNarrowTheSchema(t *testing.T) {
	t.Parallel()
	root, err := readValues([]byte(`# A section.
a:
  # A number.
  # @min 0
  # @max 1
  ratio: 0.5
  # A choice.
  # @enum "" x
  choice: ""
  # Some numbers.
  # @items integer
  # @nonempty
  some: [1]
  # A text.
  # @nonempty
  text: x
# Like it,
# on two lines.
# @override a
b: {}
`), code())
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(root.json())
	if err != nil {
		t.Fatal(err)
	}
	const section = `"properties":{"choice":{"description":"A choice.","enum":["","x"],"type":"string"},` +
		`"ratio":{"description":"A number.","maximum":1,"minimum":0,"type":"number"},` +
		`"some":{"description":"Some numbers.","items":{"type":"integer"},"minItems":1,"type":"array"},` +
		`"text":{"description":"A text.","minLength":1,"type":"string"}}`
	want := `{"additionalProperties":false,"properties":{` +
		`"a":{"additionalProperties":false,"description":"A section.",` + section + `,"required":["ratio","choice","some","text"],"type":"object"},` +
		`"b":{"additionalProperties":false,"description":"Like it, on two lines.",` + section + `,"type":"object"}` +
		`},"required":["a","b"],"type":"object"}`
	if string(got) != want {
		t.Errorf("the schema is\n%s\nexpected\n%s", got, want)
	}
}

// TestSettingsAreTheCodes holds what is left out of a service's settings.
func TestSettingsAreTheCodes(t *testing.T) {
	t.Parallel()
	s := service{"gateway", gateway.ProcessDefaults(), []string{"peers.feature.target"}}
	root, err := s.settings(code())
	if err != nil {
		t.Fatal(err)
	}
	promise := root.child("gateway.budget.promise")
	if promise == nil || promise.schema["pattern"] != durationPattern || !strings.Contains(promise.description, "smallest deadline") {
		t.Errorf("the promise is %+v", promise)
	}
	if root.child("peers.feature.target") != nil || root.child("process.server.listen") != nil || root.child("peers.ranking.target") == nil {
		t.Error("what the chart decides is a value, or what it does not decide is none")
	}
	s.decided = []string{"peers.nobody.target"}
	if _, err := s.settings(code()); err == nil || !strings.Contains(err.Error(), "the chart decides peers.nobody.target, and there is no such setting") {
		t.Errorf("error %v", err)
	}
}
