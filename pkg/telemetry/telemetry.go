package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
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
	metrics *sdkmetric.MeterProvider
	page    http.Handler
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
	if t.metrics, t.page, err = newMetrics(res, t.logger); err != nil {
		return nil, fmt.Errorf("telemetry of %s: %w", service, err)
	}
	if err := limit.register(t.metrics.Meter(scope)); err != nil {
		return nil, fmt.Errorf("telemetry of %s: %w", service, err)
	}
	if t.tracing, err = newTracing(ctx, cfg, res, t.logger); err != nil {
		return nil, fmt.Errorf("telemetry of %s: %w", service, err)
	}
	if err := t.tracing.describe(t.Signals().Meter); err != nil {
		return nil, errors.Join(fmt.Errorf("telemetry of %s: %w", service, err), t.tracing.shutdown(ctx))
	}
	return t, nil
}

// Signals returns what the service's components report to.
func (t *Telemetry) Signals() Signals {
	signals := Signals{Logger: t.logger, Tracer: t.tracing.provider, Meter: t.metrics}
	if disabled() {
		signals.Meter = metricnoop.NewMeterProvider()
	}
	return signals
}

// disabled says whether the environment turns spans and figures off, as OpenTelemetry has it; logs stay.
func disabled() bool { return strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") }

// Handler returns the page of metrics for Prometheus.
func (t *Telemetry) Handler() http.Handler {
	return t.page
}

// SetLevel changes from which level on records are logged.
func (t *Telemetry) SetLevel(level slog.Level) {
	t.level.Set(level)
}

// Shutdown sends the spans that are queued, for as long as ctx allows, and ends all goroutines; it is called once. It
// returns the context's error when spans were left.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	return errors.Join(t.tracing.shutdown(ctx), t.metrics.Shutdown(ctx))
}
