package telemetry

import (
	"errors"
	"log/slog"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/telemetry/trail"
)

// Formats of logs.
const (
	formatJSON = "json"
	formatText = "text"
)

// Config is how a service reports about itself. Where traces go, and figures beside the page for Prometheus, is told by the
// standard OTEL_ variables of the environment: without an endpoint there are no traces, and figures are pushed where
// OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is set or OTEL_METRICS_EXPORTER holds "otlp".
type Config struct {
	// LogLevel is debug, info, warn or error.
	LogLevel string `yaml:"log_level"`
	// LogFormat is json or text.
	LogFormat string `yaml:"log_format"`
	// TraceRatio is the part of the traces begun here that is kept, 0 to 1. A trace begun by the caller is kept when the
	// caller keeps it.
	TraceRatio float64 `yaml:"trace_ratio"`
	// LateTraces says how many of the others are kept because something degraded.
	LateTraces trail.Config `yaml:"late_traces"`
}

// Defaults logs JSON from level info and keeps 1 % of the traces, and some of the degraded ones.
func Defaults() Config {
	return Config{LogLevel: "info", LogFormat: formatJSON, TraceRatio: 0.01, LateTraces: trail.Defaults()}
}

// Validate returns every fault as a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	if _, err := parseLevel(c.LogLevel); err != nil {
		faults = append(faults, config.Invalid("log_level", c.LogLevel, "debug, info, warn or error"))
	}
	if c.LogFormat != formatJSON && c.LogFormat != formatText {
		faults = append(faults, config.Invalid("log_format", c.LogFormat, "json or text"))
	}
	if !(c.TraceRatio >= 0 && c.TraceRatio <= 1) { // NaN is neither
		faults = append(faults, config.Invalid("trace_ratio", c.TraceRatio, "0 to 1"))
	}
	faults = append(faults, config.Under("late_traces", c.LateTraces.Validate()))
	return errors.Join(faults...)
}

func parseLevel(text string) (slog.Level, error) {
	var level slog.Level
	err := level.UnmarshalText([]byte(text))
	return level, err
}
