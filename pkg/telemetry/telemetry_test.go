package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func begin(t *testing.T, cfg Config, service string, logs io.Writer) *Telemetry {
	t.Helper()
	telemetry, err := setup(t.Context(), cfg, service, logs)
	if err != nil {
		t.Fatal(err)
	}
	return telemetry
}

func end(t *testing.T, telemetry *Telemetry) {
	t.Helper()
	if err := telemetry.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func page(t *testing.T, telemetry *Telemetry) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	telemetry.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if recorder.Code != http.StatusOK {
		t.Fatalf("got %d: %s", recorder.Code, recorder.Body)
	}
	return recorder.Body.String()
}

func TestDurationsHaveBucketsBelowFiveMilliseconds(t *testing.T) {
	t.Parallel()
	one := begin(t, Defaults(), "one", io.Discard)
	defer end(t, one)
	two := begin(t, Defaults(), "two", io.Discard)
	defer end(t, two)

	meter := one.Signals().Meter.Meter("test")
	duration, err := meter.Float64Histogram("repli.test.duration", metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(5, 10))
	if err != nil {
		t.Fatal(err)
	}
	size, err := meter.Int64Histogram("repli.test.size", metric.WithUnit("By"), metric.WithExplicitBucketBoundaries(7))
	if err != nil {
		t.Fatal(err)
	}
	duration.Record(t.Context(), 0.0003)
	size.Record(t.Context(), 1)

	got := page(t, one)
	for _, want := range []string{
		`repli_test_duration_seconds_bucket{le="0.00025"`, `le="0.00025"} 0`, `le="0.0005"} 1`, `le="0.0075"}`, `le="1"}`,
		`repli_test_size_bytes_bucket`, `le="7"}`, `go_goroutines`, `service_name="one"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, `le="5"`) {
		t.Error("the instrument's own buckets were kept")
	}
	if strings.Contains(page(t, two), "repli_test") {
		t.Error("two services share a registry")
	}
}

func TestLogsCarryTheServiceAndTheSpan(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	telemetry := begin(t, Defaults(), "gateway", &logs)
	defer end(t, telemetry)
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	ctx := trace.ContextWithSpanContext(t.Context(), span)
	logger := telemetry.Signals().Logger

	logger.DebugContext(ctx, "too detailed")
	logger.With(slog.String("component", "test")).InfoContext(ctx, "told", Err(io.EOF))
	var line map[string]any
	if err := json.Unmarshal(logs.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, &logs)
	}
	delete(line, "time")
	want := `{"component":"test","error":"EOF","level":"INFO","msg":"told","service":"gateway",` +
		`"span_id":"0200000000000000","trace_id":"01000000000000000000000000000000"}`
	if got, err := json.Marshal(line); err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}

	logs.Reset()
	telemetry.SetLevel(slog.LevelDebug)
	logger.WithGroup("g").DebugContext(t.Context(), "told", slog.Int("n", 1))
	if got := logs.String(); !strings.Contains(got, `"g":{"n":1}`) || strings.Contains(got, "trace_id") {
		t.Errorf("got %s", got)
	}
}

func TestTextLogs(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	cfg := Defaults()
	cfg.LogFormat = "text"
	telemetry := begin(t, cfg, "gateway", &logs)
	defer end(t, telemetry)
	telemetry.Signals().Logger.Info("told")
	if got := logs.String(); !strings.Contains(got, "level=INFO msg=told service=gateway") {
		t.Errorf("got %s", got)
	}
}

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
	tests := map[string]struct {
		change func(*Config)
		want   string
	}{
		"level":  {func(c *Config) { c.LogLevel = "loud" }, `log_level: is "loud", expected debug, info, warn or error`},
		"format": {func(c *Config) { c.LogFormat = "xml" }, `log_format: is "xml", expected json or text`},
		"ratio":  {func(c *Config) { c.TraceRatio = 1.5 }, "trace_ratio: is 1.5, expected 0 to 1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Defaults()
			test.change(&cfg)
			_, err := Setup(t.Context(), cfg, "gateway")
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "telemetry of gateway") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	signals := Discard()
	signals.Logger.Info("nobody reads this")
	_, span := signals.Tracer.Tracer("test").Start(t.Context(), "span")
	span.End()
	if span.SpanContext().IsValid() {
		t.Error("a discarded span has an id")
	}
	if _, err := signals.Meter.Meter("test").Int64Counter("repli.test"); err != nil {
		t.Error(err)
	}
}
