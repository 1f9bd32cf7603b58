package telemetry

import (
	"context"
	"fmt"
	"runtime/debug"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

const scope = "github.com/repli-mesh/repli/pkg/telemetry"

// Which build this is, in the words of OpenTelemetry.
const (
	versionKey  = "service.version"
	revisionKey = "vcs.ref.head.revision"
	runtimeKey  = "process.runtime.version"
)

// describeBuild has the meter say which build this is.
func describeBuild(provider metric.MeterProvider) error {
	version, revision, runtime := "unknown", "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version, runtime = info.Main.Version, info.GoVersion
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = setting.Value
			}
		}
	}
	build := metric.WithAttributeSet(attribute.NewSet(
		attribute.String(versionKey, version), attribute.String(revisionKey, revision), attribute.String(runtimeKey, runtime)))
	_, err := provider.Meter(scope).Int64ObservableGauge("repli.build.info",
		metric.WithDescription("Always 1; its labels say which build this is."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(1, build)
			return nil
		}))
	if err != nil {
		return fmt.Errorf("figure of the build: %w", err)
	}
	return nil
}
