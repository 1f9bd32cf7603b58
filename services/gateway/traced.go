package gateway

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/telemetry/trail"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// span starts the span of a part of the gateway's own work, which no call is made in.
func (r *report) span(ctx context.Context, name string) trace.Span {
	_, span := r.tracer.Start(ctx, name) //nolint:spancheck // the caller ends it
	return span                          //nolint:spancheck // as above
}

// foresee has the trace of a request kept as soon as it is clear that the answer will be degraded, so that the ranker, which is
// asked next, keeps its part.
func foresee(ctx context.Context, steps *ladder.Steps) {
	if !steps.Feature.OK() || !steps.Fallback.OK() || steps.Stale || steps.OldViews || steps.UnreadViews {
		trail.Keep(ctx)
	}
}

// traced writes on the request's span how it went, if anybody will see it. No value comes from the caller: the segment is one
// that the snapshot holds.
func traced(ctx context.Context, j *journey, response *repliv1.RecommendResponse, took time.Duration) {
	span, ok := trail.Sampled(ctx)
	if !ok {
		return
	}
	for _, step := range []struct {
		called ladder.Component
		ladder.Outcome
	}{{ladder.Feature, j.steps.Feature}, {ladder.Fallback, j.steps.Fallback}, {ladder.Ranking, j.steps.Ranking}} {
		if step.Component != 0 {
			span.AddEvent("repli.step", ended(step.Outcome), trace.WithAttributes(
				componentOf(step.called), reasonOf(step.Reason), grantedOf(step.Granted), spentOf(step.Spent)))
		}
	}
	attributes := []attribute.KeyValue{
		tierOf(response.GetTier()), grantedOf(j.plan.Total), spentOf(took),
		attribute.Int("repli.candidates", len(j.candidates.ids)),
		attribute.Int("repli.candidates.scored", j.steps.Scored),
		attribute.Float64("repli.coverage", covered(response.GetCoverage())),
		attribute.String("repli.model.version", response.GetModel()),
		attribute.String("repli.segment", response.GetSegment()),
	}
	for i, d := range response.GetDegradations() {
		reason := reasonOf(ladder.Reason(d.GetReason()))
		if i == 0 {
			attributes = append(attributes, reason)
		}
		span.AddEvent("repli.degradation", trace.WithAttributes(componentOf(ladder.Component(d.GetComponent())), reason,
			grantedOf(d.GetGranted().AsDuration()), spentOf(d.GetSpent().AsDuration())))
	}
	span.SetAttributes(attributes...)
}

// ended is when a step was over; of one that was not started, now.
func ended(o ladder.Outcome) trace.EventOption {
	if o.Started.IsZero() {
		return trace.WithTimestamp(time.Now())
	}
	return trace.WithTimestamp(o.Started.Add(o.Spent))
}

// covered is how much of the candidates was scored; of none, all.
func covered(c *repliv1.Coverage) float64 {
	if c.GetCandidates() == 0 {
		return 1
	}
	return float64(c.GetScored()) / float64(c.GetCandidates())
}

func grantedOf(d time.Duration) attribute.KeyValue {
	return attribute.Float64("repli.budget.granted_ms", milliseconds(d))
}

func spentOf(d time.Duration) attribute.KeyValue {
	return attribute.Float64("repli.budget.spent_ms", milliseconds(d))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
