package feature

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/items"
)

// tally counts the rows of users that are served: by status, and each of their views by its state. Safe for concurrent use.
type tally struct {
	found, notFound, outdated, stale atomic.Uint64
	views                            [][states]atomic.Uint64 // of the views of users, in their order
}

// newTally returns a tally, and has the meter describe it and the item table.
func newTally(deps Deps, table *items.Table) (*tally, error) {
	meter := deps.Signals.Meter.Meter(scope)
	if err := describe(meter, table, deps.Now); err != nil {
		return nil, fmt.Errorf("feature: %w", err)
	}
	t := &tally{views: make([][states]atomic.Uint64, len(deps.Project.ViewsOf(views.User)))}
	return t, expose(meter, t.figures(deps.Project)...)
}

func (t *tally) figures(project *views.Project) []figure {
	status := func(word string) attribute.KeyValue { return attribute.String(statusKey, word) }
	rows := figure{"repli.feature.rows", "{row}", "Rows of users that were served, by status.", false, []value{
		of(t.found.Load, status("found")), of(t.notFound.Load, status("not_found")),
		of(t.outdated.Load, status(stateNames[viewOutdated])), of(t.stale.Load, status("stale")),
	}}
	byView := figure{"repli.feature.views", "{view}", "Views in the rows of users that were served, by status.", false, nil}
	for i, view := range project.ViewsOf(views.User) {
		for s := range states {
			byView.values = append(byView.values, of(t.views[i][s].Load, attribute.String(viewKey, view.Name), status(stateNames[s])))
		}
	}
	return []figure{rows, byView}
}

func (t *tally) count(served *answer) {
	for i, s := range served.views {
		t.views[i][s].Add(1)
	}
	switch {
	case served.response.GetStale():
		t.stale.Add(1)
	case served.response.GetStatus() != featurev1.UserStatus_USER_STATUS_FOUND:
		t.notFound.Add(1)
	case len(served.response.GetOutsideMaxAgeViews()) > 0:
		t.outdated.Add(1)
	default:
		t.found.Add(1)
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
