// Command schemas divides the OpenAPI document of a Kubernetes version into the JSON schemas that kubeconform wants: a file a
// kind, such as deployment-apps-v1.json. They are strict: a key that Kubernetes does not know is refused.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// definitions is the file that all others refer to.
const definitions = "_definitions.json"

// kind is where a definition is used as an object.
type kind struct {
	Group, Version, Kind string
}

// file is what kubeconform looks for with the location template {{.ResourceKind}}{{.KindSuffix}}.json.
func (k kind) file() string {
	group, _, _ := strings.Cut(k.Group, ".")
	if group != "" {
		group += "-"
	}
	return strings.ToLower(k.Kind) + "-" + group + k.Version + ".json"
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "schemas: expected SWAGGER.json FOLDER")
		os.Exit(2)
	}
	if err := divide(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}

// divide writes the schemas into a folder, which it makes.
func divide(swagger, folder string) error {
	text, err := os.ReadFile(swagger) //nolint:gosec // the Makefile says which
	if err != nil {
		return err
	}
	var document struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", swagger, err)
	}
	if err := os.MkdirAll(folder, 0o750); err != nil { //nolint:gosec // the Makefile says which
		return err
	}
	for name, definition := range document.Definitions {
		tighten(name, definition)
		kinds, err := kindsOf(definition)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if len(kinds) != 1 {
			continue // no object, or one that every group has
		}
		reference := map[string]string{"$ref": definitions + "#/definitions/" + name}
		if err := write(filepath.Join(folder, kinds[0].file()), reference); err != nil {
			return err
		}
	}
	return write(filepath.Join(folder, definitions), document)
}

// tighten makes a definition refuse keys that it does not name, and says what the two types are that are written in two ways.
func tighten(name string, definition map[string]any) {
	_, open := definition["x-kubernetes-preserve-unknown-fields"]
	if _, ok := definition["properties"]; ok && !open {
		definition["additionalProperties"] = false
	}
	for suffix, other := range map[string]string{"util.intstr.IntOrString": "integer", "api.resource.Quantity": "number"} {
		if strings.HasSuffix(name, suffix) {
			clear(definition)
			definition["oneOf"] = []any{map[string]string{"type": "string"}, map[string]string{"type": other}}
		}
	}
}

func kindsOf(definition map[string]any) ([]kind, error) {
	text, err := json.Marshal(definition["x-kubernetes-group-version-kind"])
	if err != nil {
		return nil, err
	}
	var kinds []kind
	return kinds, json.Unmarshal(text, &kinds)
}

func write(path string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600) //nolint:gosec // the Makefile says where to
}
