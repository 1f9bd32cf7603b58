package feature

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/telemetry/trail"
)

const scope = "github.com/repli-mesh/repli/services/feature"

// report counts and traces what the store does. No id enters it. Safe for concurrent use.
type report struct {
	tracer   trace.Tracer
	system   attribute.KeyValue
	kind     trace.SpanStartOption
	duration metric.Float64Histogram
	ended    sync.Map // of []metric.RecordOption by [2]string, operation and outcome; few, by outcomeOf
}

func newReport(signals telemetry.Signals, kind string) (*report, error) {
	duration, err := signals.Meter.Meter(scope).Float64Histogram("repli.feature.store.duration",
		metric.WithUnit("s"), metric.WithDescription("How long operations of the online store take."))
	if err != nil {
		return nil, fmt.Errorf("feature: %w", err)
	}
	system := attribute.String(systemKey, kind)
	return &report{
		tracer:   signals.Tracer.Tracer(scope),
		system:   system,
		kind:     trace.WithSpanKind(trace.SpanKindClient),
		duration: duration,
	}, nil
}

// commands are what Redis is sent for the operations that are for a request.
var commands = map[string]string{"read": "HMGET", "refill": "HMGET"}

// observe runs an operation of the store, as a span of the request that it is for, or one linked to it; the feed's own work is
// no request.
func (r *report) observe(ctx context.Context, operation string, do func(context.Context) error) error {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return r.measure(ctx, operation, do)
	}
	options := []trace.SpanStartOption{r.kind}
	if operation == "refill" {
		options = append(options, detached(ctx)...)
	}
	cause := ctx
	ctx, span := r.tracer.Start(ctx, "feature.store."+operation, options...)
	defer span.End()
	attributes := []attribute.KeyValue{r.system}
	if command := commands[operation]; r.system.Value.AsString() == Redis && command != "" {
		attributes = append(attributes, attribute.String("db.operation.name", command))
	}
	err := r.measure(ctx, operation, do)
	// The answer that did not wait for a refill may have been found worth keeping meanwhile.
	if err != nil || trace.SpanContextFromContext(cause).IsSampled() {
		trail.Keep(ctx)
	}
	if err != nil {
		span.SetStatus(codes.Error, outcomeOf(err))
		attributes = append(attributes, attribute.String("error.type", outcomeOf(err)))
	}
	span.SetAttributes(attributes...)
	return err
}

func (r *report) measure(ctx context.Context, operation string, do func(context.Context) error) error {
	start := time.Now()
	err := do(ctx)
	r.duration.Record(ctx, time.Since(start).Seconds(), r.labels(operation, outcomeOf(err))...)
	return err
}

// labels are made once for an operation and its outcome.
func (r *report) labels(operation, outcome string) []metric.RecordOption {
	key := [2]string{operation, outcome}
	if made, ok := r.ended.Load(key); ok {
		return made.([]metric.RecordOption)
	}
	set := attribute.NewSet(r.system, attribute.String(operationKey, operation), attribute.String(outcomeKey, outcome))
	made, _ := r.ended.LoadOrStore(key, []metric.RecordOption{metric.WithAttributeSet(set)})
	return made.([]metric.RecordOption)
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
