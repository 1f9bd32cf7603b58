package telemetry

import (
	"log/slog"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// Signals is what a component needs in order to be observed. All three are set and safe for concurrent use.
type Signals struct {
	Logger *slog.Logger
	Tracer trace.TracerProvider
	Meter  metric.MeterProvider
}

// Discard returns signals that go nowhere, for tests.
func Discard() Signals {
	return Signals{
		Logger: slog.New(slog.DiscardHandler),
		Tracer: tracenoop.NewTracerProvider(),
		Meter:  metricnoop.NewMeterProvider(),
	}
}
