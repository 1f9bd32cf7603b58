package gateway

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/services/gateway/internal/history"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// note takes an answer into the history: that there was one, and of a degraded one, where there is room, all that shows why.
func (s *Service) note(ctx context.Context, j *journey, response *repliv1.RecommendResponse, ended time.Time) {
	answer := history.Answer{
		At: ended, Took: ended.Sub(j.started), Tier: ladder.Tier(response.GetTier()), Deadline: j.plan.Deadline, Total: j.plan.Total,
	}
	s.history.Answered(answer)
	if model := response.GetModel(); model != "" {
		s.saw(model)
	}
	degradations := response.GetDegradations()
	for _, d := range degradations {
		s.history.Blame(ended, ladder.Component(d.GetComponent()), ladder.Reason(d.GetReason()))
	}
	if len(degradations) == 0 || !s.history.Wants(ended) {
		return
	}
	kept := history.Degraded{
		Answer: answer, Arrived: j.started, Trace: trace.SpanContextFromContext(ctx).TraceID(),
		Steps:   [3]ladder.Outcome{j.steps.Feature, j.steps.Fallback, j.steps.Ranking},
		Segment: response.GetSegment(), Placement: j.request.GetPlacement(),
	}
	for _, d := range degradations {
		kept.Causes = append(kept.Causes, ladder.Degradation{Component: ladder.Component(d.GetComponent()), Reason: ladder.Reason(d.GetReason())})
	}
	s.history.Keep(kept)
}

// saw remembers which model answered; while it is always the same one, that is nothing new.
func (s *Service) saw(model string) {
	if last := s.model.Load(); last != nil && *last == model {
		return
	}
	another := model
	s.model.Store(&another)
}
