package feature

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/repli-mesh/repli/services/feature/internal/store/redis"
)

// poolFigures are the instruments of the pools of connections to Redis: those that OpenTelemetry has names for, and others.
type poolFigures struct {
	count, most, pending, timeouts metric.Int64Observable
	takes, waits, stale            metric.Int64Observable
	waited                         metric.Float64Observable
}

// describePools has the meter show the pools.
func describePools(meter metric.Meter, pools func() []redis.Pool) error {
	f, err := newPoolFigures(meter)
	if err == nil {
		_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
			for _, pool := range pools() {
				f.observe(o, pool)
			}
			return nil
		}, f.count, f.most, f.pending, f.timeouts, f.takes, f.waits, f.stale, f.waited)
	}
	if err != nil {
		return fmt.Errorf("feature: %w", err)
	}
	return nil
}

func newPoolFigures(meter metric.Meter) (f poolFigures, err error) {
	var errs [8]error
	f.count, errs[0] = meter.Int64ObservableUpDownCounter("db.client.connection.count", metric.WithUnit("{connection}"),
		metric.WithDescription("Connections to Redis, by pool and state."))
	f.most, errs[1] = meter.Int64ObservableUpDownCounter("db.client.connection.max", metric.WithUnit("{connection}"),
		metric.WithDescription("How many connections to Redis there may be, by pool; in a cluster, to each node."))
	f.pending, errs[2] = meter.Int64ObservableUpDownCounter("db.client.connection.pending_requests", metric.WithUnit("{request}"),
		metric.WithDescription("Commands that wait for a connection to Redis, by pool."))
	f.timeouts, errs[3] = meter.Int64ObservableCounter("db.client.connection.timeouts", metric.WithUnit("{timeout}"),
		metric.WithDescription("Commands that waited in vain for a connection to Redis, by pool."))
	f.takes, errs[4] = meter.Int64ObservableCounter("repli.feature.redis.pool.takes", metric.WithUnit("{command}"),
		metric.WithDescription("Connections to Redis that commands took, by pool and by whether there was one: hit, or miss where one was made."))
	f.waits, errs[5] = meter.Int64ObservableCounter("repli.feature.redis.pool.waits", metric.WithUnit("{command}"),
		metric.WithDescription("Commands that had to wait for a connection to Redis, by pool."))
	f.waited, errs[6] = meter.Float64ObservableCounter("repli.feature.redis.pool.waited", metric.WithUnit("s"),
		metric.WithDescription("How long commands waited for a connection to Redis in sum, by pool."))
	f.stale, errs[7] = meter.Int64ObservableCounter("repli.feature.redis.pool.stale", metric.WithUnit("{connection}"),
		metric.WithDescription("Connections to Redis that were dropped because they were old or broken, by pool."))
	return f, errors.Join(errs[:]...)
}

func (f poolFigures) observe(o metric.Observer, pool redis.Pool) {
	name := attribute.String(poolKey, pool.Name)
	with := func(labels ...attribute.KeyValue) metric.ObserveOption {
		return metric.WithAttributeSet(attribute.NewSet(append(labels, name)...))
	}
	o.ObserveInt64(f.count, pool.Idle, with(attribute.String(connectionKey, "idle")))
	o.ObserveInt64(f.count, pool.Used, with(attribute.String(connectionKey, "used")))
	o.ObserveInt64(f.most, int64(pool.Max), with())
	o.ObserveInt64(f.pending, pool.Waiting, with())
	o.ObserveInt64(f.timeouts, pool.Timeouts, with())
	o.ObserveInt64(f.takes, pool.Hits, with(attribute.String(outcomeKey, "hit")))
	o.ObserveInt64(f.takes, pool.Misses, with(attribute.String(outcomeKey, "miss")))
	o.ObserveInt64(f.waits, pool.Waits, with())
	o.ObserveFloat64(f.waited, pool.WaitTime.Seconds(), with())
	o.ObserveInt64(f.stale, pool.Stale, with())
}
