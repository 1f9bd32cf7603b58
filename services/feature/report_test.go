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
