package rpc

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/repli-mesh/repli/pkg/telemetry"
)

// scope names this package to OpenTelemetry.
const scope = "github.com/repli-mesh/repli/pkg/rpc"

// observer gives every call a span, and on the server's side a figure, under the names of OpenTelemetry's conventions for RPC. On
// the client's side, who asks has figures of its own that say more. What does not depend on the call is made once. Safe for
// concurrent use.
type observer struct {
	tracer trace.Tracer
	kind   trace.SpanStartOption
	// These are nil on the client's side.
	duration metric.Float64Histogram
	baggage  metric.Int64Counter
}

// newObserver returns an observer of one side's calls; nil where nobody looks.
func newObserver(signals telemetry.Signals, side trace.SpanKind) (*observer, error) {
	_, untraced := signals.Tracer.(tracenoop.TracerProvider)
	_, uncounted := signals.Meter.(metricnoop.MeterProvider)
	if untraced && uncounted {
		return nil, nil
	}
	o := &observer{tracer: signals.Tracer.Tracer(scope), kind: trace.WithSpanKind(side)}
	if side == trace.SpanKindClient {
		return o, nil
	}
	meter := signals.Meter.Meter(scope)
	var err0, err1 error
	o.duration, err0 = meter.Float64Histogram("rpc.server.call.duration", metric.WithUnit("s"),
		metric.WithDescription("Time of a call, by method and status."))
	o.baggage, err1 = meter.Int64Counter("repli.rpc.baggage", metric.WithUnit("{call}"),
		metric.WithDescription("Calls that came with baggage, which is dropped."))
	return o, errors.Join(err0, err1)
}

// method is what an observer knows of one method.
type method struct {
	name     string // "service/method"
	outcomes [codes.Unauthenticated + 1]outcome
}

// outcome is what spans and figures say of a call that ended with one code.
type outcome struct {
	name   string
	span   []attribute.KeyValue
	figure []metric.RecordOption
}

// outcome is that of a code; one that a peer or a handler made up is unknown.
func (m *method) outcome(code codes.Code) *outcome {
	if int(code) >= len(m.outcomes) {
		code = codes.Unknown
	}
	return &m.outcomes[code]
}

// newMethod describes a method by its full name, "/service/method".
func newMethod(full string) *method {
	m := &method{name: strings.TrimPrefix(full, "/")}
	for code := range m.outcomes {
		attributes := []attribute.KeyValue{
			attribute.String("rpc.system.name", "grpc"), attribute.String("rpc.method", m.name),
			attribute.String("rpc.response.status_code", codeNames[code]),
		}
		m.outcomes[code] = outcome{codeNames[code], attributes, []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attributes...))}}
	}
	return m
}

// codeNames are those of gRPC's specification.
var codeNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
	"UNAUTHENTICATED",
}

// watch is one call under observation. The zero value is of one that is not.
type watch struct {
	observer *observer
	method   *method
	span     trace.Span
	began    time.Time
}

// begin starts a call's span; the context is for the call.
func (o *observer) begin(ctx context.Context, m *method) (context.Context, watch) {
	w := watch{observer: o, method: m, began: time.Now()}
	ctx, w.span = o.tracer.Start(ctx, m.name, o.kind) //nolint:spancheck // end ends it
	return ctx, w
}

// end records how the call went. The text of an error may quote a request, so a span says its code alone.
func (w watch) end(ctx context.Context, code codes.Code, failed bool) {
	o := w.method.outcome(code)
	if duration := w.observer.duration; duration != nil {
		duration.Record(ctx, time.Since(w.began).Seconds(), o.figure...)
	}
	w.span.SetAttributes(o.span...)
	if failed {
		w.span.SetStatus(otelcodes.Error, o.name)
	}
	w.span.End()
}

// codeOf is the code of what a handler or a call returned.
func codeOf(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	return status.Code(err)
}
