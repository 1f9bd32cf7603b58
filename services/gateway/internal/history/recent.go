package history

import (
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

const (
	// Kept is how many degraded answers are remembered one by one.
	Kept = 50
	// PerSecond is how many are taken in a second in the long run: while nearly all answers are degraded there is more to do
	// than to write them down.
	PerSecond = 5
	// maxText bounds what a caller or a peer named, in bytes.
	maxText = 64
)

// Degraded is a degraded answer with what is needed to see where its time went.
type Degraded struct {
	Answer
	// Number tells it from all others of this process.
	Number uint64
	// Arrived is when the request came.
	Arrived time.Time
	// Steps are the calls of the feature, fallback and ranking service; all are zero for an answer from memory.
	Steps [3]ladder.Outcome
	// Segment is the one that the list was of, and Placement what the caller said, each cut to 64 bytes.
	Segment, Placement string
	// Trace is the trace's id; not valid where there is none.
	Trace trace.TraceID
	// Causes are why it is degraded, in the ladder's order; they say no times.
	Causes []ladder.Degradation
}

// recent are the last degraded answers.
type recent struct {
	due atomic.Int64 // when there will be room for Kept again, in nanoseconds since 1970

	mu    sync.Mutex
	ring  [Kept]Degraded
	count uint64 // how many there have been
}

// Wants says whether a degraded answer at that time should be kept; it is to be asked before one is put together. After true,
// Keep follows. As many as there is room for may come at once; each makes room for itself again after a while.
func (h *History) Wants(at time.Time) bool {
	const gap, all = int64(time.Second / PerSecond), int64(Kept * time.Second / PerSecond)
	now, r := at.UnixNano(), &h.recent
	for {
		due := r.due.Load()
		from := max(due, now)
		if from-now > all {
			from = now // the clock was set back
		}
		if from-now > all-gap {
			return false
		}
		if r.due.CompareAndSwap(due, from+gap) {
			return true
		}
	}
}

// Keep remembers a degraded answer.
func (h *History) Keep(d Degraded) {
	d.Segment, d.Placement = cut(d.Segment), cut(d.Placement)
	r := &h.recent
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	d.Number = r.count
	r.ring[r.count%Kept] = d
}

// Recent returns the degraded answers that are remembered, newest first.
func (h *History) Recent() []Degraded {
	r := &h.recent
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]Degraded, 0, min(r.count, Kept))
	for n := r.count; n > 0 && n+Kept > r.count; n-- {
		list = append(list, r.ring[n%Kept])
	}
	return list
}

// cut copies a text that is too long, so that all of it is not kept.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	return string([]byte(text[:maxText]))
}
