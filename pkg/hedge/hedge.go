// Package hedge owns the second copy of a slow read: when the first has taken longer than nearly all others did, another
// is sent, and the first answer of the two counts. A budget of tokens bounds how many copies there are, so that a
// dependency that is slow for everybody does not get twice the work.
//
// It knows no protocol; that a copy was sent, and that it won, are events of the caller's span. Only reads may be hedged: both copies may be carried out.
package hedge

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/typical"
)

const (
	// quantile of the durations after which the second copy is sent.
	quantile = 0.95
	// burst is how many tokens may be saved up.
	burst = 10
	// unit is one token in the words of the balance.
	unit = 1000
)

// Config is the section of the configuration.
type Config struct {
	// Budget is how many copies there may be for each call, 0 to 1; 0 sends none.
	Budget float64 `yaml:"budget"`
	// MinDelay is the least time before a copy is sent: below it, a copy costs more than it saves.
	MinDelay time.Duration `yaml:"min_delay"`
}

// Defaults sends a copy for one call in ten at the most.
func Defaults() Config { return Config{Budget: 0.1, MinDelay: 2 * time.Millisecond} }

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	if !(c.Budget >= 0 && c.Budget <= 1) {
		faults = append(faults, config.Invalid("budget", c.Budget, "0 to 1"))
	}
	if c.MinDelay <= 0 {
		faults = append(faults, config.Invalid("min_delay", c.MinDelay, "more than 0s"))
	}
	return errors.Join(faults...)
}

// Hedger decides when a copy is sent. Safe for concurrent use.
type Hedger struct {
	cfg    Config
	now    func() time.Time
	slow   *typical.Duration
	tokens atomic.Int64 // in units
	sent   atomic.Int64
	won    atomic.Int64
}

// New returns a hedger that has seen nothing yet. It sends no copy before it has seen a call.
func New(cfg Config, now func() time.Time) *Hedger {
	return &Hedger{cfg: cfg, now: now, slow: typical.At(quantile)}
}

// Stats are totals since the start.
type Stats struct {
	// Sent counts the copies, and Won those whose answer counted.
	Sent, Won int64
}

// Stats returns the totals.
func (h *Hedger) Stats() Stats { return Stats{Sent: h.sent.Load(), Won: h.won.Load()} }

// earn adds a call's part of a token.
func (h *Hedger) earn() {
	if balance := h.tokens.Add(int64(h.cfg.Budget * unit)); balance > burst*unit {
		h.tokens.Add(burst*unit - balance)
	}
}

// pay takes a token, if there is one.
func (h *Hedger) pay() bool {
	if h.tokens.Add(-unit) >= 0 {
		return true
	}
	h.tokens.Add(unit)
	return false
}

// errNotSent stands for the answer of a copy that was never sent.
var errNotSent = errors.New("hedge: no second copy was sent")

// errBeaten is why the slower of the two copies was cancelled.
var errBeaten = errors.New("hedge: the other copy answered first")

// Do returns what call returns. When it takes too long and there is a token, call runs a second time beside the first; the
// first answer that is no error counts, and the other is cancelled and waited for: call must return soon once its context
// is done. When both fail, the error is the first one's.
func Do[T any](ctx context.Context, h *Hedger, call func(context.Context) (T, error)) (T, error) {
	started := h.now()
	delay := h.slow.Value()
	h.earn()
	var answer T
	var err error
	if h.cfg.Budget == 0 || delay == 0 {
		answer, err = call(ctx)
	} else {
		answer, err = race(ctx, h, max(delay, h.cfg.MinDelay), call)
	}
	h.slow.Observe(h.now().Sub(started))
	return answer, err
}

// race runs the first copy here and the second, once it is time, in the goroutine of a timer.
func race[T any](ctx context.Context, h *Hedger, delay time.Duration, call func(context.Context) (T, error)) (T, error) {
	first, cancelFirst := context.WithCancelCause(ctx)
	defer cancelFirst(nil)
	second, cancelSecond := context.WithCancelCause(ctx)
	defer cancelSecond(nil)
	var copied T
	failed := errNotSent
	done := make(chan struct{})
	timer := time.AfterFunc(delay, func() {
		defer close(done)
		if !h.pay() {
			return
		}
		h.sent.Add(1)
		trace.SpanFromContext(ctx).AddEvent("repli.hedge.sent")
		if copied, failed = call(second); failed == nil {
			cancelFirst(errBeaten)
		}
	})
	answer, err := call(first)
	if timer.Stop() {
		return answer, err
	}
	if err == nil {
		cancelSecond(errBeaten)
	}
	<-done
	if err != nil && failed == nil {
		h.won.Add(1)
		trace.SpanFromContext(ctx).AddEvent("repli.hedge.won")
		return copied, nil
	}
	return answer, err
}
