// Package timeline owns what is computed from the answers of one scenario: counts, percentiles, buckets for plots, and when
// all was well again. It is arithmetic: no clock, no I/O.
package timeline

import (
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"google.golang.org/grpc/codes"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

const (
	// Step is the length of a bucket.
	Step = 100 * time.Millisecond
	// window is the sliding two seconds of recovery, in buckets.
	window = int(2 * time.Second / Step)
	// well is the share of PERSONALIZED answers from which on a mesh has recovered.
	well = 0.99
	// longest is the largest latency that is told apart.
	longest = time.Minute
)

// Sample is one request and what became of it.
type Sample struct {
	// At is when it was due, since the load began.
	At time.Duration
	// Late is how much later than that it was sent.
	Late time.Duration
	// Latency is the time from when it was due until its end.
	Latency time.Duration
	// Deadline is what its caller allowed.
	Deadline time.Duration
	// Code is the outcome.
	Code codes.Code
	// Tier is that of the answer; unspecified without one.
	Tier repliv1.Tier
	// Sheddable says that it might be refused.
	Sheddable bool
	// Retry says that the caller asked again.
	Retry bool
	// NewUser says that the answer is for a user whom the store does not know.
	NewUser bool
	// Unsound says what is wrong with the answer; empty when nothing is.
	Unsound string
	// Degradations are those of the answer.
	Degradations []Degradation
}

// Degradation is a component and the reason for which it did not give its full answer.
type Degradation struct {
	Component repliv1.Component
	Reason    repliv1.Reason
}

// Shed says whether the request was refused and might be.
func (s Sample) Shed() bool { return s.Code == codes.ResourceExhausted && s.Sheddable }

// Failed says whether the request ended without an answer, except where it might be refused and was.
func (s Sample) Failed() bool { return s.Code != codes.OK && !s.Shed() }

// Good says whether the request was answered inside its deadline, counted from when it was due.
func (s Sample) Good() bool { return s.Code == codes.OK && s.Latency <= s.Deadline }

// Between returns the samples that were due in [from, to).
func Between(samples []Sample, from, to time.Duration) []Sample {
	var found []Sample
	for _, s := range samples {
		if s.At >= from && s.At < to {
			found = append(found, s)
		}
	}
	return found
}

// Count returns how many of the samples the predicate holds for.
func Count(samples []Sample, holds func(Sample) bool) int {
	n := 0
	for _, s := range samples {
		if holds(s) {
			n++
		}
	}
	return n
}

// Ratio is a part of a whole, and 0 of nothing.
func Ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// Quantiles computes percentiles again and again in the same memory. Not safe for concurrent use.
type Quantiles struct{ histogram *hdrhistogram.Histogram }

// NewQuantiles returns an empty one.
func NewQuantiles() *Quantiles {
	return &Quantiles{hdrhistogram.New(1, longest.Microseconds(), 3)}
}

// Of returns the percentiles, 0 to 100, of the latencies of the samples; zeros without samples.
func (q *Quantiles) Of(samples []Sample, percentiles ...float64) []time.Duration {
	q.histogram.Reset()
	for _, s := range samples {
		us := min(max(s.Latency.Microseconds(), 1), longest.Microseconds())
		_ = q.histogram.RecordValue(us) // it is in range
	}
	found := make([]time.Duration, len(percentiles))
	for i, p := range percentiles {
		if len(samples) > 0 {
			found[i] = time.Duration(q.histogram.ValueAtPercentile(p)) * time.Microsecond
		}
	}
	return found
}

// Bucket is what was due in one Step.
type Bucket struct {
	// At is its begin, in ms since the load began.
	At int64 `json:"at_ms"`
	// Tiers are the answers by tier, from PERSONALIZED to STATIC.
	Tiers [5]int `json:"tiers"`
	// Failed and Shed are the other outcomes.
	Failed int `json:"failed"`
	Shed   int `json:"shed"`
	// P50, P95 and P99 are percentiles of latencies in ms.
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
}

// Buckets cuts [0, end) into steps.
func Buckets(samples []Sample, end time.Duration) []Bucket {
	q := NewQuantiles()
	steps := split(samples, 0, end)
	buckets := make([]Bucket, len(steps))
	for i, step := range steps {
		b := &buckets[i]
		b.At = (time.Duration(i) * Step).Milliseconds()
		for _, s := range step {
			switch {
			case s.Shed():
				b.Shed++
			case s.Failed():
				b.Failed++
			case s.Tier >= repliv1.Tier_TIER_PERSONALIZED && s.Tier <= repliv1.Tier_TIER_STATIC:
				b.Tiers[s.Tier-1]++
			}
		}
		of := q.Of(step, 50, 95, 99)
		b.P50, b.P95, b.P99 = Milliseconds(of[0]), Milliseconds(of[1]), Milliseconds(of[2])
	}
	return buckets
}

// Milliseconds is the duration as a number for reports.
func Milliseconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Microsecond).Microseconds()) / 1000
}

// split sorts the samples of [from, to) into steps; a last one that is not whole is left out.
func split(samples []Sample, from, to time.Duration) [][]Sample {
	steps := make([][]Sample, max(0, (to-from)/Step))
	for _, s := range samples {
		if i := int((s.At - from) / Step); s.At >= from && i < len(steps) {
			steps[i] = append(steps[i], s)
		}
	}
	return steps
}

// Recovered returns after how long, from the fault's end, 99 % of the answers of every sliding two seconds are PERSONALIZED
// until end, in steps of Step; false when they are not at the end, or when less than two seconds were seen.
func Recovered(samples []Sample, faultEnd, end time.Duration) (time.Duration, bool) {
	steps := split(samples, faultEnd, end)
	personal := func(s Sample) bool { return s.Code == codes.OK && s.Tier == repliv1.Tier_TIER_PERSONALIZED }
	first := -1
	for start := len(steps) - window; start >= 0; start-- {
		seen := slices.Concat(steps[start : start+window]...)
		if len(seen) == 0 || Ratio(Count(seen, personal), len(seen)) < well {
			break
		}
		first = start
	}
	return time.Duration(first) * Step, first >= 0
}
