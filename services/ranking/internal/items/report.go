package items

import (
	"context"
	"errors"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/repli-mesh/repli/pkg/telemetry"
)

// The reasons of streams that ended.
const (
	broken  = "broken"
	garbage = "garbage"
)

// DropReasons are the values of the label reason.
var DropReasons = []string{broken, garbage}

// report tells figures and logs how the table is.
type report struct {
	log   *slog.Logger
	drops metric.Int64Counter
}

func newReport(w *Watcher, deps Deps) (*report, error) {
	meter := deps.Signals.Meter.Meter("github.com/repli-mesh/repli/services/ranking/internal/items")
	drops, dropsErr := meter.Int64Counter("repli.ranking.items.drops", metric.WithUnit("{stream}"),
		metric.WithDescription("Item streams that ended, by reason: broken or garbage."))
	size, sizeErr := meter.Int64ObservableGauge("repli.ranking.items.size", metric.WithUnit("{item}"),
		metric.WithDescription("Items in the table."))
	version, versionErr := meter.Int64ObservableGauge("repli.ranking.items.version",
		metric.WithDescription("Version of the table, as the feature service counts."))
	age, ageErr := meter.Float64ObservableGauge("repli.ranking.items.age", metric.WithUnit("s"),
		metric.WithDescription("Time since the table was last known to be current."))
	if err := errors.Join(dropsErr, sizeErr, versionErr, ageErr); err != nil {
		return nil, err
	}
	telemetry.Zero(drops, telemetry.Label{Key: "reason", Values: DropReasons})
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		state := w.State()
		if state.Table == nil {
			return nil
		}
		o.ObserveInt64(size, int64(state.Table.Len()))
		o.ObserveInt64(version, int64(state.Table.Version())) //nolint:gosec // a counter from 1
		o.ObserveFloat64(age, deps.Now().Sub(state.Confirmed).Seconds())
		return nil
	}, size, version, age)
	return &report{log: deps.Signals.Logger, drops: drops}, err
}

// dropped records the end of a stream. Only the end of one that served, and nonsense, is worth a warning: while the feature
// service is away, or not up yet, streams fail again and again.
func (r *report) dropped(ctx context.Context, err error, served bool) {
	why, level := broken, slog.LevelInfo
	if errors.Is(err, errGarbage) {
		why = garbage
	}
	if served || why == garbage {
		level = slog.LevelWarn
	}
	r.drops.Add(ctx, 1, metric.WithAttributes(attribute.String("reason", why)))
	r.log.LogAttrs(ctx, level, "item stream ended; the last whole table, if there is one, serves on",
		slog.String("reason", why), slog.String("error", err.Error()))
}
