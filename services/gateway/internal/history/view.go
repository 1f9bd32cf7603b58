package history

import (
	"time"

	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// View is the sum of some time.
type View struct {
	// From is its beginning, and For how long it is.
	From time.Time
	For  time.Duration
	// Tiers counts answers; index 0 counts those of no known tier.
	Tiers [tiers]uint64
	// Causes counts the reasons of degraded answers, by component and reason.
	Causes [components][reasons]uint64
	// Refused were turned away, Abandoned given up by their callers.
	Refused, Abandoned uint64
	// Took is how long answers took.
	Took Latencies
	// Planned had a deadline, of which Late came after it.
	Planned, Late uint64

	deadline, total uint64
}

// Answers is how many there were.
func (v *View) Answers() uint64 {
	sum := uint64(0)
	for _, n := range v.Tiers {
		sum += n
	}
	return sum
}

// Deadline is the mean of the callers' deadlines, and Total that of the budgets; 0 where there were none.
func (v *View) Deadline() time.Duration { return v.mean(v.deadline) }

// Total is the mean of what was left of the deadlines for the steps; 0 where there were none.
func (v *View) Total() time.Duration { return v.mean(v.total) }

func (v *View) mean(sum uint64) time.Duration {
	if v.Planned == 0 {
		return 0
	}
	return time.Duration(sum / v.Planned) //nolint:gosec // a mean of durations
}

func (v *View) add(b *bucket) {
	for i := range v.Tiers {
		v.Tiers[i] += uint64(b.tiers[i].Load())
	}
	for i := range v.Causes {
		for j := range v.Causes[i] {
			v.Causes[i][j] += uint64(b.causes[i][j].Load())
		}
	}
	for i := range v.Took {
		v.Took[i] += uint64(b.took[i].Load())
	}
	v.Refused += uint64(b.refused.Load())
	v.Abandoned += uint64(b.abandoned.Load())
	v.Planned += uint64(b.planned.Load())
	v.Late += uint64(b.late.Load())
	v.deadline += b.deadline.Load()
	v.total += b.total.Load()
}

// Last returns the sum of the last whole buckets of so much time, and of what has passed of the one of now.
func (h *History) Last(now time.Time, span time.Duration) View {
	last := epoch(now)
	v := View{From: time.Unix(0, (last-int64(span/Width))*int64(Width))}
	v.For = now.Sub(v.From)
	h.sum(&v, last-int64(span/Width), last)
	return v
}

// Course returns the last quarter of an hour in parts, oldest first, each of so much time: a multiple of Width that divides
// Span. The newest part ends with the last whole bucket, and may be shorter than the others; a part that has no whole bucket
// yet is not there.
func (h *History) Course(now time.Time, width time.Duration) []View {
	per := int64(width / Width)
	end := epoch(now) // not with it
	first := (end/per - int64(Span/width) + 1) * per
	list := make([]View, 0, Span/width)
	for from := first; from < end; from += per {
		to := min(from+per, end)
		v := View{From: time.Unix(0, from*int64(Width)), For: time.Duration(to-from) * Width}
		h.sum(&v, from, to-1)
		list = append(list, v)
	}
	return list
}

// sum adds up the buckets of some epochs, the last with them.
func (h *History) sum(v *View, from, to int64) {
	for i := range h.ring {
		if e := h.ring[i].epoch.Load(); e >= from && e <= to && e != 0 {
			v.add(&h.ring[i])
		}
	}
}

// Worst returns the component and reason that most answers were degraded for; None where there is none. A step that was left out
// for want of another one's answer is no reason of its own.
func (v *View) Worst() (ladder.Component, ladder.Reason) {
	most, component, reason := uint64(0), ladder.Component(0), ladder.None
	for c := range v.Causes {
		for r, n := range v.Causes[c] {
			if n > most && ladder.Reason(r) != ladder.SkippedDependency {
				most, component, reason = n, ladder.Component(c), ladder.Reason(r)
			}
		}
	}
	return component, reason
}
