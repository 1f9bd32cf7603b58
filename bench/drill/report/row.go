// Package report owns what a drill leaves behind: the rows of drill.json, the page with its plots, one SVG file a scenario,
// and the table on a terminal. It measures and judges nothing.
package report

import (
	"github.com/repli-mesh/repli/bench/drill/mesh"
	"github.com/repli-mesh/repli/bench/drill/timeline"
)

// Row is what one scenario gave. Counts are over the whole load, those of Fault over the time of the fault.
type Row struct {
	// Scenario is its name.
	Scenario string `json:"scenario"`
	// Requests is how many were sent: the sum of Tiers, Failed and Shed.
	Requests int `json:"requests"`
	// Failed is how many ended without an answer, except for those that might be refused and were; FailedByCode is the
	// same by gRPC code.
	Failed       int            `json:"failed"`
	FailedByCode map[string]int `json:"failed_by_code"`
	// Tiers are the answers by tier.
	Tiers map[string]int `json:"tiers"`
	// P99 is the 99th percentile of latencies in ms, counted from when a request was due.
	P99 float64 `json:"p99_ms"`
	// Deadline is the longest deadline of the load in ms.
	Deadline float64 `json:"deadline_ms"`
	// Recovered is how many seconds after the fault's end 99 % of the answers of each second were PERSONALIZED from
	// then on; null when they never were.
	Recovered *float64 `json:"recovered_s"`

	// Description is the scenario's.
	Description string `json:"description"`
	// Broken holds one sentence for each expectation that did not hold.
	Broken []string `json:"broken"`
	// Shed is how many sheddable requests were refused.
	Shed int `json:"shed"`
	// Retries is how many of the requests were asked again.
	Retries int `json:"retries"`
	// Unsound is how many answers held something that they must not, by what it was.
	Unsound map[string]int `json:"unsound"`
	// Unpromised is how many of the failures had a deadline under the promise.
	Unpromised int `json:"failed_under_promise"`
	// Fault is what happened while the fault lasted.
	Fault Window `json:"fault"`
	// Capacity is the measured one in answers a second; 0 where none was measured.
	Capacity float64 `json:"capacity,omitempty"`
	// CheapCPU is what an answer without the model, or a refusal, cost during the fault, as a share of a full one; null
	// where it was not measured.
	CheapCPU *float64 `json:"cheap_cpu,omitempty"`
	// SentLate is the 99th percentile of how much later than due requests were sent, in ms: the error of the load itself.
	SentLate float64 `json:"sent_late_p99_ms"`
	// Seconds is how long the scenario took in all.
	Seconds float64 `json:"seconds"`
	// Before and After are what each process held before the fault and at the end.
	Before map[string]mesh.Figures `json:"before"`
	After  map[string]mesh.Figures `json:"after"`
	// Timeline is the load in steps of 100 ms.
	Timeline []timeline.Bucket `json:"timeline"`
}

// Window is a part of the load.
type Window struct {
	// Begin and End are in ms since the load began.
	Begin int64 `json:"begin_ms"`
	End   int64 `json:"end_ms"`
	// Requests, Failed, Shed and Tiers count.
	Requests int            `json:"requests"`
	Failed   int            `json:"failed"`
	Shed     int            `json:"shed"`
	Tiers    map[string]int `json:"tiers"`
	// NewUsers is how many answers were for users whom the store did not know.
	NewUsers int `json:"new_users"`
	// Goodput is the share of requests that were answered inside their deadline.
	Goodput float64 `json:"goodput"`
	// P50, P95 and P99 are percentiles of latencies in ms.
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
	// Degradations counts what the answers named, as COMPONENT/REASON.
	Degradations map[string]int `json:"degradations"`
}

// TierNames are the tiers, the best first.
var TierNames = [5]string{"PERSONALIZED", "STALE", "PARTIAL", "SIMPLE", "STATIC"}

// busy is how late requests may be sent, in ms, before the machine is to blame for what is late.
const busy = 10

// Busy says whether the load itself was late: then the machine had no time for the drill, and latencies say little of the
// mesh.
func (r Row) Busy() bool { return r.SentLate > busy }

// OK says whether every expectation held.
func (r Row) OK() bool { return len(r.Broken) == 0 }
