package gateway

import (
	"context"
	"slices"
	"sync"
	"time"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/overload"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/services/gateway/internal/clients"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
	"github.com/repli-mesh/repli/services/gateway/internal/plan"
)

// journey is one request on its way. Its fields are written by one goroutine at a time.
type journey struct {
	request *repliv1.RecommendRequest
	started time.Time
	plan    plan.Plan
	segment string
	wanted  int // how many items the fallback's list should hold
	steps   ladder.Steps

	user       *featurev1.GetUserResponse
	list       *fallbackv1.SuggestResponse
	candidates *candidates
	ranked     *rankingv1.RankResponse
	waits      time.Duration // for a processor, by the time the request came
}

// Recommend answers within the caller's deadline. It returns an error only when the caller has given up, gave the model a
// feature of the wrong type (INVALID_ARGUMENT), or said that it may be refused when there is far too much to do
// (RESOURCE_EXHAUSTED); whatever fails behind the gateway lowers the tier instead.
func (s *Service) Recommend(ctx context.Context, request *repliv1.RecommendRequest) (*repliv1.RecommendResponse, error) {
	started := s.deps.Now()
	rpc.TellTrace(ctx)
	switch s.limiter.Admit(priorities[request.GetPriority()]) {
	case overload.Refuse:
		s.report.refused(ctx)
		s.history.Refused(started)
		return nil, errOverloaded
	case overload.Cheap:
		return s.relieve(ctx, request, started), nil
	}
	defer s.limiter.Done()
	span := s.report.span(ctx, "gateway.plan")
	// An answer that is ready waits for a processor too before it is on its way.
	j := &journey{request: request, started: started, segment: s.segmentOf(request), waits: s.limiter.Delay()}
	deadline, ok := ctx.Deadline()
	j.plan = s.cfg.Budget.Start(deadline.Sub(j.started)-j.waits, ok)
	j.wanted = s.quality.Of(s.most(request), int(request.GetCount()))
	span.End()

	var wait sync.WaitGroup
	wait.Go(func() { s.suggest(ctx, j) })
	s.getUser(ctx, j)
	wait.Wait()
	if s.abandoned(ctx) {
		return nil, ctx.Err()
	}
	foresee(ctx, &j.steps)

	span = s.report.span(ctx, "gateway.gather")
	list := j.list
	if list == nil {
		list = s.lists.List(j.segment)
	}
	j.candidates = gather(request, list, j.wanted, j.user.GetCandidateItemIds())
	span.End()
	if err := s.rank(ctx, j); err != nil {
		return nil, err
	}
	if s.abandoned(ctx) {
		return nil, ctx.Err()
	}
	span = s.report.span(ctx, "gateway.assemble")
	response := s.answer(j, s.distrust(j, list))
	span.End()
	s.finish(ctx, j, response)
	return response, nil
}

// abandoned says whether the caller has given up, and counts it.
func (s *Service) abandoned(ctx context.Context) bool {
	if !gaveUp(ctx) {
		return false
	}
	s.report.abandoned()
	s.history.Abandoned(s.deps.Now())
	return true
}

// finish reports an answer, to the caller too where the request asks for it.
func (s *Service) finish(ctx context.Context, j *journey, response *repliv1.RecommendResponse) {
	ended := s.deps.Now()
	took := ended.Sub(j.started)
	if j.request.GetDebug() {
		response.Debug = j.debug(ctx, response, took)
	}
	s.report.answered(ctx, j, response, took)
	s.note(ctx, j, response, ended)
}

// most is how many items the fallback's list should hold for a request while ranking is quick.
func (s *Service) most(request *repliv1.RecommendRequest) int {
	return max(s.cfg.Candidates, int(request.GetCount()))
}

// segmentOf is what is known of the user's segment before anybody was asked.
func (s *Service) segmentOf(request *repliv1.RecommendRequest) string {
	if hint := request.GetSegmentHint(); hint != "" {
		return hint
	}
	return s.segments.Segment(request.GetUserId())
}

// suggest asks for the candidates that are also the safe answer.
func (s *Service) suggest(ctx context.Context, j *journey) {
	j.list, j.steps.Fallback, _ = s.fallback.ask(ctx, j.plan.Fallback, &fallbackv1.SuggestRequest{
		Segment:        j.segment,
		ContextItemIds: j.request.GetContextItemIds(),
		ExcludeItemIds: j.request.GetExcludeItemIds(),
		Count:          uint32(j.wanted), //nolint:gosec // at most 1000, by Validate and the contract
	}, nil)
	if j.list != nil {
		s.lists.Saw(j.list.GetSegment())
	}
}

// getUser asks for the user's features. Where they do not come, the last ones that the gateway saw have to do.
func (s *Service) getUser(ctx context.Context, j *journey) {
	id := j.request.GetUserId()
	j.user, j.steps.Feature, _ = s.feature.ask(ctx, j.plan.Feature, &featurev1.GetUserRequest{UserId: id}, nil)
	switch {
	case j.user == nil:
		j.user = s.rows.Row(id, s.deps.Now())
		j.steps.Stale = j.user != nil
	case j.user.GetStale():
		j.steps.Stale, j.steps.StaleBecause = true, clients.Said(j.user.GetStaleReason())
	default:
		s.rows.Remember(id, j.user, s.deps.Now())
	}
	if j.user != nil {
		j.steps.OldViews = len(j.user.GetOutsideMaxAgeViews()) > 0
		j.steps.UnreadViews = len(j.user.GetUnreadableViews()) > 0
		s.segments.Remember(id, j.user.GetSegment())
	}
}

// rank has the candidates scored, if there are features, candidates and time. Its error is the caller's own fault: a
// feature of the request that the model cannot take.
func (s *Service) rank(ctx context.Context, j *journey) error {
	j.steps.Ranking = ladder.Outcome{Component: ladder.Ranking, Reason: ladder.SkippedDependency}
	if j.user == nil || len(j.candidates.ids) == 0 {
		return nil
	}
	longer := max(0, s.limiter.Delay()-j.waits) // a flood may have come since
	granted, ok := s.cfg.Budget.Rank(j.plan, s.deps.Now().Sub(j.started)+longer, s.usual.Value())
	if !ok {
		s.usual.Forget()
		s.quality.Observe(0, true)
		j.steps.Ranking.Reason = ladder.SkippedNoBudget
		return nil
	}
	j.candidates.withhold(s.quality)
	given := len(j.candidates.ids)
	var err error
	j.ranked, j.steps.Ranking, err = s.ranking.ask(ctx, granted, &rankingv1.RankRequest{
		User:             j.user.GetRow(),
		CandidateItemIds: j.candidates.ids,
		Count:            j.request.GetCount(),
		RequestFeatures:  j.request.GetRequestFeatures(),
		Retrieve:         true,
		ExcludeItemIds:   j.excluded(),
		Affinity:         affinity(j.request.GetUserId()),
		Debug:            j.request.GetDebug(),
	}, func(ranked *rankingv1.RankResponse) error { return j.candidates.join(ranked.GetRetrievedItemIds()) })
	if spent := j.steps.Ranking.Spent; j.steps.Ranking.Granted > 0 && (err == nil || !gaveUp(ctx)) {
		s.usual.Observe(spent)
		s.quality.Observe(spent, j.steps.Ranking.Reason == ladder.SoftDeadline)
	}
	if j.ranked != nil {
		j.steps.Scored = int(j.ranked.GetScored())
		j.steps.Unscored = given + j.candidates.withheld + int(j.ranked.GetRetrieved()) - j.steps.Scored - int(j.ranked.GetUnknown())
		j.steps.Unsearched = j.ranked.GetScanned() < j.ranked.GetScannable()
	}
	return clients.CallersFault(err)
}

// excluded are the items that must not come back.
func (j *journey) excluded() []string {
	if len(j.request.GetContextItemIds()) == 0 {
		return j.request.GetExcludeItemIds()
	}
	return slices.Concat(j.request.GetExcludeItemIds(), j.request.GetContextItemIds())
}
