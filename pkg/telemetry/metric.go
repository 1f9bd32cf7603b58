package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
)

// durationBuckets, in seconds, are for targets of tens of milliseconds: those of OpenTelemetry start at 5 ms.
var durationBuckets = []float64{
	0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5,
	1, 2.5, 10,
}

// metrics is a meter provider, the page that shows its figures, and the list of its instruments.
type metrics struct {
	provider *sdkmetric.MeterProvider
	page     http.Handler
	made     *made
}

// newMetrics returns figures with a registry of their own, which are pushed to a collector as well where the environment says so.
func newMetrics(ctx context.Context, res *resource.Resource, logger *slog.Logger) (metrics, error) {
	registry := prometheus.NewRegistry()
	reader, err := otelprometheus.New(otelprometheus.WithRegisterer(registry), otelprometheus.WithoutScopeInfo())
	if err != nil {
		return metrics{}, fmt.Errorf("exporter of metrics: %w", err)
	}
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m := metrics{made: &made{names: map[string]bool{}}}
	options := []sdkmetric.Option{
		sdkmetric.WithReader(reader),
		sdkmetric.WithResource(res),
		sdkmetric.WithView(m.made.note, sdkmetric.NewView(
			sdkmetric.Instrument{Kind: sdkmetric.InstrumentKindHistogram, Unit: "s"},
			sdkmetric.Stream{Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: durationBuckets}},
		)),
	}
	if pushed() {
		push, err := newPush(ctx, logger)
		if err != nil {
			return metrics{}, err
		}
		options = append(options, sdkmetric.WithReader(push))
	}
	m.provider = sdkmetric.NewMeterProvider(options...)
	m.page = promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		EnableOpenMetrics: true, // exemplars lead from a bucket to a trace
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelError),
	})
	return m, describeBuild(m.provider)
}

// made lists the instruments that were made, whether or not they have measured anything. Safe for concurrent use.
type made struct {
	mu    sync.Mutex
	list  []sdkmetric.Instrument
	names map[string]bool
}

// note is a view that changes nothing.
func (m *made) note(instrument sdkmetric.Instrument) (sdkmetric.Stream, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.names[instrument.Name] { // each reader looks at its views
		m.names[instrument.Name] = true
		m.list = append(m.list, instrument)
	}
	return sdkmetric.Stream{}, false
}
