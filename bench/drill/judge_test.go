package drill

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/repli-mesh/repli/bench/drill/mesh"
	"github.com/repli-mesh/repli/bench/drill/report"
	"github.com/repli-mesh/repli/bench/drill/scenario"
	"github.com/repli-mesh/repli/bench/drill/timeline"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// seen is a load of ten seconds, 100 requests a second, with a fault from 2 s to 4 s; change alters each sample.
func seen(change func(*timeline.Sample)) record {
	r := record{begin: 2 * time.Second, end: 4 * time.Second, stop: 10 * time.Second}
	for i := range 1000 {
		s := timeline.Sample{
			At: time.Duration(i) * 10 * time.Millisecond, Latency: 5 * time.Millisecond, Deadline: 100 * time.Millisecond,
			Tier: repliv1.Tier_TIER_PERSONALIZED,
		}
		change(&s)
		r.samples = append(r.samples, s)
	}
	return r
}

func unchanged(*timeline.Sample) {}

// during alters the samples of the fault.
func during(change func(*timeline.Sample)) func(*timeline.Sample) {
	return func(s *timeline.Sample) {
		if s.At >= 2*time.Second && s.At < 4*time.Second {
			change(s)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	failed := func(code codes.Code) func(*timeline.Sample) {
		return func(s *timeline.Sample) {
			if s.At == 3*time.Second {
				s.Code, s.Tier = code, 0
			}
		}
	}
	simple := func(s *timeline.Sample) { s.Tier = repliv1.Tier_TIER_SIMPLE }
	for name, c := range map[string]struct {
		seen   record
		expect func(*scenario.Expect)
		want   string // empty: all holds
	}{
		"all is well":       {seen(unchanged), func(*scenario.Expect) {}, ""},
		"a failure":         {seen(failed(codes.Unavailable)), func(*scenario.Expect) {}, "1 requests ended in UNAVAILABLE, expected at most 0"},
		"an allowed one":    {seen(failed(codes.Unavailable)), func(e *scenario.Expect) { e.Failed = map[string]int{"UNAVAILABLE": 1} }, ""},
		"of another code":   {seen(failed(codes.Internal)), func(e *scenario.Expect) { e.Failed = map[string]int{"UNAVAILABLE": 1} }, "INTERNAL"},
		"under the promise": {seen(failed(codes.DeadlineExceeded)), func(e *scenario.Expect) { e.Promise = time.Second }, ""},
		"refused, sheddable": {seen(func(s *timeline.Sample) {
			failed(codes.ResourceExhausted)(s)
			s.Sheddable = true
		}), func(*scenario.Expect) {}, ""},
		"refused, not": {seen(failed(codes.ResourceExhausted)), func(*scenario.Expect) {}, "RESOURCE_EXHAUSTED"},
		"unsound": {
			seen(during(func(s *timeline.Sample) { s.Unsound = "an item twice" })), func(*scenario.Expect) {}, "200 answers hold an item twice",
		},
		"a share that is reached": {seen(during(simple)), func(e *scenario.Expect) {
			e.Shares = []scenario.Share{{Tiers: []string{"SIMPLE", "STATIC"}, Min: 1}}
		}, ""},
		"a share that is not": {seen(during(simple)), func(e *scenario.Expect) {
			e.Shares = []scenario.Share{{Tiers: []string{"PERSONALIZED", "STALE"}, Min: 0.8}}
		}, "a share of 0.0000 is PERSONALIZED or STALE during the fault, expected at least 0.8"},
		"a share too large": {seen(unchanged), func(e *scenario.Expect) {
			e.Shares = []scenario.Share{{Tiers: []string{"PERSONALIZED"}, Max: 0.5}}
		}, "expected at most 0.5"},
		"goodput": {seen(during(func(s *timeline.Sample) {
			if s.At%(40*time.Millisecond) == 0 {
				s.Latency = 101 * time.Millisecond
			}
		})), func(*scenario.Expect) {}, "goodput during the fault is 0.7500, expected at least 0.99"},
		"p99":       {seen(unchanged), func(e *scenario.Expect) { e.P99 = time.Millisecond }, "p99 during the fault is 5.0 ms"},
		"not named": {seen(unchanged), func(e *scenario.Expect) { e.Named = []string{"RANKING/ERROR"} }, "names RANKING/ERROR"},
		"named": {seen(during(func(s *timeline.Sample) {
			s.Degradations = []timeline.Degradation{{
				Component: repliv1.Component_COMPONENT_RANKING, Reason: repliv1.Reason_REASON_ERROR,
			}}
		})), func(e *scenario.Expect) { e.Named = []string{"RANKING/ERROR"} }, ""},
		"never back": {seen(func(s *timeline.Sample) {
			if s.At > 2*time.Second {
				simple(s)
			}
		}), func(*scenario.Expect) {}, "not PERSONALIZED again until the end"},
		"back too late": {seen(func(s *timeline.Sample) {
			if s.At > 2*time.Second && s.At < 8*time.Second {
				simple(s)
			}
		}), func(e *scenario.Expect) { e.RecoveredWithin = time.Second }, "again after 4.0 s, expected it within 1s"},
		"no cheap answers": {seen(unchanged), func(e *scenario.Expect) { e.CheapCPU = 0.1 }, "to measure their CPU"},
	} {
		s := scenario.Defaults()
		c.expect(&s.Expect)
		row := sum(s, c.seen)
		broken := judge(s.Expect, row, c.seen.samples)
		if text := strings.Join(broken, "\n"); c.want == "" && len(broken) > 0 || !strings.Contains(text, c.want) || len(broken) > 1 {
			t.Errorf("%s: broken %q, expected %q", name, broken, c.want)
		}
		total := row.Failed + row.Shed
		for _, n := range row.Tiers {
			total += n
		}
		if total != row.Requests {
			t.Errorf("%s: %d outcomes of %d requests", name, total, row.Requests)
		}
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	before := map[string]mesh.Figures{"feature": {Goroutines: 100, Files: 100, Heap: 100 << 20}}
	for want, after := range map[string]mesh.Figures{
		"":           {Goroutines: 135, Files: 126, Heap: 118 << 20},
		"goroutines": {Goroutines: 136},
		"open files": {Files: 127},
		"MiB":        {Heap: 119 << 20},
	} {
		e := scenario.Expect{Counts: 0.1, RecoveredWithin: 0}
		broken := judge(e, report.Row{
			Before: before, After: map[string]mesh.Figures{"feature": after}, Fault: report.Window{Requests: 1},
		}, nil)
		if text := strings.Join(broken, "\n"); (want == "") != (text == "") || !strings.Contains(text, want) {
			t.Errorf("%+v: broken %q, expected %q", after, broken, want)
		}
		if settled(0.1, before, map[string]mesh.Figures{"feature": after}) != (want == "") {
			t.Errorf("%+v: settled is %v", after, want != "")
		}
	}
}

func TestCheapCPU(t *testing.T) {
	t.Parallel()
	// 100 full answers at 1 ms, and 150 cheap ones out of what is left of 115 ms.
	w := report.Window{Tiers: map[string]int{"PERSONALIZED": 90, "PARTIAL": 10, "SIMPLE": 50, "STATIC": 70}, Shed: 30, Failed: 7}
	if got := cheapCPU(w, 0.001, 0.115); got == nil || *got < 0.0999 || *got > 0.1001 {
		t.Errorf("a share of %v, expected 0.1", got)
	}
	if got := cheapCPU(report.Window{Tiers: map[string]int{"PERSONALIZED": 9}}, 0.001, 1); got != nil {
		t.Errorf("a share of %v of nothing", *got)
	}
}

func TestCodeName(t *testing.T) {
	t.Parallel()
	for code := codes.OK; code <= codes.Unauthenticated; code++ {
		var back codes.Code
		if err := back.UnmarshalJSON([]byte(`"` + CodeName(code) + `"`)); err != nil || back != code {
			t.Errorf("%v is called %s, which is %v", code, CodeName(code), back)
		}
	}
}

func TestOrderedSharesMeshes(t *testing.T) {
	t.Parallel()
	of := func(name, redis string) scenario.Scenario {
		return scenario.Scenario{Name: name, Mesh: scenario.Mesh{Redis: redis}}
	}
	var names string
	for _, s := range ordered([]scenario.Scenario{of("a", "x"), of("b", "y"), of("c", "x"), of("d", "y")}) {
		names += s.Name
	}
	if names != "acbd" {
		t.Errorf("order %s, expected acbd", names)
	}
}
