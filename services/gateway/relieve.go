package gateway

import (
	"context"
	"time"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/overload"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// priorities translates those of the contract.
var priorities = map[repliv1.Priority]overload.Priority{
	repliv1.Priority_PRIORITY_CRITICAL: overload.Critical, repliv1.Priority_PRIORITY_SHEDDABLE: overload.Sheddable,
}

// errOverloaded refuses what may be refused.
var errOverloaded = fault.New(fault.Overloaded, "OVERLOADED",
	"priority: is PRIORITY_SHEDDABLE, and the gateway has more than twice the work that it is sized for")

// relieve answers from memory alone, at a small part of the cost of a full answer: the gateway has more work than it can do.
func (s *Service) relieve(ctx context.Context, request *repliv1.RecommendRequest, started time.Time) *repliv1.RecommendResponse {
	j := &journey{request: request, started: started, segment: s.segmentOf(request)}
	list, current := s.lists.Current(j.segment)
	if len(request.GetContextItemIds()) > 0 {
		current = false // the fallback service would have looked at them
	}
	j.candidates = gather(request, list, int(request.GetCount()), nil)
	tier, why := ladder.Relieved(current)
	response := &repliv1.RecommendResponse{
		Tier:             repliv1.Tier(tier),
		Degradations:     describe([]ladder.Degradation{why}),
		Coverage:         coverage(j),
		RecommendationId: newID(),
		SnapshotTime:     list.GetSnapshotTime(),
		Segment:          list.GetSegment(),
		Items:            j.candidates.safe(int(request.GetCount())),
	}
	ended := s.deps.Now()
	s.report.answered(ctx, j, response, ended.Sub(started))
	s.note(ctx, j, response, ended)
	return response
}
