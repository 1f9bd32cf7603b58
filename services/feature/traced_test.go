package feature

import (
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/views"
)

// What is read for nobody who waits is a trace of its own, with a link to the request that caused it.
func TestRefillsAreLinkedToTheirCause(t *testing.T) {
	t.Parallel()
	project, err := views.Parse("views.yaml", []byte(declaration))
	if err != nil {
		t.Fatal(err)
	}
	spans := tracetest.NewSpanRecorder()
	signals := telemetry.Discard()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	signals.Tracer = tracer
	store, err := OpenStore(memoryConfig().Store, Deps{Project: project, Signals: signals, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, request := tracer.Tracer("test").Start(t.Context(), "request")
	for _, behind := range []bool{false, true} {
		if _, err := store.user(ctx, "somebody", behind); err != nil {
			t.Fatal(err)
		}
	}
	request.End()
	read, refill := spans.Ended()[0], spans.Ended()[1]
	cause := request.SpanContext()
	if read.Name() != "feature.store.read" || read.Parent().SpanID() != cause.SpanID() || len(read.Links()) != 0 {
		t.Errorf("%s under %v with links %v", read.Name(), read.Parent().SpanID(), read.Links())
	}
	if refill.Name() != "feature.store.refill" || refill.Parent().IsValid() || refill.SpanContext().TraceID() == cause.TraceID() ||
		len(refill.Links()) != 1 || !refill.Links()[0].SpanContext.Equal(cause) {
		t.Errorf("%s under %v with links %v", refill.Name(), refill.Parent().SpanID(), refill.Links())
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}
