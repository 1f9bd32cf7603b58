package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/rpc/rpctest"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// figures is an OTLP collector of metrics.
type figures struct {
	collector.UnimplementedMetricsServiceServer
	received chan *collector.ExportMetricsServiceRequest
	asked    chan struct{} // closed when the first figures arrive
	once     sync.Once
	hang     bool
	err      error
}

func collectFigures(t *testing.T, f *figures) string {
	t.Helper()
	f.asked, f.received = make(chan struct{}), make(chan *collector.ExportMetricsServiceRequest, 100)
	cfg := rpc.ServerDefaults()
	cfg.DrainTimeout = time.Millisecond
	return rpctest.Serve(t, cfg, nil, f).Addr()
}

func (f *figures) Register(registrar grpc.ServiceRegistrar) {
	collector.RegisterMetricsServiceServer(registrar, f)
}

func (f *figures) Export(
	ctx context.Context, request *collector.ExportMetricsServiceRequest,
) (*collector.ExportMetricsServiceResponse, error) {
	f.once.Do(func() { close(f.asked) })
	if f.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if f.err != nil {
		return nil, f.err
	}
	f.received <- request
	return &collector.ExportMetricsServiceResponse{}, nil
}

func setupFigures(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	cfg := telemetry.Defaults()
	cfg.LogLevel = "error"
	set, err := telemetry.Setup(t.Context(), cfg, "gateway")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// measure counts and times as a request would.
func measure(t *testing.T, set *telemetry.Telemetry, times int) {
	t.Helper()
	meter := set.Signals().Meter.Meter("test")
	counter, err := meter.Int64Counter("repli.test.calls")
	if err != nil {
		t.Fatal(err)
	}
	duration, err := meter.Float64Histogram("repli.test.duration")
	if err != nil {
		t.Fatal(err)
	}
	for range times {
		counter.Add(t.Context(), 1)
		duration.Record(t.Context(), 0.001)
	}
}

// counted is the count of calls in what a collector was sent, 0 where it is not there.
func counted(request *collector.ExportMetricsServiceRequest) (calls int64, service string) {
	for _, resource := range request.GetResourceMetrics() {
		for _, attribute := range resource.GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				service = attribute.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeMetrics() {
			for _, metric := range scope.GetMetrics() {
				if metric.GetName() == "repli.test.calls" {
					calls = metric.GetSum().GetDataPoints()[0].GetAsInt()
				}
			}
		}
	}
	return calls, service
}

// The environment decides about the push; a collector of traces alone is sent no figures.
func TestWhoAsksForFiguresIsPushedThem(t *testing.T) {
	const traces, figuresOnly, exporters = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_METRICS_EXPORTER"
	for name, test := range map[string]struct {
		env  []string
		ask  string
		want bool
	}{
		"an endpoint for figures":        {[]string{figuresOnly}, "", true},
		"one for all, asked for":         {[]string{traces}, "prometheus, otlp", true},
		"one for all, not asked for":     {[]string{traces}, "", false},
		"one for figures, asked for not": {[]string{figuresOnly}, "none", false},
		"none":                           {nil, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := &figures{}
			addr := collectFigures(t, f)
			for _, key := range []string{traces, figuresOnly} {
				t.Setenv(key, "")
			}
			for _, key := range test.env {
				t.Setenv(key, "http://"+addr)
			}
			t.Setenv(exporters, test.ask)
			set := setupFigures(t)
			measure(t, set, 3)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			// Spans of nobody, so that nothing but figures could fail to arrive.
			if err := set.Shutdown(ctx); err != nil {
				t.Fatal(err)
			}
			if got := len(f.received) > 0; got != test.want {
				t.Fatalf("pushed: %v, want %v", got, test.want)
			}
			if test.want {
				if calls, service := counted(<-f.received); calls != 3 || service != "gateway" {
					t.Errorf("got %d calls of %q, want 3 of gateway", calls, service)
				}
			}
		})
	}
}

// Figures are sent again and again, and not only at the end.
func TestFiguresArePushedAtTheirInterval(t *testing.T) {
	f := &figures{}
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://"+collectFigures(t, f))
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "10")
	set := setupFigures(t)
	measure(t, set, 2)
	for arrived := time.After(patience); ; {
		select {
		case request := <-f.received:
			if calls, _ := counted(request); calls != 2 {
				continue // sent before they were measured
			}
		case <-arrived:
			t.Fatal("no figures came")
		}
		break
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := set.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
}

// A collector that is down, hangs, says nothing or refuses holds up neither who measures, nor the page, nor the end.
func TestCollectorOfFiguresHoldsNobodyUp(t *testing.T) {
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
	hanging, refusing := &figures{hang: true}, &figures{err: status.Error(codes.PermissionDenied, "no")}
	for name, test := range map[string]struct {
		addr  string
		asked *figures // waits until it has been asked
	}{
		"hanging":  {collectFigures(t, hanging), hanging},
		"refusing": {collectFigures(t, refusing), refusing},
		"silent":   {silent.Addr().String(), nil},
		"down":     {gone.Addr().String(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://"+test.addr)
			t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "10")
			set := setupFigures(t)
			ended := make(chan struct{})
			var page bytes.Buffer
			go func() {
				defer close(ended)
				if test.asked != nil {
					<-test.asked.asked
				}
				measure(t, set, 20_000)
				recorder := httptest.NewRecorder()
				set.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
				_, _ = io.Copy(&page, recorder.Body)
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				_ = set.Shutdown(ctx) // which is bounded, whether or not it says that figures were left
			}()
			select {
			case <-ended:
			case <-time.After(patience):
				t.Fatal("measuring, the page or the end wait for the collector")
			}
			if !strings.Contains(page.String(), "repli_test_calls_total 20000") {
				t.Errorf("the page has not what was measured:\n%s", &page)
			}
		})
	}
}
