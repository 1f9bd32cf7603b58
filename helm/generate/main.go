// Command generate writes what the chart says of its values from where it is decided: the schema and the page from
// values.yaml and its comments, the services' settings among them from the code, and the code's defaults, which templates
// calculate with.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "generate: expected the folder of the chart")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// run writes the generated files of the chart in the folder.
func run(chart string) error {
	text, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return err
	}
	root, err := readValues(text, newSource(filepath.Join(chart, "..", "..")))
	if err != nil {
		return fmt.Errorf("values.yaml: %w", err)
	}
	schema, err := schemaText(root)
	if err != nil {
		return err
	}
	var page, defaults bytes.Buffer
	writePage(&page, root)
	if err := writeDefaults(&defaults); err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"values.schema.json": schema, "README.md": page.Bytes(), "files/defaults.yaml": defaults.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(chart, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
