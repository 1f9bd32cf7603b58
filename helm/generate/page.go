package main

import (
	_ "embed"
	"fmt"
	"io"
	"strings"
)

//go:embed head.md
var head string

// writePage writes the chart's page: how to install it, and its values.
func writePage(w io.Writer, root *value) {
	_, _ = fmt.Fprint(w, head)
	_, _ = fmt.Fprint(w, "\n## Values\nMisspelt keys and values of another type or form fail the install. Generated from `values.yaml`.\n")
	for _, v := range root.children {
		title := v.description
		_, _ = fmt.Fprintf(w, "\n### %s\n%s\n\n| value | default | what |\n| --- | --- | --- |\n", v.key, title)
		writeRows(w, v, v.key)
	}
}

// writeRows writes a value, or those of a section, each into a row. Sections of the code's settings are one row: the page of
// the settings lists them.
func writeRows(w io.Writer, v *value, path string) {
	settings := v.section() && v.children[0].given == ""
	if !v.section() || v.optional || settings {
		_, _ = fmt.Fprintf(w, "| `%s` | `%s` | %s |\n", path, cell(v.given), cell(v.description))
		return
	}
	for _, c := range v.children {
		writeRows(w, c, path+"."+c.key)
	}
}

// cell is a text in a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}
