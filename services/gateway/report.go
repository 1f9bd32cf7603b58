package gateway

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/telemetry/trail"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

const scope = "github.com/repli-mesh/repli/services/gateway"

// report tells spans, figures and logs what became of a request. Its labels are enumerations of the contract, so their
// number is bounded; none comes from a caller.
type report struct {
	log          *slog.Logger
	tracer       trace.Tracer
	labels       labels
	requests     metric.Int64Counter
	duration     metric.Float64Histogram
	steps        metric.Float64Histogram
	degradations metric.Int64Counter
	cancelled    metric.Int64Counter
}

func newReport(signals telemetry.Signals) (*report, error) {
	meter := signals.Meter.Meter(scope)
	r := &report{log: signals.Logger, tracer: signals.Tracer.Tracer(scope), labels: newLabels()}
	var err [5]error
	r.requests, err[0] = meter.Int64Counter("repli.gateway.requests",
		metric.WithDescription("Answers by tier; the outcome abandoned counts the callers that gave up, refused the sheddable requests turned away."))
	r.duration, err[1] = meter.Float64Histogram("repli.gateway.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Time from the request's arrival to its answer, by tier."))
	r.steps, err[2] = meter.Float64Histogram("repli.gateway.step.duration", metric.WithUnit("s"),
		metric.WithDescription("Time that the gateway waited for one component, by component and reason."))
	r.degradations, err[3] = meter.Int64Counter("repli.gateway.degradations",
		metric.WithDescription("Reasons why answers were not the best ones, by component and reason."))
	r.cancelled, err[4] = meter.Int64Counter("repli.gateway.cancelled",
		metric.WithDescription("Calls that were cancelled at their soft deadline, by component."))
	return r, errors.Join(err[:]...)
}

// name is the lower-case name of an enumeration's value without its prefix: TIER_SIMPLE becomes simple.
func name(value interface{ String() string }, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(value.String(), prefix))
}

func tierOf(t repliv1.Tier) attribute.KeyValue {
	return attribute.String("repli.tier", name(t, "TIER_"))
}

func componentOf(c ladder.Component) attribute.KeyValue {
	return attribute.String("repli.component", name(repliv1.Component(c), "COMPONENT_"))
}

func reasonOf(r ladder.Reason) attribute.KeyValue {
	if r == ladder.None {
		return attribute.String("repli.degradation.reason", "none")
	}
	return attribute.String("repli.degradation.reason", name(repliv1.Reason(r), "REASON_"))
}

// step records one call.
func (r *report) step(ctx context.Context, called ladder.Component, o ladder.Outcome, cancelled bool) {
	r.steps.Record(ctx, o.Spent.Seconds(), r.labels.reasons[because{called, o.Reason}].record...)
	if cancelled {
		r.cancelled.Add(ctx, 1, r.labels.components[called].add...)
		trace.SpanFromContext(ctx).AddEvent("repli.cancelled", trace.WithAttributes(componentOf(called)))
	}
}

// answered records an answer.
func (r *report) answered(ctx context.Context, j *journey, response *repliv1.RecommendResponse, took time.Duration) {
	if len(response.GetDegradations()) > 0 {
		trail.Keep(ctx) // before the figures, whose exemplars then lead to the trace
	}
	tier := r.labels.tiers[response.GetTier()]
	r.requests.Add(ctx, 1, tier.add...)
	r.duration.Record(ctx, took.Seconds(), tier.record...)
	for _, d := range response.GetDegradations() {
		r.degradations.Add(ctx, 1, r.labels.reasons[because{ladder.Component(d.GetComponent()), ladder.Reason(d.GetReason())}].add...)
	}
	traced(ctx, j, response, took)
	if len(response.GetDegradations()) > 0 && r.log.Enabled(ctx, slog.LevelDebug) {
		first := response.GetDegradations()[0]
		r.log.DebugContext(ctx, "degraded answer",
			slog.String("tier", name(response.GetTier(), "TIER_")),
			slog.String("component", first.GetComponent().String()), slog.String("reason", first.GetReason().String()))
	}
}

// abandoned records a caller that gave up.
func (r *report) abandoned(ctx context.Context) {
	r.requests.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", "abandoned")))
}

// refused records a sheddable request that was turned away.
func (r *report) refused(ctx context.Context) {
	r.requests.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", "refused")))
	trace.SpanFromContext(ctx).AddEvent("repli.shed")
}
