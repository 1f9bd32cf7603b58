package gateway

import (
	"context"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/services/gateway/internal/clients"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// strange reports whether most of n items are not in the ranker's table: then they are nobody's.
func strange(ranked *rankingv1.RankResponse, n int) bool { return 2*int(ranked.GetUnknown()) > n }

// known asks the ranker whether items are those of the catalogue. Where it cannot tell, they are taken for it.
func (s *Service) known(ctx context.Context, ids []string) bool {
	ranked, err := clients.Rank(ctx, s.deps.Ranker, &rankingv1.RankRequest{CandidateItemIds: ids, Count: 1})
	return err != nil || !strange(ranked, len(ids))
}

// distrust takes the fallback's list for garbage where the ranker knows few of its items, and returns the list to answer from:
// the last good one then. What the ranker did know stays ranked.
func (s *Service) distrust(j *journey, list *fallbackv1.SuggestResponse) *fallbackv1.SuggestResponse {
	if j.list == nil || j.ranked == nil || !strange(j.ranked, len(j.candidates.scores)) {
		return list
	}
	j.steps.Fallback.Component, j.steps.Fallback.Reason = ladder.Fallback, ladder.InvalidAnswer
	list = s.lists.List(j.segment)
	if j.steps.Scored == 0 {
		j.ranked = nil
		j.candidates = gather(j.request, list, s.most(j.request), j.user.GetCandidateItemIds())
	}
	return list
}
