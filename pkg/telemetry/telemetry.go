package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
)

// Telemetry is the signals of one service. It is safe for concurrent use.
type Telemetry struct {
	logger  *slog.Logger
	level   *slog.LevelVar
	tracing tracing
	metrics metrics
}

// Setup starts the signals of a service under its name; logs go to standard error. Nothing is global: a process may set
// up several. The returned value must be shut down. It fails on a configuration that is invalid, in its own fields or in the
// OTEL_ variables of the environment. A collector that cannot be reached is no failure.
func Setup(ctx context.Context, cfg Config, service string) (*Telemetry, error) {
	return setup(ctx, cfg, service, os.Stderr)
}

func setup(ctx context.Context, cfg Config, service string, logs io.Writer) (*Telemetry, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("telemetry of %s: %w", service, err)
	}
	t := &Telemetry{level: new(slog.LevelVar)}
	level, err := parseLevel(cfg.LogLevel)
	if err != nil {
		return nil, fmt.Errorf("telemetry of %s: %w", service, err)
	}
	t.level.Set(level)
	limit := newLimiter(time.Now)
	t.logger = newLogger(logs, cfg.LogFormat, service, t.level, limit)
	res, err := resource.New(ctx, resource.WithFromEnv(), resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", service)))
	if err != nil {
		return nil, fmt.Errorf("telemetry of %s: %w", service, err)
	}
	if t.metrics, err = newMetrics(ctx, res, t.logger); err != nil {
		return nil, fmt.Errorf("telemetry of %s: %w", service, err)
	}
	if err := errors.Join(limit.register(t.metrics.provider.Meter(scope)), t.trace(ctx, cfg, res)); err != nil {
		ended, cancel := context.WithCancel(ctx)
		cancel() // nothing was measured yet
		_ = t.metrics.provider.Shutdown(ended)
		return nil, fmt.Errorf("telemetry of %s: %w", service, err)
	}
	return t, nil
}

// trace starts the traces. After an error there are none.
func (t *Telemetry) trace(ctx context.Context, cfg Config, res *resource.Resource) error {
	tracing, err := newTracing(ctx, cfg, res, t.logger)
	if err != nil {
		return err
	}
	t.tracing = tracing
	if err := tracing.describe(t.Signals().Meter); err != nil {
		return errors.Join(err, tracing.shutdown(ctx))
	}
	return nil
}

// Signals returns what the service's components report to.
func (t *Telemetry) Signals() Signals {
	signals := Signals{Logger: t.logger, Tracer: t.tracing.provider, Meter: t.metrics.provider}
	if disabled() {
		signals.Meter = metricnoop.NewMeterProvider()
	}
	return signals
}

// disabled says whether the environment turns spans and figures off, as OpenTelemetry has it; logs stay.
func disabled() bool { return strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") }

// Handler returns the page of metrics for Prometheus.
func (t *Telemetry) Handler() http.Handler {
	return t.metrics.page
}

// Instruments lists the instruments that were made so far, whether or not they have measured anything.
func (t *Telemetry) Instruments() []sdkmetric.Instrument {
	t.metrics.made.mu.Lock()
	defer t.metrics.made.mu.Unlock()
	return slices.Clone(t.metrics.made.list)
}

// SetLevel changes from which level on records are logged.
func (t *Telemetry) SetLevel(level slog.Level) {
	t.level.Set(level)
}

// Shutdown sends the spans that are queued and the last figures, for as long as ctx allows, and ends all goroutines; it is
// called once. It returns the context's error when spans or figures were left.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	var spans, figures error
	var both sync.WaitGroup
	both.Go(func() { spans = t.tracing.shutdown(ctx) })
	both.Go(func() { figures = t.metrics.provider.Shutdown(ctx) })
	both.Wait()
	return errors.Join(spans, figures)
}
