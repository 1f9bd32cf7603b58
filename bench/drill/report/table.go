package report

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Table shows rows as they come: on a terminal with a last line that moves, elsewhere as plain lines. Safe for concurrent
// use. What cannot be written is lost; the reports are what counts.
type Table struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	headed   bool
	moving   bool
}

// NewTable returns a table that is empty yet.
func NewTable(w io.Writer, terminal bool) *Table { return &Table{w: w, terminal: terminal} }

const (
	columns   = "%-26s %8s %6s %5s %5s %5s %5s %5s %8s %9s %9s  %s\n"
	clearLine = "\r\x1b[K"
)

func (t *Table) head() {
	if t.headed {
		return
	}
	t.headed = true
	_, _ = fmt.Fprintf(t.w, columns, "", "", "", "during", "the", "fault", "", "", "", "", "", "")
	_, _ = fmt.Fprintf(t.w, columns,
		"scenario", "requests", "failed", "PERS%", "STAL%", "PART%", "SIMP%", "STAT%", "p99 ms", "goodput%", "back in s", "")
}

// Progress moves the last line of a terminal.
func (t *Table) Progress(scenario, phase string, now *Row) {
	if !t.terminal {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.head()
	t.moving = true
	line := fmt.Sprintf("%-26s %s ...", scenario, phase)
	if now != nil {
		line = fmt.Sprintf("%-26s %-8s %6d %s %8.1f", scenario, phase, now.Failed, percents(now.Fault), now.Fault.P99)
	}
	_, _ = fmt.Fprint(t.w, clearLine+line)
}

// Done adds a line that stays, and one for each broken expectation.
func (t *Table) Done(r Row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.head()
	if t.moving {
		_, _ = fmt.Fprint(t.w, clearLine)
	}
	recovered, verdict := "never", "ok"
	if r.Recovered != nil {
		recovered = fmt.Sprintf("%.1f", *r.Recovered)
	}
	if !r.OK() {
		verdict = "BROKEN"
	}
	_, _ = fmt.Fprintf(t.w, "%-26s %8d %6d %s %8.1f %9.2f %9s  %s\n",
		r.Scenario, r.Requests, r.Failed, percents(r.Fault), r.Fault.P99, 100*r.Fault.Goodput, recovered, verdict)
	if r.Busy() {
		_, _ = fmt.Fprintf(t.w, "    this machine had no time for the load: requests were sent up to %.0f ms late (p99)\n", r.SentLate)
	}
	for _, broken := range r.Broken {
		_, _ = fmt.Fprintf(t.w, "    %s\n", broken)
	}
}

// Finish adds a last line that sums up.
func (t *Table) Finish(rows []Row, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.moving {
		_, _ = fmt.Fprint(t.w, clearLine)
	}
	broken := 0
	for _, r := range rows {
		if !r.OK() {
			broken++
		}
	}
	_, _ = fmt.Fprintf(t.w, "%d scenarios in %v, %d with broken expectations\n", len(rows), took.Round(time.Second), broken)
}

// percents are the shares of the tiers in five columns.
func percents(w Window) string {
	line := ""
	for i, tier := range TierNames {
		if i > 0 {
			line += " "
		}
		line += fmt.Sprintf("%5.1f", 100*float64(w.Tiers[tier])/float64(max(w.Requests, 1)))
	}
	return line
}
