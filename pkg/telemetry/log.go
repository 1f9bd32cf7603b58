package telemetry

import (
	"context"
	"io"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// Err returns the attribute under which errors are logged.
func Err(err error) slog.Attr {
	return slog.Any("error", err)
}

// newLogger writes one line a record, with the service and, where the context has a span, its ids: as many as the limiter lets
// through.
func newLogger(w io.Writer, format, service string, level slog.Leveler, limit *limiter) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewJSONHandler(w, options)
	if format == formatText {
		handler = slog.NewTextHandler(w, options)
	}
	return slog.New(limited{traced{handler}, limit}).With(slog.String("service", service))
}

// traced adds the ids of the span in the context, so that logs and traces can be read together.
type traced struct {
	slog.Handler
}

// Handle adds the ids and passes the record on.
func (t traced) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record = record.Clone()
		record.AddAttrs(
			slog.String("trace_id", span.TraceID().String()),
			slog.String("span_id", span.SpanID().String()),
		)
	}
	return t.Handler.Handle(ctx, record)
}

// WithAttrs keeps the ids on loggers made from this one.
func (t traced) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traced{t.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the ids on loggers made from this one.
func (t traced) WithGroup(name string) slog.Handler {
	return traced{t.Handler.WithGroup(name)}
}
