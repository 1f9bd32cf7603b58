package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

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

// collect starts a collector and returns its address.
func collect(t *testing.T, r rpc.Service) string {
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

// A collector that refuses is asked again for what it may take later, and what it will never take is given up and counted; spans
// beyond the queue are dropped and counted. Nobody waits.
func TestCollectorThatRefuses(t *testing.T) {
	for _, code := range []codes.Code{codes.Unavailable, codes.PermissionDenied} {
		t.Run(code.String(), func(t *testing.T) {
			r := &refusing{asked: make(chan struct{}, 1), code: code}
			set := setupTowards(t, collect(t, r))
			const count = 20_000
			spans(t, set, count)
			<-r.asked
			counts := outcomes(t, set)
			for end := time.Now().Add(patience); counts["lost"]+counts["overflow"]+counts["queued"] != count; counts = outcomes(t, set) {
				if time.Now().After(end) { // a batch may be between two of them for a moment
					t.Fatalf("%v of %d spans", counts, count)
				}
			}
			// What is given up at once leaves room in the queue, as fast as this machine is.
			if counts["sent"] != 0 || counts["overflow"] == 0 && code == codes.Unavailable {
				t.Errorf("%v of %d spans", counts, count)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := set.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	}
}

// outcomes are the spans by outcome, as the page of figures has them; those that wait are queued.
func outcomes(t *testing.T, set *telemetry.Telemetry) map[string]float64 {
	t.Helper()
	page := httptest.NewRecorder()
	set.Handler().ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
	counts := map[string]float64{}
	for line := range strings.Lines(page.Body.String()) {
		rest, ok := strings.CutPrefix(line, "repli_telemetry_spans_")
		if !ok {
			continue
		}
		var n float64
		if _, err := fmt.Sscan(rest[strings.LastIndex(rest, " "):], &n); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, outcome := range []string{"sent", "lost", "overflow", "queued"} {
			if strings.Contains(rest, outcome) {
				counts[outcome] = n
			}
		}
	}
	return counts
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
