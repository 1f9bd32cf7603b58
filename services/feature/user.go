package feature

import (
	"context"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/cache"
	"github.com/repli-mesh/repli/pkg/fault"
)

// GetUser returns every feature of one user: the row in memory while that is within its time to live, else one read of the
// store. A row in memory that is past its time to live is returned, and says so, when the store has no newer one in time.
// It returns when ctx is done, whatever the store does. The response may be shared and must not be changed.
//
// Errors: fault.Unavailable with a reason that starts with STORE_ when the store fails, STORE_CIRCUIT_OPEN when it is known
// to; fault.Overloaded with STORE_BUSY when too many reads are under way; those of ctx.
func (s *Service) GetUser(ctx context.Context, request *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
	answer, err := s.answer(ctx, request.GetUserId())
	if err != nil {
		return nil, err
	}
	s.tally.count(answer)
	traced(ctx, answer.response)
	return answer.response, nil
}

func (s *Service) answer(ctx context.Context, id string) (*answer, error) {
	if s.reads == nil {
		record, err := s.store.user(ctx, id, false)
		if err != nil {
			return nil, err
		}
		return s.form.answer(record, s.deps.Now()), nil
	}
	ctx, span := s.store.report.cached(ctx)
	found, err := s.reads.user(ctx, id)
	span.SetAttributes(cacheStates[found.State]...)
	span.End()
	if err != nil {
		return nil, refusal(err)
	}
	answer := found.Value.answer(s.form, s.deps.Now())
	if found.State == cache.Stale {
		return answer.stale(fault.Reason(refusal(found.Cause))), nil
	}
	return answer, nil
}
