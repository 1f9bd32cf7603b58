package telemetry_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/rpc/rpctest"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// patience bounds the wait for what comes at once, or never when something is broken.
const patience = 20 * time.Second

// receiver is an OTLP collector: it hands on what it is sent, once it is let to.
type receiver struct {
	collector.UnimplementedTraceServiceServer
	received chan *collector.ExportTraceServiceRequest
	hang     bool
}

func (r *receiver) Register(registrar grpc.ServiceRegistrar) {
	collector.RegisterTraceServiceServer(registrar, r)
}

func (r *receiver) Export(
	ctx context.Context, request *collector.ExportTraceServiceRequest,
) (*collector.ExportTraceServiceResponse, error) {
	if r.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	r.received <- request
	return &collector.ExportTraceServiceResponse{}, nil
}

// collect starts the receiver and returns its address.
func collect(t *testing.T, r *receiver) string {
	t.Helper()
	cfg := rpc.ServerDefaults()
	cfg.DrainTimeout = time.Millisecond
	return rpctest.Serve(t, cfg, nil, r).Addr()
}

func setupTowards(t *testing.T, addr string) *telemetry.Telemetry {
	t.Helper()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+addr)
	cfg := telemetry.Defaults()
	cfg.TraceRatio = 1
	cfg.LogLevel = "error"
	set, err := telemetry.Setup(t.Context(), cfg, "gateway")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func spans(t *testing.T, set *telemetry.Telemetry, count int) {
	t.Helper()
	tracer := set.Signals().Tracer.Tracer("test")
	for range count {
		_, span := tracer.Start(t.Context(), "recommend")
		span.End()
	}
}

func TestSpanArrivesAtTheCollector(t *testing.T) {
	r := &receiver{received: make(chan *collector.ExportTraceServiceRequest, 1)}
	set := setupTowards(t, collect(t, r))
	spans(t, set, 1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := set.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	got := (<-r.received).GetResourceSpans()
	if len(got) != 1 || len(got[0].GetScopeSpans()) != 1 || got[0].GetScopeSpans()[0].GetSpans()[0].GetName() != "recommend" {
		t.Fatalf("got %v", got)
	}
	var service string
	for _, attribute := range got[0].GetResource().GetAttributes() {
		if attribute.GetKey() == "service.name" {
			service = attribute.GetValue().GetStringValue()
		}
	}
	if service != "gateway" {
		t.Errorf("the service is %q, want gateway", service)
	}
}

func TestCollectorThatDoesNotAnswerHoldsNobodyUp(t *testing.T) {
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	addresses := map[string]string{
		"hanging": collect(t, &receiver{hang: true}),
		"silent":  silent.Addr().String(),
		"down":    gone.Addr().String(),
	}
	for name, addr := range addresses {
		t.Run(name, func(t *testing.T) {
			set := setupTowards(t, addr)
			ended := make(chan error, 1)
			go func() {
				spans(t, set, 20_000) // many times what the queue holds
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				ended <- set.Shutdown(ctx)
			}()
			select {
			case err := <-ended:
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want that spans were left", err)
				}
			case <-time.After(patience):
				t.Fatal("spans or shutdown wait for the collector")
			}
		})
	}
}

func TestWithoutEndpointThereAreNoTraces(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
	set, err := telemetry.Setup(t.Context(), telemetry.Defaults(), "gateway")
	if err != nil {
		t.Fatal(err)
	}
	_, span := set.Signals().Tracer.Tracer("test").Start(t.Context(), "recommend")
	if span.IsRecording() {
		t.Error("a span is recorded for nobody")
	}
	span.End()
	if err := set.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
