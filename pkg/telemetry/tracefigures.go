package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/repli-mesh/repli/pkg/telemetry/trail"
)

// describe has the meter show what becomes of traces and spans.
func (t tracing) describe(meters metric.MeterProvider) error {
	if t.stats == nil {
		return nil
	}
	meter := meters.Meter(scope)
	traces, err0 := meter.Int64ObservableCounter("repli.telemetry.traces", metric.WithUnit("{trace}"),
		metric.WithDescription("Traces by outcome, as far as this process is concerned: sampled; late, kept because something degraded; "+
			"refused, degraded and not kept because too many were; outlived, recorded for too long; unrecorded, because too many others were."))
	spans, err1 := meter.Int64ObservableCounter("repli.telemetry.spans", metric.WithUnit("{span}"),
		metric.WithDescription("Spans by outcome: sent; lost, not taken by the collector; overflow, no room in the queue; "+
			"truncated, no room in their trace."))
	open, err2 := meter.Int64ObservableGauge("repli.telemetry.traces.open", metric.WithUnit("{trace}"),
		metric.WithDescription("Traces that are recorded and neither kept nor forgotten yet."))
	queued, err3 := meter.Int64ObservableGauge("repli.telemetry.spans.queued", metric.WithUnit("{span}"),
		metric.WithDescription("Spans that wait for the collector."))
	if err := errors.Join(err0, err1, err2, err3); err != nil {
		return err
	}
	outcome := func(word string) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(attribute.String(outcomeKey, word)))
	}
	tracesBy := []counter{
		{outcome("sampled"), func(s *trail.Stats) int64 { return s.Sampled }},
		{outcome("late"), func(s *trail.Stats) int64 { return s.Late }},
		{outcome("refused"), func(s *trail.Stats) int64 { return s.Refused }},
		{outcome("outlived"), func(s *trail.Stats) int64 { return s.Outlived }},
		{outcome("unrecorded"), func(s *trail.Stats) int64 { return s.Unrecorded }},
	}
	spansBy := []counter{
		{outcome("sent"), func(s *trail.Stats) int64 { return s.Sent }},
		{outcome("lost"), func(s *trail.Stats) int64 { return s.Lost }},
		{outcome("overflow"), func(s *trail.Stats) int64 { return s.Overflow }},
		{outcome("truncated"), func(s *trail.Stats) int64 { return s.Truncated }},
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		stats := t.stats()
		for _, c := range tracesBy {
			o.ObserveInt64(traces, c.of(&stats), c.outcome)
		}
		for _, c := range spansBy {
			o.ObserveInt64(spans, c.of(&stats), c.outcome)
		}
		o.ObserveInt64(open, stats.Open)
		o.ObserveInt64(queued, stats.Queued)
		return nil
	}, traces, spans, open, queued)
	return err
}

// counter is one outcome and how often it came.
type counter struct {
	outcome metric.MeasurementOption
	of      func(*trail.Stats) int64
}
