package load

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/status"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

const (
	// longest is the largest latency that is told apart.
	longest = time.Minute
	// told bounds the failures that are told one by one.
	told = 20
	// empty is the code of answers that say nothing.
	empty = "EMPTY"
)

// Summary is what a load came to, as `repli bench load` prints it.
type Summary struct {
	// Started is when the first request was due, by this machine's clock, and Seconds how long it took until the last had ended.
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`
	// Rate is what was asked for, in requests a second, and Deadline that of each request.
	Rate     float64 `json:"rate"`
	Deadline float64 `json:"deadline_ms"`
	// Requests = the sum of Tiers + Failed, and Failed that of Codes. A refused request counts as failed, and so does an answer
	// that has no items or names no tier, under EMPTY.
	Requests int            `json:"requests"`
	Failed   int            `json:"failed"`
	Codes    map[string]int `json:"failed_by_code"`
	Tiers    map[string]int `json:"tiers"`
	// Reasons counts the degradations that answers named, as COMPONENT/REASON.
	Reasons map[string]int `json:"reasons"`
	// Latency is from when a request was due to its end, failed ones among them; Late how much later than due it was sent.
	Latency Percentiles `json:"latency_ms"`
	Late    Percentiles `json:"late_ms"`
	// Failures are the first of them.
	Failures []Failure `json:"failures"`
}

// Percentiles are in milliseconds.
type Percentiles struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Failure is one request without an answer that says anything.
type Failure struct {
	// At is when it was due, since the load's start.
	At float64 `json:"at_s"`
	// After is how long it took to fail.
	After float64 `json:"after_ms"`
	Code  string  `json:"code"`
	// Message is that of the status.
	Message string `json:"message"`
}

// Line writes the sums in one line for a person.
func (s Summary) Line(w io.Writer) error {
	var tiers strings.Builder
	for tier := repliv1.Tier_TIER_PERSONALIZED; tier <= repliv1.Tier_TIER_STATIC; tier++ {
		if n := s.Tiers[tierName(tier)]; n > 0 {
			_, _ = fmt.Fprintf(&tiers, "  %s %d", tierName(tier), n)
		}
	}
	_, err := fmt.Fprintf(w, "%6.0f s  %7d requests  %d failed  p50 %.1f  p95 %.1f  p99 %.1f ms%s\n",
		s.Seconds, s.Requests, s.Failed, s.Latency.P50, s.Latency.P95, s.Latency.P99, &tiers)
	return err
}

// outcome is what became of one request.
type outcome struct {
	due, late, latency time.Duration
	response           *repliv1.RecommendResponse
	err                error
}

// sums is a Summary in the making. Safe for concurrent use.
type sums struct {
	mu      sync.Mutex
	so      Summary
	latency *hdrhistogram.Histogram // in microseconds
	late    *hdrhistogram.Histogram
}

func newSums(cfg Config, started time.Time) *sums {
	return &sums{
		so: Summary{
			Started: started.UTC(), Rate: cfg.Rate, Deadline: milliseconds(cfg.Deadline.Microseconds()), Failures: []Failure{},
			Codes: map[string]int{}, Tiers: map[string]int{}, Reasons: map[string]int{},
		},
		latency: hdrhistogram.New(1, longest.Microseconds(), 3),
		late:    hdrhistogram.New(1, longest.Microseconds(), 3),
	}
}

func (s *sums) add(o outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	record(s.latency, o.latency)
	record(s.late, o.late)
	s.so.Requests++
	switch {
	case o.err != nil:
		s.fail(o, code.Code(status.Code(o.err)).String(), status.Convert(o.err).Message()) //nolint:gosec // there are 17
		return
	case len(o.response.GetItems()) == 0 || o.response.GetTier() == repliv1.Tier_TIER_UNSPECIFIED:
		s.fail(o, empty, fmt.Sprintf("%d items of tier %s", len(o.response.GetItems()), tierName(o.response.GetTier())))
		return
	}
	s.so.Tiers[tierName(o.response.GetTier())]++
	for _, d := range o.response.GetDegradations() {
		s.so.Reasons[strings.TrimPrefix(d.GetComponent().String(), "COMPONENT_")+"/"+
			strings.TrimPrefix(d.GetReason().String(), "REASON_")]++
	}
}

func (s *sums) fail(o outcome, name, message string) {
	s.so.Failed++
	s.so.Codes[name]++
	if len(s.so.Failures) < told {
		s.so.Failures = append(s.so.Failures, Failure{
			At: o.due.Seconds(), After: milliseconds(o.latency.Microseconds()), Code: name, Message: message,
		})
	}
}

// summary is a copy of the sums so far.
func (s *sums) summary(elapsed time.Duration) Summary {
	s.mu.Lock()
	defer s.mu.Unlock()
	so := s.so
	so.Seconds = float64(elapsed.Milliseconds()) / 1000
	so.Codes, so.Tiers, so.Reasons = maps.Clone(so.Codes), maps.Clone(so.Tiers), maps.Clone(so.Reasons)
	so.Failures = slices.Clone(so.Failures)
	so.Latency, so.Late = percentiles(s.latency), percentiles(s.late)
	return so
}

func record(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(d.Microseconds(), 1), longest.Microseconds())) // it is in range
}

func percentiles(h *hdrhistogram.Histogram) Percentiles {
	at := func(p float64) float64 { return milliseconds(h.ValueAtPercentile(p)) }
	return Percentiles{P50: at(50), P95: at(95), P99: at(99), Max: at(100)}
}

// milliseconds rounds to what a reader wants to know.
func milliseconds(us int64) float64 { return math.Round(float64(us)/10) / 100 }

func tierName(t repliv1.Tier) string { return strings.TrimPrefix(t.String(), "TIER_") }
