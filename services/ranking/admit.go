package ranking

import (
	"context"
	"sync/atomic"
	"time"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/typical"
)

// turns bounds how many requests are at work, and knows how long a turn takes. Safe for concurrent use.
type turns struct {
	slots   chan struct{} // one for each request at work
	waiting atomic.Int64
	usual   typical.Duration
}

// take waits for a turn, which ends with give. Where so many wait that it would not come before the deadline, it says so at
// once: whoever asks has a better use for the time.
func (t *turns) take(ctx context.Context, now time.Time) error {
	select {
	case t.slots <- struct{}{}:
		return nil
	default:
	}
	ahead := t.waiting.Add(1)
	defer t.waiting.Add(-1)
	deadline, limited := ctx.Deadline()
	wait := t.wait(ahead)
	if limited && wait > 0 && now.Add(wait).After(deadline) {
		shed(ctx)
		return fault.New(fault.Overloaded, "BUSY", "%d requests are at work and %d wait", cap(t.slots), ahead-1)
	}
	select {
	case t.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait is how long the last of those that wait will; 0 while nothing is known.
func (t *turns) wait(ahead int64) time.Duration {
	return t.usual.Value() * time.Duration(ahead) / time.Duration(cap(t.slots))
}

func (t *turns) give() { <-t.slots }

// admit ranks when it is the request's turn.
func (s *Service) admit(ctx context.Context, request *rankingv1.RankRequest) (*rankingv1.RankResponse, error) {
	if err := s.turns.take(ctx, s.now()); err != nil {
		return nil, err
	}
	defer s.turns.give()
	if err := ctx.Err(); err != nil {
		return nil, err // it waited until nobody wants the answer
	}
	started := s.now()
	w := s.works.Get().(*work)
	defer s.works.Put(w)
	response, err := s.rank(ctx, request, w)
	if err == nil {
		s.turns.usual.Observe(s.now().Sub(started))
	}
	return response, err
}
