package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/template"
	"time"
)

// report is what a run came to.
type report struct {
	Began    time.Time `json:"began"`
	Finished time.Time `json:"finished"`
	// Kubernetes is the server's version, Nodes how many it has, and CPUs those of the machine that the run was started on.
	Kubernetes string `json:"kubernetes"`
	Nodes      int    `json:"nodes"`
	CPUs       int    `json:"cpus"`
	// Own says that the cluster was made for the run, on this machine.
	Own bool `json:"own"`
	// Favoured says that its pods went before the machine's other work.
	Favoured bool `json:"favoured"`
	// Rate, Deadline are those of every load.
	Rate     float64 `json:"rate"`
	Deadline float64 `json:"deadline_ms"`
	Steps    []*step `json:"steps"`
}

func newReport(ctx context.Context, o options, t tools) *report {
	r := &report{
		Began: time.Now().UTC(), CPUs: runtime.NumCPU(), Own: o.k8s != "", Rate: o.rate,
		Deadline: float64(o.deadline.Microseconds()) / 1000, Kubernetes: "unknown", Steps: []*step{},
	}
	var version struct {
		ServerVersion struct{ GitVersion string }
	}
	if text, err := t.kubectl(ctx, time.Minute, "version", "--output=json"); err == nil && json.Unmarshal([]byte(text), &version) == nil {
		r.Kubernetes = version.ServerVersion.GitVersion
	}
	if names, err := t.kubectl(ctx, time.Minute, "get", "nodes", "--output=name"); err == nil {
		r.Nodes = len(strings.Fields(names))
	}
	return r
}

// verdict is an error for each expectation that did not hold.
func (r *report) verdict() error {
	var faults []error
	for _, s := range r.Steps {
		for _, what := range s.Broken {
			faults = append(faults, fmt.Errorf("%s: %s", s.Name, what))
		}
	}
	return errors.Join(faults...)
}

//go:embed report.md
var reportText string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"counts": counts, "ok": verdictOf, "milliseconds": func(ms float64) string { return fmt.Sprintf("%.1f", ms) },
}).Parse(reportText))

// markdown is the page.
func (r *report) markdown() ([]byte, error) {
	var page bytes.Buffer
	err := reportTemplate.Execute(&page, r)
	return page.Bytes(), err
}

func verdictOf(s *step) string {
	if len(s.Broken) > 0 {
		return "**no**"
	}
	return "yes"
}

// counts are the entries, the largest first.
func counts(of map[string]int) string {
	names := make([]string, 0, len(of))
	for name := range of {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if of[a] != of[b] {
			return of[b] - of[a]
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, of[name])
	}
	if len(names) == 0 {
		return "0"
	}
	return strings.Join(names, ", ")
}

// write leaves cluster.json and cluster.md in the folder, and the page where it was asked for, unless something is broken.
func (r *report) write(o options) error {
	figures, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	page, err := r.markdown()
	if err != nil {
		return err
	}
	pages := map[string][]byte{filepath.Join(o.out, "cluster.json"): append(figures, '\n'), filepath.Join(o.out, "cluster.md"): page}
	if o.report != "" && r.verdict() == nil {
		pages[o.report] = page
	}
	for path, text := range pages {
		if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // to be read by everybody
			return err
		}
	}
	return nil
}
