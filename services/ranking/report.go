package ranking

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/binding"
)

const scope = "github.com/repli-mesh/repli/services/ranking"

// report tells spans, figures and logs how the ranking goes. Labels are constants or come from the manifest.
type report struct {
	log      *slog.Logger
	tracer   trace.Tracer
	duration metric.Float64Histogram
	scoredBy metric.Int64Counter
	outcomes map[string][]metric.AddOption // by outcome, made once
	success  []metric.RecordOption
	failure  []metric.RecordOption
	loads    metric.Int64Counter
	models   modelFigures
	defaults defaults
}

// The outcomes of candidates.
const (
	scored    = "scored"
	unknown   = "unknown"
	unscored  = "unscored"
	nonFinite = "non_finite"
)

// The outcomes of requests and of loads.
const (
	succeeded = "ok"
	failed    = "error"
	refused   = "refused"
)

func newReport(signals telemetry.Signals) (*report, error) {
	meter := signals.Meter.Meter(scope)
	r := &report{log: signals.Logger, tracer: signals.Tracer.Tracer(scope)}
	var durationErr, candidatesErr, loadsErr error
	r.duration, durationErr = meter.Float64Histogram("repli.ranking.duration", metric.WithUnit("s"),
		metric.WithDescription("Time of a Rank, waiting included, by outcome: ok or error."))
	r.scoredBy, candidatesErr = meter.Int64Counter("repli.ranking.candidates", metric.WithUnit("{candidate}"),
		metric.WithDescription("Candidates by outcome: scored, unknown, unscored or non_finite."))
	r.loads, loadsErr = meter.Int64Counter("repli.ranking.model.loads", metric.WithUnit("{load}"),
		metric.WithDescription("Versions of the model that the registry tried to load, by outcome: ok or refused."))
	r.outcomes = map[string][]metric.AddOption{}
	for _, outcome := range []string{scored, unknown, unscored, nonFinite} {
		r.outcomes[outcome] = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", outcome)))}
	}
	r.success = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", succeeded)))}
	r.failure = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", failed)))}
	if err := errors.Join(durationErr, candidatesErr, loadsErr, r.models.register(meter), r.defaults.register(meter)); err != nil {
		return nil, err
	}
	labels := Labels()
	telemetry.Zero(r.scoredBy, labels["repli.ranking.candidates"]...)
	telemetry.Zero(r.loads, labels["repli.ranking.model.loads"]...)
	telemetry.Zero(r.models.nonFinite, labels["repli.ranking.model.non_finite"]...)
	return r, nil
}

// loaded records an attempt to load a version of the model.
func (r *report) loaded(ctx context.Context, err error) {
	outcome := succeeded
	if err != nil {
		outcome = refused
	}
	r.loads.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcome)))
}

// ranked records a request.
func (r *report) ranked(ctx context.Context, took time.Duration, err error) {
	options := r.success
	if err != nil {
		options = r.failure
	}
	r.duration.Record(ctx, took.Seconds(), options...)
}

// candidates records what became of the candidates of a request, and the defaults that it took.
func (r *report) candidates(ctx context.Context, finite, others int, batch *binding.Batch, defaults []*atomic.Int64) {
	r.add(ctx, scored, finite)
	r.add(ctx, nonFinite, others)
	r.add(ctx, unknown, batch.Unknown)
	r.add(ctx, unscored, batch.Unscored)
	for i, n := range batch.Defaulted {
		if n > 0 {
			defaults[i].Add(int64(n))
		}
	}
}

func (r *report) add(ctx context.Context, outcome string, n int) {
	if n > 0 {
		r.scoredBy.Add(ctx, int64(n), r.outcomes[outcome]...)
	}
}

// bound logs what a new pair of schemas means for the model.
func (r *report) bound(model string, bound *binding.Binding, err error) {
	switch {
	case err != nil:
		r.log.Error("the model does not fit the features", slog.String("model", model), slog.String("error", err.Error()))
	case len(bound.Unbound()) > 0:
		r.log.Warn("features without a source and without a default: requests must give them",
			slog.String("model", model), slog.String("features", strings.Join(bound.Unbound(), " ")))
	}
}
