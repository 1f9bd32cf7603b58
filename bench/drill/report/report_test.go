package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/repli-mesh/repli/bench/drill/mesh"
	"github.com/repli-mesh/repli/bench/drill/timeline"
)

var update = flag.Bool("update", false, "write the golden file anew")

// rows are a scenario that held and one that did not.
func rows() []Row {
	recovered := 0.4
	return []Row{
		{
			Scenario: "store-hung", Requests: 9, Failed: 1, FailedByCode: map[string]int{"DEADLINE_EXCEEDED": 1},
			Tiers: map[string]int{"PERSONALIZED": 4, "STALE": 1, "PARTIAL": 0, "SIMPLE": 2, "STATIC": 0}, P99: 42.5, Deadline: 100,
			Recovered: &recovered, Description: "The store <hangs>.", Broken: []string{}, Shed: 1, Unsound: map[string]int{},
			Fault: Window{
				Begin: 100, End: 200, Requests: 4, Tiers: map[string]int{"SIMPLE": 2, "STALE": 1}, Failed: 1, Goodput: 0.75,
				P50: 5, P95: 40, P99: 42.5, Degradations: map[string]int{"FEATURE_STORE/SOFT_DEADLINE": 2},
			},
			SentLate: 0.1, Seconds: 9.5,
			Before: map[string]mesh.Figures{"feature": {Goroutines: 40, Files: 20, Heap: 8 << 20, Resident: 50 << 20, CPU: 1.5}},
			After:  map[string]mesh.Figures{"feature": {Goroutines: 42, Files: 21, Heap: 8 << 20, Resident: 51 << 20, CPU: 2.5}},
			Timeline: []timeline.Bucket{
				{At: 0, Tiers: [5]int{3, 0, 0, 0, 0}, P50: 4, P95: 6, P99: 6.5},
				{At: 100, Tiers: [5]int{0, 1, 0, 2, 0}, Failed: 1, P50: 5, P95: 40, P99: 42.5},
				{At: 200, Tiers: [5]int{1, 0, 0, 0, 0}, Shed: 1, P50: 4, P95: 5, P99: 5},
			},
		},
		{
			Scenario: "never-back", Requests: 1, FailedByCode: map[string]int{}, Deadline: 50, SentLate: 30,
			Tiers: map[string]int{"SIMPLE": 1}, Unsound: map[string]int{}, Broken: []string{"it did not come back"},
			Fault: Window{Tiers: map[string]int{"SIMPLE": 1}, Requests: 1, Degradations: map[string]int{}},
		},
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	if err := JSON(&got, rows()); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "drill.json")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("drill.json differs from %s, which `go test ./bench/drill/report -update` writes anew:\n%s", golden, got.String())
	}
}

// A plot is well-formed, holds a bar for each outcome of each step, and shades the fault.
func TestSVG(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	if err := SVG(&got, rows()[0]); err != nil {
		t.Fatal(err)
	}
	classes := map[string]int{}
	decoder := xml.NewDecoder(&got)
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if element, ok := token.(xml.StartElement); ok && element.Name.Local != "text" {
			for _, attribute := range element.Attr {
				if attribute.Name.Local == "class" {
					classes[attribute.Value]++
				}
			}
		}
	}
	// One bar a step in which it occurs, and one box in the legend.
	for class, want := range map[string]int{
		"personalized": 3, "stale": 2, "simple": 2, "failed": 2, "shed": 2, "static": 0, "shade": 1, "deadline": 1, "p99": 1,
	} {
		if classes[class] != want {
			t.Errorf("%d elements of class %s, expected %d", classes[class], class, want)
		}
	}
}

func TestGeometry(t *testing.T) {
	t.Parallel()
	p := draw(rows()[0])
	for _, bar := range p.Bars {
		if bar.X < plotLeft || bar.X+bar.W > plotWidth-plotRight+0.5 || bar.Y < countsTop || bar.Y+bar.H > countsLow+0.5 {
			t.Errorf("bar %+v is outside of its panel", bar)
		}
	}
	if p.Shade.X <= plotLeft || p.ShadeEnd <= p.Shade.X || p.ShadeEnd >= plotWidth-plotRight {
		t.Errorf("the fault is shaded from %v to %v", p.Shade.X, p.ShadeEnd)
	}
	for value, want := range map[float64]float64{0.3: 0.5, 1: 1, 3: 5, 7: 10, 42: 50} {
		if got := nice(value); got < want*0.999 || got > want*1.001 {
			t.Errorf("nice(%v) is %v, expected %v", value, got, want)
		}
	}
}

// The page needs nothing from anywhere else, escapes what it is given, and tells of what is broken.
func TestPage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := Write(dir, rows()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, want := range []string{
		"1 of 2 scenarios held", "The store &lt;hangs&gt;.", "it did not come back", "never", "prefers-color-scheme: dark",
		`name="viewport"`, "had no time for the load", "FEATURE_STORE/SOFT_DEADLINE",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, outside := range []string{"<script", "<link", "src=", "@import", "url(", `href="http`} {
		if strings.Contains(page, outside) {
			t.Errorf("the page has %q", outside)
		}
	}
	for _, name := range []string{"drill.json", "store-hung.svg", "never-back.svg"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var plain, moving strings.Builder
	for w, terminal := range map[*strings.Builder]bool{&plain: false, &moving: true} {
		table := NewTable(w, terminal)
		table.Progress("store-hung", "warm", &rows()[0])
		for _, row := range rows() {
			table.Done(row)
		}
		table.Finish(rows(), 12*time.Second)
	}
	if strings.Contains(plain.String(), "\x1b") || strings.Contains(plain.String(), "warm") {
		t.Errorf("plain lines hold what moves: %q", plain.String())
	}
	if !strings.Contains(moving.String(), "\x1b[K") || !strings.Contains(moving.String(), "warm") {
		t.Errorf("the last line does not move: %q", moving.String())
	}
	for _, want := range []string{"store-hung", "never", "BROKEN", "it did not come back", "2 scenarios in 12s, 1 with broken"} {
		if !strings.Contains(plain.String(), want) {
			t.Errorf("the table has no %q:\n%s", want, plain.String())
		}
	}
}
