package feature

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/feature/internal/items"
)

// tally counts the rows of users by status. Safe for concurrent use.
type tally struct {
	rows                      metric.Int64Counter
	found, notFound, outdated metric.MeasurementOption
}

// newTally returns a tally, and has the meter describe the item table.
func newTally(signals telemetry.Signals, table *items.Table, now func() time.Time) (*tally, error) {
	meter := signals.Meter.Meter(scope)
	rows, err := meter.Int64Counter("repli.feature.rows", metric.WithUnit("{row}"),
		metric.WithDescription("Rows of users that were read, by status."))
	if err != nil {
		return nil, fmt.Errorf("feature: %w", err)
	}
	status := func(name string) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(attribute.String("status", name)))
	}
	if err := describe(meter, table, now); err != nil {
		return nil, fmt.Errorf("feature: %w", err)
	}
	return &tally{
		rows: rows, found: status("found"), notFound: status("not_found"), outdated: status("outside_max_age"),
	}, nil
}

func (t *tally) count(ctx context.Context, response *featurev1.GetUserResponse) {
	switch {
	case response.GetStatus() != featurev1.UserStatus_USER_STATUS_FOUND:
		t.rows.Add(ctx, 1, t.notFound)
	case len(response.GetOutsideMaxAgeViews()) > 0:
		t.rows.Add(ctx, 1, t.outdated)
	default:
		t.rows.Add(ctx, 1, t.found)
	}
}

// describe registers the gauges of the item table.
func describe(meter metric.Meter, table *items.Table, now func() time.Time) error {
	count, err := meter.Int64ObservableGauge("repli.feature.items", metric.WithUnit("{item}"),
		metric.WithDescription("Items in the table."))
	if err != nil {
		return err
	}
	version, err := meter.Int64ObservableGauge("repli.feature.items.version",
		metric.WithDescription("How many times the item table changed since the start."))
	if err != nil {
		return err
	}
	age, err := meter.Float64ObservableGauge("repli.feature.items.age", metric.WithUnit("s"),
		metric.WithDescription("How long ago the item table was last as current as the store."))
	if err != nil {
		return err
	}
	watchers, err := meter.Int64ObservableGauge("repli.feature.watchers", metric.WithUnit("{stream}"),
		metric.WithDescription("Streams that watch the items."))
	if err != nil {
		return err
	}
	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		stats := table.Stats()
		o.ObserveInt64(count, int64(stats.Items))
		o.ObserveInt64(version, int64(stats.Version)) //nolint:gosec // a counter
		o.ObserveInt64(watchers, int64(stats.Watchers))
		if !stats.Current.IsZero() {
			o.ObserveFloat64(age, now().Sub(stats.Current).Seconds())
		}
		return nil
	}, count, version, age, watchers)
	return err
}
