package ranking

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
)

// figures returns the sums and counts by name and attributes.
func figures(t *testing.T, reader *metric.ManualReader) map[string]float64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					got[m.Name+" "+label(p.Attributes)] = float64(p.Value)
				}
			case metricdata.Gauge[int64]:
				got[m.Name] = float64(data.DataPoints[0].Value)
			case metricdata.Gauge[float64]:
				got[m.Name] = data.DataPoints[0].Value
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					got[m.Name+" "+label(p.Attributes)] = float64(p.Count)
				}
			}
		}
	}
	return got
}

func label(set attribute.Set) string { return set.Encoded(attribute.DefaultEncoder()) }

func TestReport(t *testing.T) {
	t.Parallel()
	reader, recorder := metric.NewManualReader(), tracetest.NewSpanRecorder()
	signals := telemetry.Discard()
	signals.Meter = metric.NewMeterProvider(metric.WithReader(reader))
	tracer := trace.NewTracerProvider(trace.WithSpanProcessor(recorder))
	signals.Tracer = tracer
	s, stream := startSeen(t, Defaults(), tinyBundle(), signals)
	if _, err := s.Rank(t.Context(), request(ada, "low")); err == nil {
		t.Fatal("ranked without a table")
	}
	send(t, stream, itemstest.Table(itemSchema, userSchema, 5, shop...)...)
	ctx, span := tracer.Tracer("test").Start(t.Context(), "Rank")
	for range 2 {
		if _, err := s.Rank(ctx, request(nil, "low", "high", "default", "noplace", "lacking", "ghost")); err != nil {
			t.Fatal(err)
		}
	}
	span.End()

	got := figures(t, reader)
	for name, want := range map[string]float64{
		"repli.ranking.candidates outcome=scored":   8,
		"repli.ranking.candidates outcome=unscored": 2,
		"repli.ranking.candidates outcome=unknown":  2,
		"repli.ranking.duration outcome=ok":         2,
		"repli.ranking.duration outcome=error":      1,
		"repli.ranking.defaults feature=u_a":        2,
		"repli.ranking.defaults feature=i_c":        2,
		"repli.ranking.defaults feature=place":      2,
		"repli.ranking.defaults feature=boost":      2,
		"repli.ranking.defaults feature=i_a":        0,
		"repli.ranking.items.size":                  6,
		"repli.ranking.items.version":               5,
		"repli.ranking.items.age":                   0,
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s is %v (there: %v), want %v", name, value, ok, want)
		}
	}
	var names []string
	for _, ended := range recorder.Ended() {
		names = append(names, ended.Name()+fmt.Sprint(len(ended.Attributes())))
	}
	if fmt.Sprint(names) != "[ranking.assemble2 ranking.score2 ranking.assemble2 ranking.score2 Rank0]" {
		t.Errorf("spans are %v", names)
	}
}
