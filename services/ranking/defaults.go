package ranking

import (
	"context"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
)

// defaults counts the missing values that manifests' defaults replaced, by feature: a new user has as many as the model has
// features, too many to hand each of them to the meter. A feature keeps its counter when another model serves.
type defaults struct {
	mu     sync.Mutex
	byName map[string]*counter
}

type counter struct {
	count  atomic.Int64
	option metric.ObserveOption
}

// counters returns the counters of a model's features, in order.
func (r *report) counters(model *bundle.Bundle) []*atomic.Int64 {
	d := &r.defaults
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byName == nil {
		d.byName = map[string]*counter{}
	}
	var list []*atomic.Int64
	for _, input := range model.Inputs {
		for _, feature := range input.Features {
			c := d.byName[feature.Name]
			if c == nil {
				c = &counter{option: metric.WithAttributeSet(attribute.NewSet(attribute.String("feature", feature.Name)))}
				d.byName[feature.Name] = c
			}
			list = append(list, &c.count)
		}
	}
	return list
}

// register adds the figure.
func (d *defaults) register(meter metric.Meter) error {
	figure, err := meter.Int64ObservableCounter("repli.ranking.defaults", metric.WithUnit("{value}"),
		metric.WithDescription("Missing values that were replaced by the manifest's defaults, by feature."))
	if err != nil {
		return err
	}
	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, c := range d.byName {
			o.ObserveInt64(figure, c.count.Load(), c.option)
		}
		return nil
	}, figure)
	return err
}
