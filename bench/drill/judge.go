package drill

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/repli-mesh/repli/bench/drill/mesh"
	"github.com/repli-mesh/repli/bench/drill/report"
	"github.com/repli-mesh/repli/bench/drill/scenario"
	"github.com/repli-mesh/repli/bench/drill/timeline"
)

// What a process may hold more at the end than the share that a scenario allows: what a connection more, a burst of
// requests or a collection that is due make of a small process.
const (
	slackGoroutines = 25
	slackFiles      = 16
	slackHeap       = 8 << 20
)

// judge returns one sentence for each expectation that did not hold.
func judge(e scenario.Expect, row report.Row, samples []timeline.Sample) []string {
	broken := []string{} // an empty list in the report, not null
	say := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	failures(e, samples, say)
	for _, what := range slices.Sorted(maps.Keys(row.Unsound)) {
		say("%d answers hold %s, expected none", row.Unsound[what], what)
	}
	if row.Fault.Requests == 0 {
		say("no request was due during the fault, expected some")
	}
	for _, share := range e.Shares {
		shares(share, row.Fault, say)
	}
	if e.Goodput > 0 && row.Fault.Goodput < e.Goodput {
		say("goodput during the fault is %.4f, expected at least %v", row.Fault.Goodput, e.Goodput)
	}
	if most := timeline.Milliseconds(e.P99); e.P99 > 0 && row.Fault.P99 > most {
		say("p99 during the fault is %.1f ms, expected at most %v", row.Fault.P99, e.P99)
	}
	for _, name := range e.Named {
		if row.Fault.Degradations[name] == 0 {
			say("no answer during the fault names %s, expected some", name)
		}
	}
	recovery(e.RecoveredWithin, row.Recovered, say)
	if e.Counts > 0 {
		counts(e.Counts, row.Before, row.After, say)
	}
	cheap(e.CheapCPU, row.CheapCPU, say)
	return broken
}

// failures judges those of requests to which an answer was promised.
func failures(e scenario.Expect, samples []timeline.Sample, say func(string, ...any)) {
	failed := map[string]int{}
	for _, s := range samples {
		if s.Failed() && s.Deadline >= e.Promise {
			failed[CodeName(s.Code)]++
		}
	}
	for _, code := range slices.Sorted(maps.Keys(failed)) {
		if failed[code] > e.Failed[code] {
			say("%d requests ended in %s, expected at most %d", failed[code], code, e.Failed[code])
		}
	}
}

func shares(expected scenario.Share, w report.Window, say func(string, ...any)) {
	answered := 0
	for _, tier := range expected.Tiers {
		answered += w.Tiers[tier]
	}
	share := timeline.Ratio(answered, w.Requests)
	if name := strings.Join(expected.Tiers, " or "); share < expected.Min {
		say("a share of %.4f is %s during the fault, expected at least %v", share, name, expected.Min)
	} else if expected.Max > 0 && share > expected.Max {
		say("a share of %.4f is %s during the fault, expected at most %v", share, name, expected.Max)
	}
}

func recovery(within time.Duration, recovered *float64, say func(string, ...any)) {
	switch {
	case within == 0:
	case recovered == nil:
		say("99 %% of the answers were not PERSONALIZED again until the end, expected it within %v", within)
	case *recovered > within.Seconds():
		say("99 %% of the answers were PERSONALIZED again after %.1f s, expected it within %v", *recovered, within)
	}
}

// counts compares what each process held.
func counts(share float64, before, after map[string]mesh.Figures, say func(string, ...any)) {
	for _, name := range slices.Sorted(maps.Keys(before)) {
		was, is := before[name], after[name]
		for _, c := range []struct {
			what           string
			was, is, slack float64
			unit           float64
		}{
			{"goroutines", was.Goroutines, is.Goroutines, slackGoroutines, 1},
			{"open files and connections", was.Files, is.Files, slackFiles, 1},
			{"MiB of heap target", was.Heap, is.Heap, slackHeap, 1 << 20},
		} {
			if most := c.was*(1+share) + c.slack; c.is > most {
				say("%s has %.0f %s at the end and had %.0f, expected at most %.0f", name, c.is/c.unit, c.what, c.was/c.unit, most/c.unit)
			}
		}
	}
}

func cheap(most float64, cost *float64, say func(string, ...any)) {
	switch {
	case most == 0:
	case cost == nil:
		say("no request was answered without the model or refused during the fault, expected some, to measure their CPU")
	case *cost > most:
		say("an answer without the model or a refusal costs a share of %.3f of a full answer's CPU, expected at most %v", *cost, most)
	}
}

// settled says whether everything is back to what it was.
func settled(share float64, before, after map[string]mesh.Figures) bool {
	well := true
	counts(share, before, after, func(string, ...any) { well = false })
	return well
}
