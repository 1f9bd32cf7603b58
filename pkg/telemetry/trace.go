package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/repli-mesh/repli/pkg/telemetry/trail"
)

// tracing is a tracer provider and its end.
type tracing struct {
	provider trace.TracerProvider
	stats    func() trail.Stats // nil where nothing is recorded
	shutdown func(context.Context) error
}

// endpointSet says whether the environment names a collector of traces.
func endpointSet() bool {
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// newTracing exports spans in batches. Its queue is bounded: spans that a slow collector leaves no room for are dropped, and
// a caller never waits. Without an endpoint, spans carry on the caller's trace and cost nothing.
func newTracing(ctx context.Context, cfg Config, res *resource.Resource, logger *slog.Logger) (tracing, error) {
	if !endpointSet() || disabled() {
		return tracing{provider: noop.NewTracerProvider(), shutdown: func(context.Context) error { return nil }}, nil
	}
	otlp, err := otlptracegrpc.New(ctx)
	if err != nil {
		return tracing{}, fmt.Errorf("exporter of traces: %w", err)
	}
	out := &exporter{SpanExporter: otlp, ended: make(chan struct{})}
	provider := trail.New(cfg.LateTraces, trail.Deps{
		Ratio: cfg.TraceRatio, Resource: res, Exporter: out,
		Lost: func(ctx context.Context, spans int, err error) {
			logger.LogAttrs(ctx, slog.LevelWarn, "spans were lost", slog.Int("spans", spans), Err(err))
		},
	})
	return tracing{provider, provider.Stats, func(ctx context.Context) error { return out.end(ctx, provider) }}, nil
}

// exporter can be ended for certain.
type exporter struct {
	sdktrace.SpanExporter
	once  sync.Once
	ended chan struct{} // closed when the SDK's last goroutine is through with the exporter
}

// Shutdown is the last call of the SDK.
func (e *exporter) Shutdown(ctx context.Context) error {
	err := e.SpanExporter.Shutdown(ctx)
	e.once.Do(func() { close(e.ended) })
	return err
}

// end sends what is queued until ctx is done. The SDK would then go on in the background for as long as the collector keeps it
// waiting; shutting the exporter down under it makes every export fail at once.
func (e *exporter) end(ctx context.Context, provider *trail.Provider) error {
	err := provider.Shutdown(ctx)
	if ctx.Err() != nil {
		_ = e.SpanExporter.Shutdown(ctx) // says only that ctx is done, as err does
	}
	<-e.ended
	return err
}
