package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
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
	steps   ladder.Steps

	user       *featurev1.GetUserResponse
	list       *fallbackv1.SuggestResponse
	candidates *candidates
	ranked     *rankingv1.RankResponse
}

// Recommend answers within the caller's deadline. It returns an error only when the caller has given up, or gave the
// model a feature of the wrong type (INVALID_ARGUMENT); whatever fails behind the gateway lowers the tier instead.
func (s *Service) Recommend(ctx context.Context, request *repliv1.RecommendRequest) (*repliv1.RecommendResponse, error) {
	j := &journey{request: request, started: s.deps.Now()}
	deadline, ok := ctx.Deadline()
	j.plan = s.cfg.Budget.Start(deadline.Sub(j.started), ok)
	j.segment = request.GetSegmentHint()
	if j.segment == "" {
		j.segment = s.segments.Segment(request.GetUserId())
	}

	var wait sync.WaitGroup
	wait.Go(func() { s.suggest(ctx, j) })
	s.getUser(ctx, j)
	wait.Wait()

	list := j.list
	if list == nil {
		list = s.lists.List(j.segment)
	}
	j.candidates = gather(request, list, s.wanted(request), j.user.GetCandidateItemIds())
	if err := s.rank(ctx, j); err != nil {
		return nil, err
	}
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		s.report.abandoned(ctx)
		return nil, err
	}
	response := s.answer(j, list)
	s.report.answered(ctx, j, response, s.deps.Now().Sub(j.started))
	return response, nil
}

// wanted is how many items the fallback's list should hold for a request.
func (s *Service) wanted(request *repliv1.RecommendRequest) int {
	return max(s.cfg.Candidates, int(request.GetCount()))
}

// suggest asks for the candidates that are also the safe answer.
func (s *Service) suggest(ctx context.Context, j *journey) {
	request := &fallbackv1.SuggestRequest{
		Segment:        j.segment,
		ContextItemIds: j.request.GetContextItemIds(),
		ExcludeItemIds: j.request.GetExcludeItemIds(),
		Count:          uint32(s.wanted(j.request)), //nolint:gosec // at most 1000, by Validate and the contract
	}
	j.steps.Fallback = s.step(ctx, ladder.Fallback, j.plan.Fallback, func(ctx context.Context) (err error) {
		j.list, err = clients.Suggest(ctx, s.deps.Suggester, request)
		return err
	})
	if j.list != nil {
		s.lists.Saw(j.list.GetSegment())
	}
}

// getUser asks for the user's features.
func (s *Service) getUser(ctx context.Context, j *journey) {
	request := &featurev1.GetUserRequest{UserId: j.request.GetUserId()}
	j.steps.Feature = s.step(ctx, ladder.Feature, j.plan.Feature, func(ctx context.Context) (err error) {
		j.user, err = clients.GetUser(ctx, s.deps.Users, request)
		return err
	})
	if j.user != nil {
		j.steps.StaleViews = len(j.user.GetOutsideMaxAgeViews()) > 0
		s.segments.Remember(j.request.GetUserId(), j.user.GetSegment())
	}
}

// rank has the candidates scored, if there are features, candidates and time. Its error is the caller's own fault: a
// feature of the request that the model cannot take.
func (s *Service) rank(ctx context.Context, j *journey) error {
	j.steps.Ranking = ladder.Outcome{Component: ladder.Ranking, Reason: ladder.SkippedDependency}
	if j.user == nil || len(j.candidates.ids) == 0 {
		return nil
	}
	granted, ok := s.cfg.Budget.Rank(j.plan, s.deps.Now().Sub(j.started), s.ranking.Median())
	if !ok {
		s.ranking.Forget()
		j.steps.Ranking.Reason = ladder.SkippedNoBudget
		return nil
	}
	request := &rankingv1.RankRequest{
		User:             j.user.GetRow(),
		CandidateItemIds: j.candidates.ids,
		Count:            j.request.GetCount(),
		RequestFeatures:  j.request.GetRequestFeatures(),
		Retrieve:         true,
		ExcludeItemIds:   j.excluded(),
		Affinity:         affinity(j.request.GetUserId()),
	}
	given := len(j.candidates.ids)
	var theirs error
	j.steps.Ranking = s.step(ctx, ladder.Ranking, granted, func(ctx context.Context) error {
		ranked, err := clients.Rank(ctx, s.deps.Ranker, request)
		if err == nil {
			err = j.candidates.join(ranked.GetRetrievedItemIds())
		}
		if err == nil {
			j.ranked = ranked
		}
		theirs = clients.CallersFault(err)
		return err
	})
	s.ranking.Observe(j.steps.Ranking.Spent)
	if j.ranked != nil {
		j.steps.Scored = int(j.ranked.GetScored())
		j.steps.Unscored = given + int(j.ranked.GetRetrieved()) - j.steps.Scored - int(j.ranked.GetUnknown())
		j.steps.Unsearched = j.ranked.GetScanned() < j.ranked.GetScannable()
	}
	return theirs
}

// excluded are the items that must not come back.
func (j *journey) excluded() []string {
	if len(j.request.GetContextItemIds()) == 0 {
		return j.request.GetExcludeItemIds()
	}
	return slices.Concat(j.request.GetExcludeItemIds(), j.request.GetContextItemIds())
}

// step runs one call with its soft deadline: past it the call is cancelled and the gateway stops waiting.
func (s *Service) step(
	ctx context.Context, component ladder.Component, granted time.Duration, call func(context.Context) error,
) ladder.Outcome {
	if granted <= 0 {
		return ladder.Outcome{Component: component, Reason: ladder.SkippedNoBudget}
	}
	started := s.deps.Now()
	soft, cancel := context.WithTimeout(ctx, granted)
	defer cancel()
	err := call(soft)
	outcome := ladder.Outcome{Granted: granted, Spent: s.deps.Now().Sub(started)}
	outcome.Component, outcome.Reason = clients.Classify(component, err)
	s.report.step(ctx, component, outcome, soft.Err() != nil)
	return outcome
}
