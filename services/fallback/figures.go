package fallback

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

const scope = "github.com/repli-mesh/repli/services/fallback"

// figures are the service's metrics. The options are made once, for an answer should not allocate them.
type figures struct {
	suggestions     metric.Int64Counter
	sources         [repliv1.Source_SOURCE_NEIGHBOUR + 1][]metric.AddOption
	loaded, refused atomic.Int64 // reads of the snapshot's file
}

// newFigures makes the metrics; those of the snapshot are read from the service when they are asked for.
func newFigures(provider metric.MeterProvider, s *Service) (*figures, error) {
	meter := provider.Meter(scope)
	f := &figures{}
	for source := range f.sources {
		set := attribute.NewSet(attribute.String(sourceKey, sourceName(source)))
		f.sources[source] = []metric.AddOption{metric.WithAttributeSet(set)}
	}
	var err [4]error
	f.suggestions, err[0] = meter.Int64Counter("repli.fallback.suggestions", metric.WithUnit("{item}"),
		metric.WithDescription("Suggested items by source."))
	loaded := metric.WithAttributeSet(attribute.NewSet(attribute.String(outcomeKey, outcomes[0])))
	refused := metric.WithAttributeSet(attribute.NewSet(attribute.String(outcomeKey, outcomes[1])))
	_, err[1] = meter.Int64ObservableCounter("repli.fallback.snapshot.reloads", metric.WithUnit("{load}"),
		metric.WithDescription("Snapshot files read, by outcome: loaded or refused."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(f.loaded.Load(), loaded)
			o.Observe(f.refused.Load(), refused)
			return nil
		}))
	_, err[2] = meter.Float64ObservableGauge("repli.fallback.snapshot.age", metric.WithUnit("s"),
		metric.WithDescription("Time since the snapshot was built."),
		metric.WithFloat64Callback(func(_ context.Context, o metric.Float64Observer) error {
			if m := s.current.Load(); m != nil {
				o.Observe(s.now().Sub(m.snapshot.BuiltAt()).Seconds())
			}
			return nil
		}))
	_, err[3] = meter.Int64ObservableGauge("repli.fallback.snapshot.items", metric.WithUnit("{item}"),
		metric.WithDescription("Items in the snapshot."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			if m := s.current.Load(); m != nil {
				o.Observe(int64(m.snapshot.Len()))
			}
			return nil
		}))
	telemetry.Zero(f.suggestions, Labels()["repli.fallback.suggestions"]...)
	return f, errors.Join(err[:]...)
}

// The keys of labels.
const (
	sourceKey  = "source"
	outcomeKey = "outcome"
)

// outcomes are those of reads of the snapshot's file.
var outcomes = []string{"loaded", "refused"}

// sourceName is the lower-case name of a source without its prefix.
func sourceName(source int) string {
	return strings.ToLower(strings.TrimPrefix(repliv1.Source(source).String(), "SOURCE_")) //nolint:gosec // a few
}

// Labels are the labels of the fallback service's figures.
func Labels() telemetry.Labels {
	source := telemetry.Label{Key: sourceKey}
	for s := repliv1.Source_SOURCE_POPULAR; s <= repliv1.Source_SOURCE_NEIGHBOUR; s++ {
		source.Values = append(source.Values, sourceName(int(s)))
	}
	return telemetry.Labels{
		"repli.fallback.suggestions":      {source},
		"repli.fallback.snapshot.reloads": {{Key: outcomeKey, Values: outcomes}},
	}
}

func (f *figures) suggested(ctx context.Context, counts *sourceCounts) {
	for source, n := range counts {
		if n > 0 {
			f.suggestions.Add(ctx, n, f.sources[source]...)
		}
	}
}
