package gateway

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

const scope = "github.com/repli-mesh/repli/services/gateway"

// report tells spans, figures and logs what became of a request. Its labels are made once.
type report struct {
	log      *slog.Logger
	tally    *tally
	duration metric.Float64Histogram
	steps    metric.Float64Histogram
	tiers    [][]metric.RecordOption   // by tier
	reasons  [][][]metric.RecordOption // by peer and reason
}

func newReport(signals telemetry.Signals, cfg LabelsConfig) (*report, error) {
	meter := signals.Meter.Meter(scope)
	r := &report{log: signals.Logger, tally: newTally(cfg), reasons: make([][][]metric.RecordOption, len(components))}
	for tier := range tiers {
		r.tiers = append(r.tiers, recorded(tierOf(repliv1.Tier(tier))))
	}
	for peer := range components {
		for reason := range reasons {
			r.reasons[peer] = append(r.reasons[peer],
				recorded(componentOf(ladder.Component(peer)), reasonOf(ladder.Reason(reason))))
		}
	}
	var err [2]error
	r.duration, err[0] = meter.Float64Histogram("repli.gateway.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Time from the request's arrival to its answer, by tier."))
	r.steps, err[1] = meter.Float64Histogram("repli.gateway.step.duration", metric.WithUnit("s"),
		metric.WithDescription("Time that the gateway waited for one component, by component and reason."))
	return r, errors.Join(err[0], err[1], r.tally.describe(meter))
}

// step records one call, and the budget that it was granted and spent on the request's span.
func (r *report) step(ctx context.Context, called ladder.Component, o ladder.Outcome, cancelled bool) {
	r.steps.Record(ctx, o.Spent.Seconds(), r.reasons[called][o.Reason]...)
	if cancelled {
		r.tally.cancelled.by[called].Add(1)
	}
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.AddEvent("repli.step", trace.WithAttributes(
			componentOf(called), reasonOf(o.Reason),
			attribute.Float64("repli.budget.granted_ms", milliseconds(o.Granted)),
			attribute.Float64("repli.budget.spent_ms", milliseconds(o.Spent)),
		))
	}
}

// answered records an answer.
func (r *report) answered(ctx context.Context, j *journey, response *repliv1.RecommendResponse, took time.Duration) {
	r.count(ctx, j.request, response, took)
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(
			tierOf(response.GetTier()),
			attribute.Float64("repli.budget.granted_ms", milliseconds(j.plan.Total)),
			attribute.Float64("repli.budget.spent_ms", milliseconds(took)),
			attribute.Int("repli.candidates", len(j.candidates.ids)),
			attribute.Int("repli.candidates.scored", j.steps.Scored),
			attribute.String("repli.model.version", response.GetModel()),
			attribute.String("repli.segment", response.GetSegment()),
		)
	}
	if len(response.GetDegradations()) > 0 && r.log.Enabled(ctx, slog.LevelDebug) {
		first := response.GetDegradations()[0]
		r.log.DebugContext(ctx, "degraded answer",
			slog.String("tier", tiers[response.GetTier()]),
			slog.String("component", first.GetComponent().String()), slog.String("reason", first.GetReason().String()))
	}
}

// count adds an answer to the figures.
func (r *report) count(
	ctx context.Context, request *repliv1.RecommendRequest, response *repliv1.RecommendResponse, took time.Duration,
) {
	r.tally.answered(request, response)
	r.duration.Record(ctx, took.Seconds(), r.tiers[response.GetTier()]...)
}

// abandoned records a caller that gave up.
func (r *report) abandoned() { r.tally.outcomes.by[abandoned].Add(1) }

// refused records a sheddable request that was turned away.
func (r *report) refused() { r.tally.outcomes.by[refused].Add(1) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
