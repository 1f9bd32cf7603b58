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
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/binding"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
)

const scope = "github.com/repli-mesh/repli/services/ranking"

// report tells spans, figures and logs how the ranking goes. Labels are constants or come from the manifest.
type report struct {
	model    string // "name/version"
	log      *slog.Logger
	tracer   trace.Tracer
	duration metric.Float64Histogram
	scoredBy metric.Int64Counter
	outcomes map[string][]metric.AddOption // by outcome, made once
	success  []metric.RecordOption
	failure  []metric.RecordOption
	defaults []*atomic.Int64 // for each feature of the model in order; a name has one counter
}

// The outcomes of candidates.
const (
	scored    = "scored"
	unknown   = "unknown"
	unscored  = "unscored"
	nonFinite = "non_finite"
)

func newReport(signals telemetry.Signals, model *bundle.Bundle) (*report, error) {
	meter := signals.Meter.Meter(scope)
	r := &report{model: model.ID(), log: signals.Logger, tracer: signals.Tracer.Tracer(scope)}
	var durationErr, candidatesErr error
	r.duration, durationErr = meter.Float64Histogram("repli.ranking.duration", metric.WithUnit("s"),
		metric.WithDescription("Time of a Rank, waiting included, by outcome: ok or error."),
		metric.WithExplicitBucketBoundaries(.0005, .001, .002, .003, .005, .0075, .01, .015, .02, .03, .05, .1, .25, .5, 1))
	r.scoredBy, candidatesErr = meter.Int64Counter("repli.ranking.candidates",
		metric.WithDescription("Candidates by outcome: scored, unknown, unscored or non_finite."))
	r.outcomes = map[string][]metric.AddOption{}
	for _, outcome := range []string{scored, unknown, unscored, nonFinite} {
		r.outcomes[outcome] = []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", outcome)))}
	}
	r.success = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", "ok")))}
	r.failure = []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("outcome", "error")))}
	return r, errors.Join(durationErr, candidatesErr, r.countDefaults(meter, model))
}

// countDefaults keeps the defaults that requests used in counters of its own: a new user has as many as the model has
// features, too many to hand each of them to the meter.
func (r *report) countDefaults(meter metric.Meter, model *bundle.Bundle) error {
	byName := map[string]*atomic.Int64{}
	options := map[string]metric.ObserveOption{}
	for _, input := range model.Inputs {
		for _, feature := range input.Features {
			if byName[feature.Name] == nil {
				byName[feature.Name] = &atomic.Int64{}
				options[feature.Name] = metric.WithAttributeSet(attribute.NewSet(attribute.String("feature", feature.Name)))
			}
			r.defaults = append(r.defaults, byName[feature.Name])
		}
	}
	counter, err := meter.Int64ObservableCounter("repli.ranking.defaults",
		metric.WithDescription("Missing values that were replaced by the manifest's defaults, by feature."))
	if err != nil {
		return err
	}
	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for name, count := range byName {
			o.ObserveInt64(counter, count.Load(), options[name])
		}
		return nil
	}, counter)
	return err
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
func (r *report) candidates(ctx context.Context, finite, others int, batch *binding.Batch) {
	r.add(ctx, scored, finite)
	r.add(ctx, nonFinite, others)
	r.add(ctx, unknown, batch.Unknown)
	r.add(ctx, unscored, batch.Unscored)
	for i, n := range batch.Defaulted {
		if n > 0 {
			r.defaults[i].Add(int64(n))
		}
	}
}

func (r *report) add(ctx context.Context, outcome string, n int) {
	if n > 0 {
		r.scoredBy.Add(ctx, int64(n), r.outcomes[outcome]...)
	}
}

// span starts a span of a part of a request; of a request that is not traced it costs nothing.
func (r *report) span(ctx context.Context, name string, candidates int) (context.Context, trace.Span) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx, noop.Span{}
	}
	attributes := trace.WithAttributes(
		attribute.String("repli.model.version", r.model), attribute.Int("repli.candidates", candidates))
	return r.tracer.Start(ctx, name, attributes) //nolint:spancheck // the caller ends it
}

// bound logs what a new pair of schemas means for the model.
func (r *report) bound(bound *binding.Binding, err error) {
	switch {
	case err != nil:
		r.log.Error("the model does not fit the features", slog.String("model", r.model), slog.String("error", err.Error()))
	case len(bound.Unbound()) > 0:
		r.log.Warn("features without a source and without a default: requests must give them",
			slog.String("model", r.model), slog.String("features", strings.Join(bound.Unbound(), " ")))
	}
}
