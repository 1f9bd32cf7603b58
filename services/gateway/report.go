package gateway

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/telemetry/trail"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

const scope = "github.com/repli-mesh/repli/services/gateway"

// degraded is what the log says of an answer that is not PERSONALIZED. Under overload nearly all are, so it is written only as often as
// the limit of logs allows.
const degraded = "degraded answer"

// report tells spans, figures and logs what became of a request. Its labels are made once.
type report struct {
	log      *slog.Logger
	tracer   trace.Tracer
	tally    *tally
	duration metric.Float64Histogram
	steps    metric.Float64Histogram
	tiers    [][]metric.RecordOption   // by tier
	reasons  [][][]metric.RecordOption // by peer and reason
}

func newReport(signals telemetry.Signals, cfg LabelsConfig) (*report, error) {
	meter := signals.Meter.Meter(scope)
	r := &report{
		log: signals.Logger, tracer: signals.Tracer.Tracer(scope),
		tally: newTally(cfg), reasons: make([][][]metric.RecordOption, len(components)),
	}
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

// step records one call.
func (r *report) step(ctx context.Context, called ladder.Component, o ladder.Outcome, cancelled bool) {
	r.steps.Record(ctx, o.Spent.Seconds(), r.reasons[called][o.Reason]...)
	if cancelled {
		r.tally.cancelled.by[called].Add(1)
		trace.SpanFromContext(ctx).AddEvent("repli.cancelled", trace.WithAttributes(componentOf(called)))
	}
}

// answered records an answer.
func (r *report) answered(ctx context.Context, j *journey, response *repliv1.RecommendResponse, took time.Duration) {
	if len(response.GetDegradations()) > 0 {
		trail.Keep(ctx) // before the figures, whose exemplars then lead to the trace
	}
	r.count(ctx, j.request, response, took)
	traced(ctx, j, response, took)
	if len(response.GetDegradations()) > 0 && telemetry.Worth(ctx, r.log, slog.LevelInfo, degraded) {
		first := response.GetDegradations()[0]
		r.log.LogAttrs(ctx, slog.LevelInfo, degraded, slog.String("tier", tiers[response.GetTier()]),
			slog.String("component", components[first.GetComponent()]), slog.String("reason", reasons[first.GetReason()]))
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
func (r *report) refused(ctx context.Context) {
	r.tally.outcomes.by[refused].Add(1)
	trace.SpanFromContext(ctx).AddEvent("repli.shed")
}
