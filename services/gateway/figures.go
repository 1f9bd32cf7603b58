package gateway

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/repli-mesh/repli/pkg/hedge"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/gateway/internal/guard"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// describe has the meter show how the gateway stands with its load and its peers.
func (s *Service) describe(signals telemetry.Signals, hedger *hedge.Hedger) error {
	meter := signals.Meter.Meter(scope)
	limit, err0 := meter.Int64ObservableGauge("repli.gateway.limit", metric.WithUnit("{request}"),
		metric.WithDescription("How many requests may be answered in full at a time."))
	working, err1 := meter.Int64ObservableGauge("repli.gateway.working", metric.WithUnit("{request}"),
		metric.WithDescription("How many requests are being answered in full."))
	delay, err2 := meter.Float64ObservableGauge("repli.gateway.queue.delay", metric.WithUnit("s"),
		metric.WithDescription("How long work waited for a processor in the last window."))
	factor, err3 := meter.Float64ObservableGauge("repli.gateway.quality.factor",
		metric.WithDescription("Which share of the candidates is ranked."))
	open, err4 := meter.Int64ObservableGauge("repli.gateway.circuit.open",
		metric.WithDescription("1 while a component is not asked because it has failed, by component."))
	opened, err5 := meter.Int64ObservableCounter("repli.gateway.circuit.opened",
		metric.WithDescription("How often a component was no longer asked, by component."))
	sent, err6 := meter.Int64ObservableCounter("repli.gateway.hedges",
		metric.WithDescription("Second copies of slow reads."))
	won, err7 := meter.Int64ObservableCounter("repli.gateway.hedges.won",
		metric.WithDescription("Second copies whose answer came first."))
	if err := errors.Join(err0, err1, err2, err3, err4, err5, err6, err7); err != nil {
		return err
	}
	guards := []struct {
		guard     *guard.Guard
		component metric.MeasurementOption
	}{
		{s.feature.guard, of(ladder.Feature)}, {s.ranking.guard, of(ladder.Ranking)}, {s.fallback.guard, of(ladder.Fallback)},
	}
	_, failed := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		load, copies := s.limiter.Stats(), hedger.Stats()
		o.ObserveInt64(limit, int64(load.Limit))
		o.ObserveInt64(working, int64(load.Working))
		o.ObserveFloat64(delay, load.Delay.Seconds())
		o.ObserveFloat64(factor, s.quality.Value())
		o.ObserveInt64(sent, copies.Sent)
		o.ObserveInt64(won, copies.Won)
		for _, g := range guards {
			stats := g.guard.Stats()
			o.ObserveInt64(open, map[bool]int64{true: 1}[stats.Open], g.component)
			o.ObserveInt64(opened, int64(stats.Opened), g.component) //nolint:gosec // a counter
		}
		return nil
	}, limit, working, delay, factor, open, opened, sent, won)
	return failed
}

func of(component ladder.Component) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(componentOf(component)))
}
