package ranking

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
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
				for _, p := range data.DataPoints {
					got[strings.TrimSpace(m.Name+" "+label(p.Attributes))] = float64(p.Value)
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					got[strings.TrimSpace(m.Name+" "+label(p.Attributes))] = p.Value
				}
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
	if fmt.Sprint(names) != "[ranking.join1 ranking.score1 ranking.topk1 ranking.join1 ranking.score1 ranking.topk1 Rank4]" {
		t.Errorf("spans are %v", names)
	}
}

// Of two reasons why an answer is less than it might be, the span says the first.
func TestTheSpanSaysTheFirstReason(t *testing.T) {
	t.Parallel()
	for want, response := range map[string]*rankingv1.RankResponse{
		"candidates_not_scored":  {Scored: 1, Scanned: 1, Scannable: 2},
		"catalogue_not_searched": {Scored: 2, Scanned: 1, Scannable: 2},
		"":                       {Scored: 2, Scanned: 2, Scannable: 2},
	} {
		recorder := tracetest.NewSpanRecorder()
		ctx, span := trace.NewTracerProvider(trace.WithSpanProcessor(recorder)).Tracer("test").Start(t.Context(), "Rank")
		traced(ctx, request(nil, "low", "high"), response)
		span.End()
		attributes := attribute.NewSet(recorder.Ended()[0].Attributes()...)
		if got, _ := attributes.Value("repli.degradation.reason"); got.AsString() != want {
			t.Errorf("the reason is %q, want %q", got.AsString(), want)
		}
	}
}

// A value that the request gives is no default, whether it is the user's, an item's or nobody's; the shadow's are not counted.
func TestDefaultsAreCountedWhereNobodyGivesAValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, reader := seen()
		s := startRoles(t, signals, map[string]string{"SERVING": "1", "SHADOW": "2 100"})
		given := request(nil, "default", "noplace")
		given.RequestFeatures = map[string]*repliv1.RequestFeature{
			"u_a": number(1), "boost": number(1), "i_c": number(1), "place": integer(1),
		}
		for _, in := range []*rankingv1.RankRequest{given, request(nil, "default", "noplace")} {
			if _, err := s.Rank(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		got := figures(t, reader)
		for feature, want := range map[string]float64{"u_a": 1, "u_b": 2, "boost": 1, "i_c": 1, "place": 1, "i_a": 0, "i_b": 0} {
			if n := got["repli.ranking.defaults feature="+feature]; n != want {
				t.Errorf("%s was replaced %v times, expected %v", feature, n, want)
			}
		}
	})
}
