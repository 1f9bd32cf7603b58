package shadow

import (
	"context"
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/repli-mesh/repli/pkg/telemetry"
)

// The outcomes of requests.
const (
	scored  = "scored"
	failed  = "failed"
	dropped = "dropped"
)

// Outcomes are the values of the label outcome.
var Outcomes = []string{scored, failed, dropped}

// report tells figures and logs how the shadow goes. Labels are constants.
type report struct {
	log      *slog.Logger
	requests metric.Int64Counter
	apart    metric.Float64Histogram
	overlap  metric.Float64Histogram
}

func newReport(signals telemetry.Signals) (*report, error) {
	meter := signals.Meter.Meter("github.com/repli-mesh/repli/services/ranking")
	r := &report{log: signals.Logger}
	var requestsErr, apartErr, overlapErr error
	r.requests, requestsErr = meter.Int64Counter("repli.ranking.shadow.requests", metric.WithUnit("{request}"),
		metric.WithDescription("Requests for the shadow model by outcome: scored, failed, or dropped where its budget had no room."))
	r.apart, apartErr = meter.Float64Histogram("repli.ranking.shadow.score_difference",
		metric.WithDescription("Absolute difference of the shadow's scores from those that answered, of a request: mean or max."),
		metric.WithExplicitBucketBoundaries(0, 1e-6, 1e-5, 1e-4, .001, .003, .01, .03, .1, .3, 1, 3, 10, 100))
	r.overlap, overlapErr = meter.Float64Histogram("repli.ranking.shadow.overlap",
		metric.WithDescription("Part of a request's ten best that are among the shadow's ten best."),
		metric.WithExplicitBucketBoundaries(0, .1, .2, .3, .4, .5, .6, .7, .8, .9, 1))
	if err := errors.Join(requestsErr, apartErr, overlapErr); err != nil {
		return nil, err
	}
	telemetry.Zero(r.requests, telemetry.Label{Key: "outcome", Values: Outcomes})
	return r, nil
}

func (r *report) dropped(ctx context.Context) { r.count(ctx, dropped) }

func (r *report) done(ctx context.Context, d Difference, err error) {
	if err != nil {
		r.count(ctx, failed)
		return
	}
	r.count(ctx, scored)
	if d.Compared == 0 {
		return
	}
	r.apart.Record(ctx, d.Mean, metric.WithAttributes(attribute.String("statistic", "mean")))
	r.apart.Record(ctx, d.Max, metric.WithAttributes(attribute.String("statistic", "max")))
	r.overlap.Record(ctx, d.Overlap)
}

func (r *report) count(ctx context.Context, outcome string) {
	r.requests.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
}
