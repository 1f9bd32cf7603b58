package feature

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/redistest"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/load"
)

// What loads need, the store is.
var (
	_ load.Sink    = (*Store)(nil)
	_ load.Journal = (*Store)(nil)
)

func TestServiceIsObservedWithoutIDs(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	project, err := views.Parse("views.yaml", []byte(declaration))
	if err != nil {
		t.Fatal(err)
	}
	signals := telemetry.Discard()
	signals.Tracer, signals.Meter = tracer, sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	s, err := New(memoryConfig(), Deps{Project: project, Signals: signals, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	run(t, s.Run)
	<-s.table.Ready()
	ctx, parent := tracer.Tracer("test").Start(t.Context(), "request")
	if _, err := s.GetUser(ctx, &featurev1.GetUserRequest{UserId: "somebody"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.GetUser(ctx, &featurev1.GetUserRequest{UserId: "somebody"}); err == nil {
		t.Fatal("a closed store answered")
	}
	parent.End()

	ended := spans.Ended()
	if len(ended) != 3 || ended[0].Name() != "feature.store.read" || ended[0].Parent().SpanID() != parent.SpanContext().SpanID() ||
		!slices.Contains(ended[0].Attributes(), attribute.String("db.system.name", "memory")) {
		t.Fatalf("spans: %+v", ended)
	}
	if got := ended[1].Status().Description; got != "STORE_UNREACHABLE" {
		t.Fatalf("status of the failed read: %q", got)
	}
	var metrics metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &metrics); err != nil {
		t.Fatal(err)
	}
	dump, err := json.Marshal(metrics.ScopeMetrics)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"repli.feature.store.duration", "repli.feature.rows", "repli.feature.items", "repli.feature.items.version",
		"repli.feature.items.age", "repli.feature.watchers", "not_found", "STORE_UNREACHABLE",
		"repli.feature.views", "user_kind", "unreadable", "stale",
	} {
		if !strings.Contains(string(dump), `"`+name+`"`) {
			t.Errorf("the metrics lack %s", name)
		}
	}
	for _, span := range ended {
		for _, attribute := range span.Attributes() {
			dump = append(dump, attribute.Value.String()...)
		}
	}
	if strings.Contains(string(dump), "somebody") {
		t.Error("a user id is among the signals")
	}
}

func TestMemoryAndCircuitAreObservedWithoutIDs(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	c := &cached{clock: &clock{}, server: redistest.Start(t)}
	deps := c.clock.deps(t)
	deps.Signals.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	c.Service = newServiceWith(t, redisConfig(c.server.Addr), deps)
	c.get(t, "somebody")
	c.get(t, "somebody")
	var metrics metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &metrics); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int64)
	for _, scope := range metrics.ScopeMetrics {
		for _, m := range scope.Metrics {
			var points []metricdata.DataPoint[int64]
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				points = data.DataPoints
			case metricdata.Sum[float64]:
				got[m.Name] = int64(len(data.DataPoints))
			case metricdata.Gauge[int64]:
				points = data.DataPoints
			}
			for _, p := range points {
				name := m.Name
				for _, label := range p.Attributes.ToSlice() {
					name += " " + label.Value.AsString()
				}
				got[name] = p.Value
				if strings.Contains(name, "somebody") {
					t.Errorf("%s holds a user id", name)
				}
			}
		}
	}
	for name, want := range map[string]int64{
		"repli.feature.cache.requests hit": 1, "repli.feature.cache.requests miss": 1, "repli.feature.cache.requests stale": 0,
		"repli.feature.cache.requests renewed": 0, "repli.feature.cache.loads ok": 1, "repli.feature.cache.loads failed": 0,
		"repli.feature.cache.loads refused": 0, "repli.feature.cache.evictions": 0, "repli.feature.cache.rows": 1,
		"repli.feature.cache.loading": 0, "repli.feature.circuit.open": 0, "repli.feature.circuit.opened": 0,
		"repli.feature.circuit.probes": 0, "repli.feature.redis.pool.takes reads miss": 1, "db.client.connection.count reads used": 0,
		"db.client.connection.timeouts reads": 0, "db.client.connection.pending_requests reads": 0, "repli.feature.redis.pool.waited": 4,
		"repli.feature.redis.pool.waits main_batches": 0, "repli.feature.redis.pool.stale reads": 0,
		"db.client.connection.max reads": int64(redisConfig("").Store.Redis.PoolSize), "repli.feature.rows not_found": 2, "repli.feature.views not_found user_kind": 2,
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s is %d, there: %v; want %d", name, value, ok, want)
		}
	}
	if got["repli.feature.cache.size"] < 500 {
		t.Errorf("size %d", got["repli.feature.cache.size"])
	}
}
