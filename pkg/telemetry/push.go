package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// pushed says whether figures go to a collector, too. They do when the environment names one for figures, or asks for the push
// by OTEL_METRICS_EXPORTER. OTEL_EXPORTER_OTLP_ENDPOINT alone is for traces: whoever named it was not asked about figures.
func pushed() bool {
	if exporters := os.Getenv("OTEL_METRICS_EXPORTER"); exporters != "" {
		return slices.ContainsFunc(strings.Split(exporters, ","), func(name string) bool { return strings.TrimSpace(name) == "otlp" })
	}
	return os.Getenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") != ""
}

// newPush returns a reader that sends all figures every OTEL_METRIC_EXPORT_INTERVAL (a minute), on a goroutine of its own and for
// no longer than OTEL_METRIC_EXPORT_TIMEOUT (half a minute). What does not arrive is not kept: figures are totals, and the next
// ones hold it.
func newPush(ctx context.Context, logger *slog.Logger) (sdkmetric.Reader, error) {
	otlp, err := otlpmetricgrpc.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("exporter of metrics: %w", err)
	}
	return sdkmetric.NewPeriodicReader(&push{Exporter: otlp, logger: logger}), nil
}

// push logs what the SDK would report to a global handler.
type push struct {
	sdkmetric.Exporter
	logger *slog.Logger
}

// Export sends the figures.
func (p *push) Export(ctx context.Context, figures *metricdata.ResourceMetrics) error {
	if err := p.Exporter.Export(ctx, figures); err != nil {
		p.logger.LogAttrs(ctx, slog.LevelWarn, "figures were not pushed", Err(err))
	}
	return nil
}
