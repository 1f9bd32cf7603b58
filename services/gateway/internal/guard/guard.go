// Package guard owns the gateway's restraint towards one peer: how many calls may be under way at a time, and that a peer
// which has shown to fail is not asked any more until a probe, which no user waits for, finds it well.
//
// It calls nothing but the probe that it is given.
package guard

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/repli-mesh/repli/pkg/breaker"
	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// Config is the section of the configuration for one peer.
type Config struct {
	// MaxConcurrent is how many calls may be under way.
	MaxConcurrent int `yaml:"max_concurrent"`
	// Patience is how long a call must have been waited for before its silence speaks against the peer: what a caller's own
	// short deadline cuts off does not.
	Patience time.Duration `yaml:"patience"`
	// Breaker says when the peer is not asked any more.
	Breaker breaker.Config `yaml:"breaker"`
}

// Defaults lets a hung peer hold a thousand calls at the most, and none after a second.
func Defaults() Config {
	return Config{MaxConcurrent: 1000, Patience: 20 * time.Millisecond, Breaker: breaker.Defaults()}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	faults := []error{config.Under("breaker", c.Breaker.Validate())}
	if c.MaxConcurrent < 1 {
		faults = append(faults, config.Invalid("max_concurrent", c.MaxConcurrent, "at least 1"))
	}
	if c.Patience <= 0 {
		faults = append(faults, config.Invalid("patience", c.Patience, "more than 0s"))
	}
	return errors.Join(faults...)
}

// Guard stands before one peer. Safe for concurrent use; but Run is for one goroutine.
type Guard struct {
	cfg       Config
	component ladder.Component
	breaker   *breaker.Breaker
	working   atomic.Int64
	met       atomic.Bool // the peer has answered at least once
}

// What the end of a call says of the peer, in the form that a breaker takes.
var (
	errFailed  = errors.New("the peer failed")
	errNothing = errors.New("the call says nothing of the peer")
)

func judge(err error) breaker.Verdict {
	switch {
	case err == nil:
		return breaker.Success
	case errors.Is(err, errFailed):
		return breaker.Failure
	default:
		return breaker.Neither
	}
}

// New returns a guard before a component. probe asks the peer for what the last call asked for, waits as long as patience
// at the most, and says how it ended, with None for a good answer.
func New(cfg Config, component ladder.Component, probe func(context.Context) ladder.Outcome) *Guard {
	g := &Guard{cfg: cfg, component: component}
	g.breaker = breaker.New(cfg.Breaker, breaker.Deps{
		Judge:        judge,
		Probe:        func(ctx context.Context) error { return g.verdict(probe(ctx)) },
		ProbeTimeout: cfg.Patience,
	})
	return g
}

// Pass is a call that was let through. The zero value is none.
type Pass struct {
	guard *Guard
	done  func(error)
}

// Enter lets a call through, or says why not. What is let through ends with Pass.Leave.
func (g *Guard) Enter() (Pass, ladder.Reason) {
	if g.working.Add(1) > int64(g.cfg.MaxConcurrent) {
		g.working.Add(-1)
		return Pass{}, ladder.Overloaded
	}
	done, ok := g.breaker.Allow()
	if !ok {
		g.working.Add(-1)
		return Pass{}, ladder.CircuitOpen
	}
	return Pass{g, done}, ladder.None
}

// Leave ends a call with its outcome.
func (p Pass) Leave(o ladder.Outcome) {
	p.guard.working.Add(-1)
	p.done(p.guard.verdict(o))
}

// verdict is nil for an answer, also one that says what is wrong: a peer that says so is there. One that has not come up yet
// refuses at once, which costs nobody anything, and must not be held against it when it has.
func (g *Guard) verdict(o ladder.Outcome) error {
	if o.Component != g.component {
		return nil
	}
	switch o.Reason {
	case ladder.None:
		g.met.Store(true)
		return nil
	case ladder.Unavailable:
		if !g.met.Load() {
			return errNothing
		}
		return errFailed
	case ladder.Failed, ladder.InvalidAnswer:
		return errFailed
	case ladder.SoftDeadline:
		if o.Granted >= g.cfg.Patience && o.Spent >= o.Granted {
			return errFailed
		}
		return errNothing
	case ladder.Overloaded:
		return errNothing
	default:
		return nil
	}
}

// Stats is how a guard stands.
type Stats struct {
	breaker.Stats
	// Working is how many calls are under way.
	Working int
}

// Stats returns how the guard stands.
func (g *Guard) Stats() Stats { return Stats{g.breaker.Stats(), int(g.working.Load())} }

// Run probes while the peer is not asked, until ctx is done, and then returns nil.
func (g *Guard) Run(ctx context.Context) error { return g.breaker.Run(ctx) }
