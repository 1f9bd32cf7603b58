package ranking

import (
	"context"
	"math"
	"time"

	"github.com/repli-mesh/repli/services/ranking/internal/binding"
)

const (
	// blockItems is how many candidates are scored between two looks at the clock.
	blockItems = 256
	// leastItems are scored whatever the time: with fewer, an answer is not worth its way.
	leastItems = 64
	// answering is kept of the deadline for the way back.
	answering = time.Millisecond
)

// score runs the model on the batch and returns how many candidates have a score: the first ones, as many as there is time for. It
// looks at the clock block by block, so that a request that nobody waits for any more stops soon.
func (s *Service) score(ctx context.Context, model *serving, bound *binding.Binding, w *work) (int, error) {
	ctx, span := s.report.span(ctx, model, "ranking.score")
	defer span.End()
	started := s.now()
	n := affordable(ctx, len(w.scores), started, model.pace.Value())
	for low := 0; low < n; low += blockItems {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if low > 0 && left(ctx, s.now()) <= 0 {
			return low, nil // it takes longer than it usually does
		}
		high := min(low+blockItems, n)
		if err := model.Scorer.Score(ctx, w.batch.Slice(bound, low, high), w.scores[low:high]); err != nil {
			return 0, err
		}
	}
	if n >= leastItems {
		model.pace.Observe(s.now().Sub(started) / time.Duration(n))
	}
	return n, nil
}

// affordable is how many of n candidates can be scored by the deadline at the usual pace; leastItems at the least. All, where
// the pace is not known.
func affordable(ctx context.Context, n int, now time.Time, pace time.Duration) int {
	if pace <= 0 {
		return n
	}
	return min(n, max(leastItems, int(left(ctx, now)/pace)))
}

// left is the time for scoring; without a deadline there is no end to it.
func left(ctx context.Context, now time.Time) time.Duration {
	deadline, limited := ctx.Deadline()
	if !limited {
		return math.MaxInt64
	}
	return deadline.Sub(now) - answering
}
