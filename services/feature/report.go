package feature

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

const scope = "github.com/repli-mesh/repli/services/feature"

// storeBuckets are finer than the usual ones where a store should be: under 5 ms.
var storeBuckets = []float64{
	0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
}

// report counts and traces what the store does. No id enters it. Safe for concurrent use.
type report struct {
	tracer   trace.Tracer
	system   trace.SpanStartEventOption
	duration metric.Float64Histogram
}

func newReport(signals telemetry.Signals, kind string) (*report, error) {
	duration, err := signals.Meter.Meter(scope).Float64Histogram("repli.feature.store.duration",
		metric.WithUnit("s"), metric.WithDescription("How long operations of the online store take."),
		metric.WithExplicitBucketBoundaries(storeBuckets...))
	if err != nil {
		return nil, fmt.Errorf("feature: %w", err)
	}
	return &report{
		tracer:   signals.Tracer.Tracer(scope),
		system:   trace.WithAttributes(attribute.String("db.system.name", kind)),
		duration: duration,
	}, nil
}

// observe runs an operation of the store, as a span of the request that it is for; the feed's own work is no request.
func (r *report) observe(ctx context.Context, operation string, do func(context.Context) error) error {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return r.measure(ctx, operation, do)
	}
	ctx, span := r.tracer.Start(ctx, "feature.store."+operation, r.system, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	err := r.measure(ctx, operation, do)
	if err != nil {
		span.SetStatus(codes.Error, outcomeOf(err))
	}
	return err
}

func (r *report) measure(ctx context.Context, operation string, do func(context.Context) error) error {
	start := time.Now()
	err := do(ctx)
	r.duration.Record(ctx, time.Since(start).Seconds(), metric.WithAttributes(
		attribute.String("operation", operation), attribute.String("outcome", outcomeOf(err))))
	return err
}

// outcomeOf is one of a few words: ok, cancelled, deadline, the reason of the fault, or error.
func outcomeOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case fault.Reason(err) != "":
		return fault.Reason(err)
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	default:
		return "error"
	}
}
