package gateway

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/repli-mesh/repli/services/gateway/internal/clients"
	"github.com/repli-mesh/repli/services/gateway/internal/guard"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// peer is a service that the gateway asks: Q is what it is asked with, A what it answers. Safe for concurrent use.
type peer[Q, A any] struct {
	component ladder.Component
	call      func(context.Context, *Q) (*A, error)
	guard     *guard.Guard
	patience  time.Duration
	// last is what was asked last, which a probe asks again: so it takes what a request takes.
	last   atomic.Pointer[Q]
	now    func() time.Time
	report *report
}

func newPeer[Q, A any](
	component ladder.Component, cfg guard.Config, deps Deps, report *report, call func(context.Context, *Q) (*A, error),
) *peer[Q, A] {
	p := &peer[Q, A]{component: component, call: call, patience: cfg.Patience, now: deps.Now, report: report}
	p.guard = guard.New(cfg, component, p.probe)
	return p
}

// ask asks with a soft deadline: past it the call is cancelled and the gateway stops waiting. use, where it is not nil, makes
// use of the answer; its error makes the answer an invalid one. The outcome says how it went; the error is what the call
// itself returned.
func (p *peer[Q, A]) ask(
	ctx context.Context, granted time.Duration, request *Q, use func(*A) error,
) (*A, ladder.Outcome, error) {
	if granted <= 0 {
		return nil, ladder.Outcome{Component: p.component, Reason: ladder.SkippedNoBudget}, nil
	}
	pass, reason := p.guard.Enter()
	if reason != ladder.None {
		o := ladder.Outcome{Component: p.component, Reason: reason}
		p.report.step(ctx, p.component, o, false)
		return nil, o, nil
	}
	p.last.Store(request)
	started := p.now()
	soft, cancel := context.WithTimeout(ctx, granted)
	defer cancel()
	answer, err := p.call(soft, request)
	if err == nil && use != nil {
		if err = use(answer); err != nil {
			answer = nil
		}
	}
	o := p.outcome(granted, started, err)
	pass.Leave(o)
	if err == nil || !gaveUp(ctx) { // else it says nothing of the component
		p.report.step(ctx, p.component, o, ctx.Err() == nil && o.Reason == ladder.SoftDeadline)
	}
	return answer, o, err
}

// gaveUp says whether the caller no longer wants its answer.
func gaveUp(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// probe asks what was asked last, for nobody.
func (p *peer[Q, A]) probe(ctx context.Context) ladder.Outcome {
	started := p.now()
	_, err := p.call(ctx, p.last.Load())
	return p.outcome(p.patience, started, err)
}

// outcome says how a call went that has just ended.
func (p *peer[Q, A]) outcome(granted time.Duration, started time.Time, err error) ladder.Outcome {
	o := ladder.Outcome{Started: started, Granted: granted, Spent: p.now().Sub(started)}
	o.Component, o.Reason = clients.Classify(p.component, err)
	return o
}
