// Package trail owns spans from their start until a batch takes them: it records the part of every trace that is in this
// process, a trail, and decides late, when something degrades, whether the trail is kept after all.
//
// A trail whose trace is sampled is handed on span by span. Any other waits, in memory and bounded in number, spans and time,
// until Keep is called for it or its first span ends; then it goes as a whole, or is forgotten. How many are kept so is bounded
// by a bucket of tokens, because a storm of degraded answers must cost neither the collector nor the answers much.
//
// It implements OpenTelemetry's API for tracers; sampling by ratio, batches, resources and the wire are the SDK's. It knows no
// span by name.
package trail

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// What becomes of a trail. Only undecided changes.
const (
	undecided int32 = iota
	kept            // its spans are handed on
	forgotten
)

// trail is the part of one trace that is in this process, from the first span on. Safe for concurrent use.
type trail struct {
	provider *Provider
	traceID  trace.TraceID
	state    trace.TraceState
	born     time.Time
	decision atomic.Int32

	mu      sync.Mutex
	first   [4]Span // the first ones, in one piece with the trail
	more    []Span  // room for the next ones
	count   int
	waiting *Span // the last of those that ended before the decision
}

// room returns the place of one more span, nil when there are as many as there may be. The lock is held.
func (t *trail) room() *Span {
	if t.count == t.provider.cfg.Spans {
		return nil
	}
	t.count++
	if t.count <= len(t.first) {
		return &t.first[t.count-1]
	}
	if len(t.more) == 0 {
		t.more = make([]Span, len(t.first))
	}
	place := &t.more[0]
	t.more = t.more[1:]
	return place
}

// decide ends the time of doubt, and says whether it was this call that did.
func (t *trail) decide(decision int32) bool {
	if !t.decision.CompareAndSwap(undecided, decision) {
		return false
	}
	t.provider.open.Add(-1)
	t.mu.Lock()
	waiting := t.waiting
	t.waiting = nil
	t.mu.Unlock()
	if decision == kept {
		for ; waiting != nil; waiting = waiting.before {
			t.provider.export(waiting)
		}
	}
	return true
}

// age forgets the trail when it has been undecided for too long.
func (t *trail) age(now time.Time) {
	if now.Sub(t.born) > t.provider.cfg.Age && t.decide(forgotten) {
		t.provider.outlived.Add(1)
	}
}

// keep has the trail kept, if it is undecided and there is a token for it, and says whether it is kept.
func (t *trail) keep() bool {
	if t.decision.Load() == undecided {
		switch {
		case !t.provider.bucket.take(time.Since(t.provider.began)):
			if t.decide(forgotten) {
				t.provider.refused.Add(1)
			}
		case t.decide(kept):
			t.provider.late.Add(1)
		}
	}
	return t.decision.Load() == kept
}

// end takes a span that has ended.
func (t *trail) end(span *Span) {
	t.mu.Lock()
	decision := t.decision.Load() // under the lock: whoever decides takes what waits afterwards
	if decision == undecided && span != &t.first[0] {
		span.before, t.waiting = t.waiting, span
	}
	t.mu.Unlock()
	switch {
	case decision == kept:
		t.provider.export(span)
	case decision == undecided && span == &t.first[0] && !t.decide(forgotten) && t.decision.Load() == kept:
		t.provider.export(span) // somebody had it kept meanwhile
	}
}

// Keep has the trail of the span in ctx kept, whatever the ratio says, as far as the bucket allows, and says whether its spans
// are handed on. Spans that started and even ended before are, too. Calls that are made afterwards carry the sampled flag, so
// that peers keep their parts. Safe for concurrent use; without a trail in ctx it does nothing.
func Keep(ctx context.Context) bool {
	span, ok := trace.SpanFromContext(ctx).(*Span)
	return ok && span.trail.keep()
}

// Sampled returns the span in ctx, and whether it will be handed on, as far as is known: what is dear to make is worth making
// only then. It knows every kind of span.
func Sampled(ctx context.Context) (trace.Span, bool) {
	span := trace.SpanFromContext(ctx)
	return span, span.SpanContext().IsSampled() && span.IsRecording()
}
