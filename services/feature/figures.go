package feature

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// figure is a metric whose values are asked for whenever metrics are read.
type figure struct {
	name, unit, about string
	gauge             bool // else it only grows
	values            []value
}

// value is one of a figure's values, and the labels that tell it from the others.
type value struct {
	now    func() uint64
	labels attribute.Set
}

func of(now func() uint64, labels ...attribute.KeyValue) value {
	return value{now: now, labels: attribute.NewSet(labels...)}
}

// figures returns what there is to say of the reads.
func (r *reads) figures() []figure {
	rows, circuit := r.rows.Stats, r.breaker.Stats
	outcome := func(word string) attribute.KeyValue { return attribute.String(outcomeKey, word) }
	return []figure{
		{"repli.feature.cache.requests", "{request}", "Requests for rows of users, by what was in memory.", false, []value{
			of(func() uint64 { return rows().Hits }, outcome("hit")),
			of(func() uint64 { return rows().Renewed }, outcome("renewed")),
			of(func() uint64 { return rows().Stale }, outcome("stale")),
			of(func() uint64 { return rows().Misses }, outcome("miss")),
		}},
		{"repli.feature.cache.loads", "{load}", "Reads of the store that fill the memory.", false, []value{
			of(func() uint64 { return rows().Loaded }, outcome("ok")),
			of(func() uint64 { return rows().Failed }, outcome("failed")),
			of(func() uint64 { return rows().Refused }, outcome("refused")),
		}},
		{"repli.feature.cache.evictions", "{row}", "Rows dropped from memory for want of room.", false, []value{of(func() uint64 { return rows().Evicted })}},
		{"repli.feature.cache.rows", "{row}", "Rows in memory.", true, []value{of(func() uint64 { return uint64(max(rows().Entries, 0)) })}},
		{"repli.feature.cache.size", "By", "About how much memory they take.", true, []value{of(func() uint64 { return rows().Bytes })}},
		{"repli.feature.cache.loading", "{load}", "Reads of the store under way.", true, []value{of(func() uint64 { return uint64(max(rows().Loads, 0)) })}},
		{"repli.feature.circuit.open", "", "1 while the circuit to the store is open, else 0.", true, []value{of(func() uint64 {
			if circuit().Open {
				return 1
			}
			return 0
		})}},
		{"repli.feature.circuit.opened", "{time}", "How often the circuit to the store opened.", false, []value{of(func() uint64 { return circuit().Opened })}},
		{"repli.feature.circuit.probes", "{probe}", "Probes of a store whose circuit is open.", false, []value{of(func() uint64 { return circuit().Probes })}},
	}
}

// expose has the meter ask for the figures.
func expose(meter metric.Meter, figures ...figure) error {
	var errs []error
	for _, f := range figures {
		var err error
		if f.gauge {
			_, err = meter.Int64ObservableGauge(f.name, metric.WithUnit(f.unit), metric.WithDescription(f.about), f.ask())
		} else {
			_, err = meter.Int64ObservableCounter(f.name, metric.WithUnit(f.unit), metric.WithDescription(f.about), f.ask())
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("feature: %w", err)
	}
	return nil
}

func (f figure) ask() metric.Int64ObservableOption {
	return metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
		for _, v := range f.values {
			o.Observe(int64(v.now()), metric.WithAttributeSet(v.labels)) //nolint:gosec // counters
		}
		return nil
	})
}
