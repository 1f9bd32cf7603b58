package drill

import (
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/repli-mesh/repli/bench/drill/report"
	"github.com/repli-mesh/repli/bench/drill/scenario"
	"github.com/repli-mesh/repli/bench/drill/timeline"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// record is what was seen of one scenario.
type record struct {
	samples []timeline.Sample
	// begin and end are those of the fault, stop that of the load, on the load's clock.
	begin, end, stop time.Duration
}

// sum makes the row of a scenario, but for its judgement and what was not seen in the samples.
func sum(s scenario.Scenario, seen record) report.Row {
	q := timeline.NewQuantiles()
	row := report.Row{
		Scenario: s.Name, Description: s.Description, Requests: len(seen.samples), Deadline: timeline.Milliseconds(s.Load.Longest()),
		Failed:       timeline.Count(seen.samples, timeline.Sample.Failed),
		FailedByCode: map[string]int{}, Tiers: tiers(seen.samples), Unsound: map[string]int{},
		P99:      timeline.Milliseconds(q.Of(seen.samples, 99)[0]),
		Shed:     timeline.Count(seen.samples, timeline.Sample.Shed),
		Retries:  timeline.Count(seen.samples, func(t timeline.Sample) bool { return t.Retry }),
		Fault:    window(seen, q),
		SentLate: timeline.Milliseconds(lateness(seen.samples)),
		Timeline: timeline.Buckets(seen.samples, seen.stop),
	}
	for _, sample := range seen.samples {
		if sample.Failed() {
			row.FailedByCode[CodeName(sample.Code)]++
			if sample.Deadline < s.Expect.Promise {
				row.Unpromised++
			}
		}
		if sample.Unsound != "" {
			row.Unsound[sample.Unsound]++
		}
	}
	if after, ok := timeline.Recovered(seen.samples, seen.end, seen.stop); ok {
		seconds := after.Seconds()
		row.Recovered = &seconds
	}
	return row
}

// window is what happened during the fault.
func window(seen record, q *timeline.Quantiles) report.Window {
	during := timeline.Between(seen.samples, seen.begin, seen.end)
	of := q.Of(during, 50, 95, 99)
	w := report.Window{
		Begin: seen.begin.Milliseconds(), End: seen.end.Milliseconds(), Requests: len(during),
		Failed: timeline.Count(during, timeline.Sample.Failed), Shed: timeline.Count(during, timeline.Sample.Shed),
		Tiers:    tiers(during),
		NewUsers: timeline.Count(during, func(s timeline.Sample) bool { return s.NewUser }),
		Goodput:  timeline.Ratio(timeline.Count(during, timeline.Sample.Good), len(during)),
		P50:      timeline.Milliseconds(of[0]), P95: timeline.Milliseconds(of[1]), P99: timeline.Milliseconds(of[2]),
		Degradations: map[string]int{},
	}
	for _, s := range during {
		for _, d := range s.Degradations {
			w.Degradations[strings.TrimPrefix(d.Component.String(), "COMPONENT_")+"/"+strings.TrimPrefix(d.Reason.String(), "REASON_")]++
		}
	}
	return w
}

// tiers counts answers by tier; every tier is there.
func tiers(samples []timeline.Sample) map[string]int {
	counts := map[string]int{}
	for i, name := range report.TierNames {
		counts[name] = timeline.Count(samples, func(s timeline.Sample) bool {
			return s.Code == codes.OK && s.Tier == repliv1.Tier(i+1) //nolint:gosec // five
		})
	}
	return counts
}

// lateness is the 99th percentile of how late requests were sent.
func lateness(samples []timeline.Sample) time.Duration {
	if len(samples) == 0 {
		return 0
	}
	late := make([]time.Duration, len(samples))
	for i, s := range samples {
		late[i] = s.Late
	}
	slices.Sort(late)
	return late[len(late)*99/100]
}

// CodeName is a gRPC code as the contract writes it, such as DEADLINE_EXCEEDED.
func CodeName(code codes.Code) string {
	names := [...]string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
		"DATA_LOSS", "UNAUTHENTICATED",
	}
	if int(code) < len(names) {
		return names[code]
	}
	return code.String()
}
