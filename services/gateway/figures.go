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
	return errors.Join(s.describeLoad(meter), s.describePeers(meter), describeHedges(meter, hedger))
}

func (s *Service) describeLoad(meter metric.Meter) error {
	limit, err0 := meter.Int64ObservableGauge("repli.gateway.limit", metric.WithUnit("{request}"),
		metric.WithDescription("How many requests may be answered in full at a time."))
	working, err1 := meter.Int64ObservableGauge("repli.gateway.working", metric.WithUnit("{request}"),
		metric.WithDescription("How many requests are being answered in full."))
	delay, err2 := meter.Float64ObservableGauge("repli.gateway.queue.delay", metric.WithUnit("s"),
		metric.WithDescription("How long work waited for a processor in the last window."))
	factor, err3 := meter.Float64ObservableGauge("repli.gateway.quality.factor",
		metric.WithDescription("Which share of the candidates is ranked."))
	if err := errors.Join(err0, err1, err2, err3); err != nil {
		return err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		load := s.limiter.Stats()
		o.ObserveInt64(limit, int64(load.Limit))
		o.ObserveInt64(working, int64(load.Working))
		o.ObserveFloat64(delay, load.Delay.Seconds())
		o.ObserveFloat64(factor, s.quality.Value())
		return nil
	}, limit, working, delay, factor)
	return err
}

func (s *Service) describePeers(meter metric.Meter) error {
	calls, err0 := meter.Int64ObservableGauge("repli.gateway.calls", metric.WithUnit("{call}"),
		metric.WithDescription("Calls that are under way, by component."))
	open, err1 := meter.Int64ObservableGauge("repli.gateway.circuit.open",
		metric.WithDescription("1 while a component is not asked because it has failed, by component."))
	opened, err2 := meter.Int64ObservableCounter("repli.gateway.circuit.opened", metric.WithUnit("{time}"),
		metric.WithDescription("How often a component was no longer asked, by component."))
	if err := errors.Join(err0, err1, err2); err != nil {
		return err
	}
	guards := map[ladder.Component]*guard.Guard{
		ladder.Feature: s.feature.guard, ladder.Ranking: s.ranking.guard, ladder.Fallback: s.fallback.guard,
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for component, guard := range guards {
			stats, of := guard.Stats(), of(componentOf(component))
			o.ObserveInt64(calls, int64(stats.Working), of)
			o.ObserveInt64(open, map[bool]int64{true: 1}[stats.Open], of)
			o.ObserveInt64(opened, int64(stats.Opened), of) //nolint:gosec // a counter
		}
		return nil
	}, calls, open, opened)
	return err
}

func describeHedges(meter metric.Meter, hedger *hedge.Hedger) error {
	sent, err0 := meter.Int64ObservableCounter("repli.gateway.hedges", metric.WithUnit("{call}"),
		metric.WithDescription("Second copies of slow reads."))
	won, err1 := meter.Int64ObservableCounter("repli.gateway.hedges.won", metric.WithUnit("{call}"),
		metric.WithDescription("Second copies whose answer came first."))
	if err := errors.Join(err0, err1); err != nil {
		return err
	}
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		copies := hedger.Stats()
		o.ObserveInt64(sent, copies.Sent)
		o.ObserveInt64(won, copies.Won)
		return nil
	}, sent, won)
	return err
}

func of(labels ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(labels...))
}
