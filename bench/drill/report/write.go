package report

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/repli-mesh/repli/bench/drill/mesh"
)

//go:embed templates/*.tmpl
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"mib": func(bytes float64) string { return fmt.Sprintf("%.1f", bytes/(1<<20)) },
}).ParseFS(files, "templates/*.tmpl"))

// Write writes drill.json, index.html and one SVG file a scenario into a folder, which it makes where there is none.
func Write(dir string, rows []Row) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // to be read by everybody
		return err
	}
	if err := writeFile(dir, "drill.json", func(w io.Writer) error { return JSON(w, rows) }); err != nil {
		return err
	}
	if err := writeFile(dir, "index.html", func(w io.Writer) error { return Page(w, rows) }); err != nil {
		return err
	}
	for _, row := range rows {
		if err := writeFile(dir, row.Scenario+".svg", func(w io.Writer) error { return SVG(w, row) }); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(dir, name string, write func(io.Writer) error) error {
	var content bytes.Buffer
	if err := write(&content); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.WriteFile(filepath.Join(dir, name), content.Bytes(), 0o644) //nolint:gosec // to be read by everybody
}

// JSON writes the rows.
func JSON(w io.Writer, rows []Row) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(rows)
}

// SVG writes the plot of a row.
func SVG(w io.Writer, row Row) error { return templates.ExecuteTemplate(w, "plot", draw(row)) }

// Page writes all rows as one page that needs nothing else.
func Page(w io.Writer, rows []Row) error {
	page := page{Tiers: TierNames[:]}
	for _, row := range rows {
		if row.OK() {
			page.Held++
		}
		page.Rows = append(page.Rows, card{Row: row, Plot: draw(row)})
	}
	return templates.ExecuteTemplate(w, "page", page)
}

// page is what the template of the page is given.
type page struct {
	Rows  []card
	Tiers []string
	Held  int
}

// card is one scenario on the page.
type card struct {
	Row

	Plot plot
}

// Shares are the percentages of the tiers during the fault.
func (c card) Shares() []string {
	var shares []string
	for _, tier := range TierNames {
		shares = append(shares, percent(float64(c.Fault.Tiers[tier])/float64(max(c.Fault.Requests, 1))))
	}
	return shares
}

// Goodput is that of the fault in percent.
func (c card) Goodput() string { return percent(c.Fault.Goodput) }

// Back is when all was well again.
func (c card) Back() string {
	if c.Recovered == nil {
		return "never"
	}
	return fmt.Sprintf("%.1f", *c.Recovered)
}

// Cheap is the CPU of a cheap answer in percent; empty where it was not measured.
func (c card) Cheap() string {
	if c.CheapCPU == nil {
		return ""
	}
	return percent(*c.CheapCPU)
}

// holding is what a process held before and after.
type holding struct {
	Name          string
	Before, After mesh.Figures
}

// Holdings are those of every process, by name.
func (c card) Holdings() []holding {
	var all []holding
	for _, name := range slices.Sorted(maps.Keys(c.Before)) {
		all = append(all, holding{name, c.Before[name], c.After[name]})
	}
	return all
}

func percent(share float64) string { return fmt.Sprintf("%.1f", 100*share) }
