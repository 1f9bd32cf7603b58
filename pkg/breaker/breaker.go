// Package breaker owns circuit breakers: what a dependency has shown to fail is not asked any more, until a probe of our
// own, and not a user's request, finds it well.
//
// It counts by github.com/failsafe-go/failsafe-go, knows no dependency in particular, and calls nothing but the functions
// it is given.
package breaker

import (
	"context"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// Verdict is what the end of a call says about a dependency.
type Verdict uint8

const (
	// Neither says nothing: the call was cancelled, or had less time than the dependency may take.
	Neither Verdict = iota
	// Success is an answer, also one that refuses what only this call asked for.
	Success
	// Failure is what opens the circuit when there is enough of it.
	Failure
)

// Deps are what a breaker works with; all are set.
type Deps struct {
	// Judge gives the verdict on what a call returned; nil is among it. Safe for concurrent use.
	Judge func(error) Verdict
	// Probe asks the dependency for something cheap that a call would ask for. It ends with its context.
	Probe func(context.Context) error
	// ProbeTimeout bounds a probe: as long as a call may take.
	ProbeTimeout time.Duration
}

// Breaker is a circuit breaker. Safe for concurrent use; but Run is for one goroutine.
type Breaker struct {
	cfg     Config
	deps    Deps
	circuit circuitbreaker.CircuitBreaker[any]
	opened  chan struct{} // has room for one
	record  func(error)   // made once, so that Allow allocates nothing

	opens, refused, probes atomic.Uint64
}

// Stats are the figures of a breaker since its start.
type Stats struct {
	// Open says whether the circuit is open now.
	Open bool
	// Opened is how often it opened, Refused how many calls it refused, Probes how often it probed.
	Opened, Refused, Probes uint64
}

// New returns a closed breaker. The configuration must be valid. Without Run, a circuit that opens stays open.
func New(cfg Config, deps Deps) *Breaker {
	b := &Breaker{cfg: cfg, deps: deps, opened: make(chan struct{}, 1)}
	b.record = b.judge
	b.circuit = circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(cfg.Share, uint(cfg.Calls), cfg.Window).
		WithDelay(math.MaxInt64). // Run closes it, no user's call tries
		OnOpen(func(circuitbreaker.StateChangedEvent) { b.wake() }).
		Build()
	return b
}

// Allow says whether the dependency may be called. When it may, done has to be called with what the call returned, once.
func (b *Breaker) Allow() (done func(error), ok bool) {
	if !b.circuit.TryAcquirePermit() {
		b.refused.Add(1)
		return nil, false
	}
	return b.record, true
}

// Open says whether calls are refused now.
func (b *Breaker) Open() bool { return b.circuit.IsOpen() }

// Stats returns the figures of now.
func (b *Breaker) Stats() Stats {
	return Stats{Open: b.Open(), Opened: b.opens.Load(), Refused: b.refused.Load(), Probes: b.probes.Load()}
}

// Run probes whenever the circuit is open, one probe at a time, until ctx is done. The first success closes the circuit.
func (b *Breaker) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.opened:
			b.restore(ctx)
		}
	}
}

func (b *Breaker) judge(err error) {
	switch b.deps.Judge(err) {
	case Success:
		b.circuit.RecordSuccess()
	case Failure:
		b.circuit.RecordFailure()
	case Neither:
	}
}

func (b *Breaker) wake() {
	b.opens.Add(1)
	select {
	case b.opened <- struct{}{}:
	default:
	}
}

// restore returns once the circuit is closed, or ctx done.
func (b *Breaker) restore(ctx context.Context) {
	wait := time.NewTimer(b.pause())
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		if b.probe(ctx) {
			b.circuit.Close()
			return
		}
		wait.Reset(b.pause())
	}
}

// probe says whether the dependency answers.
func (b *Breaker) probe(ctx context.Context) bool {
	b.probes.Add(1)
	ctx, cancel := context.WithTimeout(ctx, b.deps.ProbeTimeout)
	defer cancel()
	return b.deps.Judge(b.deps.Probe(ctx)) == Success
}

// pause is ProbeEvery, give or take a quarter, so that many processes do not probe as one.
func (b *Breaker) pause() time.Duration {
	return time.Duration(float64(b.cfg.ProbeEvery) * (0.75 + rand.Float64()/2)) //nolint:gosec // no secret
}
