// Package history owns what the gateway remembers of the last quarter of an hour: how many answers of which tier there were,
// how long they took, why they were degraded, and the last of those one by one.
//
// It is written to by every request, so it waits for nothing but to keep a degraded answer, of which it takes a few a second
// only. It knows no user, and its size does not depend on what callers send. Times come from its callers.
package history

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

const (
	// Width is the time that one bucket covers.
	Width = 5 * time.Second
	// Span is how far back History goes.
	Span = 15 * time.Minute
	// buckets cover the span, and there is one more: that of now, which is not over yet.
	buckets = int64(Span/Width) + 1
)

// tiers and the others are how many of each the ladder has, and 0, which is none of them.
const (
	tiers      = ladder.Static + 1
	components = ladder.Fallback + 1
	reasons    = ladder.Brownout + 1
)

// Answer is one answer, or what became of a request instead.
type Answer struct {
	// At is when it was ready, and Took how long after the request's arrival.
	At   time.Time
	Took time.Duration
	// Tier is how good it is.
	Tier ladder.Tier
	// Deadline is the caller's, as it is honoured, and Total what is left of it for the steps: the budget. Both are 0 for an
	// answer that no component was asked for.
	Deadline, Total time.Duration
}

// History remembers. Safe for concurrent use.
type History struct {
	ring [buckets]bucket
	mu   sync.Mutex // held while a bucket changes its time

	recent recent
}

// bucket holds what ended within Width. Its numbers are added to without order: one that is read meanwhile may lack a part of an
// answer.
type bucket struct {
	epoch atomic.Int64 // which Width since 1970 this is; 0: none

	tiers              [tiers]atomic.Uint32
	causes             [components][reasons]atomic.Uint32
	refused, abandoned atomic.Uint32

	took            [latencies]atomic.Uint32
	planned, late   atomic.Uint32 // answers with a deadline, and those that came after it
	deadline, total atomic.Uint64 // sums over the planned, in nanoseconds
}

// New returns an empty history.
func New() *History { return &History{} }

// Answered takes an answer into account. It allocates nothing.
func (h *History) Answered(a Answer) {
	b := h.at(a.At)
	b.tiers[inside(a.Tier, tiers)].Add(1)
	b.took[slot(a.Took)].Add(1)
	if a.Deadline > 0 {
		b.planned.Add(1)
		b.deadline.Add(uint64(a.Deadline))
		b.total.Add(uint64(a.Total)) //nolint:gosec // a plan has no negative times
		if a.Took > a.Deadline {
			b.late.Add(1)
		}
	}
}

// Blame counts one reason why an answer was degraded.
func (h *History) Blame(at time.Time, component ladder.Component, reason ladder.Reason) {
	h.at(at).causes[inside(component, components)][inside(reason, reasons)].Add(1)
}

// Refused counts a request that was turned away.
func (h *History) Refused(at time.Time) { h.at(at).refused.Add(1) }

// Abandoned counts a caller that gave up.
func (h *History) Abandoned(at time.Time) { h.at(at).abandoned.Add(1) }

// inside keeps a number that is none of ours from being an index.
func inside[T ~int32](value, count T) T {
	if value < 0 || value >= count {
		return 0
	}
	return value
}

// epoch is which Width since 1970 a time lies in.
func epoch(at time.Time) int64 { return at.UnixNano() / int64(Width) }

// at returns the bucket of a time. The first who comes empties it of what it held a span ago.
func (h *History) at(at time.Time) *bucket {
	e := epoch(at)
	b := &h.ring[uint64(e)%uint64(buckets)] //nolint:gosec // any number will do
	if b.epoch.Load() != e {
		h.mu.Lock()
		defer h.mu.Unlock()
		if b.epoch.Load() != e {
			b.clear()
			b.epoch.Store(e)
		}
	}
	return b
}

func (b *bucket) clear() {
	for i := range b.tiers {
		b.tiers[i].Store(0)
	}
	for i := range b.causes {
		for j := range b.causes[i] {
			b.causes[i][j].Store(0)
		}
	}
	for i := range b.took {
		b.took[i].Store(0)
	}
	b.refused.Store(0)
	b.abandoned.Store(0)
	b.planned.Store(0)
	b.late.Store(0)
	b.deadline.Store(0)
	b.total.Store(0)
}
