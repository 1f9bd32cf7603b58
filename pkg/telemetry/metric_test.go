package telemetry

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// openMetrics is the page as a Prometheus asks for it that takes exemplars.
func openMetrics(t *testing.T, telemetry *Telemetry) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	telemetry.Handler().ServeHTTP(recorder, request)
	return recorder.Body.String()
}

// A bucket leads to a trace that was kept, and to no other.
func TestBucketsLeadToTraces(t *testing.T) {
	t.Parallel()
	telemetry := begin(t, Defaults(), "gateway", io.Discard)
	defer end(t, telemetry)
	duration, err := telemetry.Signals().Meter.Meter("test").Float64Histogram("repli.test.duration", metric.WithUnit("s"))
	if err != nil {
		t.Fatal(err)
	}
	for id, took := range map[byte]float64{1: 0.004, 2: 0.04} {
		span := trace.SpanContextConfig{TraceID: trace.TraceID{id}, SpanID: trace.SpanID{id}}
		if id == 1 {
			span.TraceFlags = trace.FlagsSampled
		}
		duration.Record(trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(span)), took,
			metric.WithAttributes(attribute.String("repli.tier", "simple")))
	}
	got := openMetrics(t, telemetry)
	lead := regexp.MustCompile(`(?m)^repli_test_duration_seconds_bucket\{.*le="0.005"\} 1 # \{(.*)\} 0.004 `).FindStringSubmatch(got)
	if lead == nil || !strings.Contains(lead[1], `trace_id="01000000000000000000000000000000"`) ||
		!strings.Contains(lead[1], `span_id="0100000000000000"`) {
		t.Errorf("no bucket leads to the trace that was kept:\n%s", got)
	}
	if strings.Contains(got, `trace_id="02`) {
		t.Error("a bucket leads to a trace that nobody kept")
	}
}

func TestInstrumentsAreListedOnce(t *testing.T) {
	t.Parallel()
	telemetry := begin(t, Defaults(), "gateway", io.Discard)
	defer end(t, telemetry)
	meter := telemetry.Signals().Meter.Meter("test")
	for range 2 {
		if _, err := meter.Int64Counter("repli.test.calls", metric.WithUnit("{call}"), metric.WithDescription("Calls.")); err != nil {
			t.Fatal(err)
		}
	}
	listed := 0
	for _, instrument := range telemetry.Instruments() {
		if instrument.Name == "repli.test.calls" && instrument.Unit == "{call}" && instrument.Description == "Calls." {
			listed++
		}
	}
	if listed != 1 {
		t.Errorf("listed %d times: %v", listed, telemetry.Instruments())
	}
}

func TestThePageSaysWhichBuildItIs(t *testing.T) {
	t.Parallel()
	telemetry := begin(t, Defaults(), "gateway", io.Discard)
	defer end(t, telemetry)
	build := regexp.MustCompile(`(?m)^repli_build_info\{process_runtime_version="go1[^"]+",service_version="[^"]*",` +
		`vcs_ref_head_revision="[^"]+"\} 1$`)
	if got := page(t, telemetry); !build.MatchString(got) {
		t.Errorf("which build is this?\n%s", got)
	}
}

func TestCountersStartAtZero(t *testing.T) {
	t.Parallel()
	telemetry := begin(t, Defaults(), "gateway", io.Discard)
	defer end(t, telemetry)
	counter, err := telemetry.Signals().Meter.Meter("test").Int64Counter("repli.test.calls")
	if err != nil {
		t.Fatal(err)
	}
	Zero(counter, Label{Key: "role", Values: []string{"a", "b"}}, Label{Key: "outcome", Values: []string{"ok", "error"}})
	got := page(t, telemetry)
	for _, role := range []string{"a", "b"} {
		for _, outcome := range []string{"ok", "error"} {
			if want := `repli_test_calls_total{outcome="` + outcome + `",role="` + role + `"} 0`; !strings.Contains(got, want) {
				t.Errorf("%s is missing in\n%s", want, got)
			}
		}
	}
}
