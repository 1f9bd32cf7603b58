package feature

import (
	"context"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/telemetry/trail"
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

// unforgetting is an exporter that forgets nothing when it is shut down.
type unforgetting struct{ *tracetest.InMemoryExporter }

func (unforgetting) Shutdown(context.Context) error { return nil }

// An answer that turns out to be worth keeping while its refill is under way has the refill kept as well.
func TestTheRefillOfALateKeptAnswerIsKept(t *testing.T) {
	t.Parallel()
	out := tracetest.NewInMemoryExporter()
	provider := trail.New(trail.Defaults(), trail.Deps{
		Resource: resource.Empty(), Exporter: unforgetting{out}, Lost: func(context.Context, int, error) {},
	})
	signals := telemetry.Discard()
	signals.Tracer = provider
	report, err := newReport(signals, Redis)
	if err != nil {
		t.Fatal(err)
	}
	var cause trace.SpanContext
	for _, worth := range []bool{false, true} {
		ctx, request := provider.Tracer("test").Start(t.Context(), "request")
		err := report.observe(ctx, "refill", func(context.Context) error {
			if worth {
				trail.Keep(ctx)
			}
			request.End() // its answer does not wait
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		cause = request.SpanContext()
	}
	if err := provider.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	spans := out.GetSpans()
	if len(spans) != 2 || spans[0].Name != "request" || spans[1].Name != "feature.store.refill" {
		t.Fatalf("%d spans came: %v", len(spans), spans)
	}
	if link := spans[1].Links[0].SpanContext; link.TraceID() != cause.TraceID() || link.SpanID() != cause.SpanID() {
		t.Errorf("the refill is linked to %v, want %v", link, cause)
	}
}
