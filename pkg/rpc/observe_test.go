package rpc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	otelcodes "go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/telemetry/trail"
)

// sight is where what is observed goes.
type sight struct {
	spans   *tracetest.SpanRecorder
	reader  *sdkmetric.ManualReader
	signals telemetry.Signals
}

func newSight() sight {
	s := sight{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader(), signals: telemetry.Discard()}
	s.signals.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.spans))
	s.signals.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(s.reader))
	return s
}

// points are the values of the figures by name and attributes: sums, and counts of histograms.
func (s sight) points(t *testing.T) map[string]uint64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := s.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	points := map[string]uint64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					points[m.Name+" "+p.Attributes.Encoded(attribute.DefaultEncoder())] = uint64(p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					points[m.Name+" "+p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Count
				}
			}
		}
	}
	return points
}

// watched starts a server that is observed, and returns its client, which is observed too.
func watched(t *testing.T, s sight, service Service) (featurev1.FeatureServiceClient, *grpc.ClientConn) {
	t.Helper()
	local := NewLocal()
	_, stop := start(t, localConfig("test"), ServerDeps{Signals: s.signals, Local: local}, service)
	cfg := ClientDefaults()
	cfg.Target = "inproc:///test"
	conn, err := Dial(cfg, ClientDeps{Signals: s.signals, Local: local})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		stop()
	})
	return featurev1.NewFeatureServiceClient(conn), conn
}

const method0 = "repli.feature.v1.FeatureService/GetUser"

func TestCallsAreTracedAndCounted(t *testing.T) {
	t.Parallel()
	s := newSight()
	service := &featureService{}
	client, conn := watched(t, s, service)
	var header metadata.MD
	service.getUser = func(ctx context.Context, _ *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
		TellTrace(ctx)
		return nil, fault.New(fault.Unavailable, "STORE", "the store of u1 refused")
	}
	if _, err := client.GetUser(soon(t), &featurev1.GetUserRequest{UserId: "u1"}, grpc.Header(&header)); err == nil {
		t.Fatal("no error")
	}
	if _, err := grpc_health_v1.NewHealthClient(conn).Check(soon(t), &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
	ended := s.spans.Ended()
	if len(ended) != 2 {
		t.Fatalf("%d spans", len(ended))
	}
	server, caller := ended[0], ended[1]
	if server.SpanKind() != trace.SpanKindServer || caller.SpanKind() != trace.SpanKindClient ||
		server.Parent().SpanID() != caller.SpanContext().SpanID() || !server.Parent().IsRemote() {
		t.Errorf("the server's parent is %+v, the call's %+v", server.Parent(), caller.SpanContext())
	}
	for _, span := range ended {
		set := attribute.NewSet(span.Attributes()...)
		want := "rpc.method=" + method0 + ",rpc.response.status_code=UNAVAILABLE,rpc.system.name=grpc"
		if got := set.Encoded(attribute.DefaultEncoder()); got != want || span.Name() != method0 {
			t.Errorf("%s has %s", span.Name(), got)
		}
		if span.Status().Code != otelcodes.Error || strings.Contains(fmt.Sprint(span.Status(), span.Events()), "u1") {
			t.Errorf("status %+v, events %v", span.Status(), span.Events())
		}
	}
	if got := header.Get(TraceHeader); len(got) != 1 || got[0] != caller.SpanContext().TraceID().String() {
		t.Errorf("the header is %v", got)
	}
	labels := "rpc.method=" + method0 + ",rpc.response.status_code=UNAVAILABLE,rpc.system.name=grpc"
	// The health check is in no figure, and panics and baggage are there from the start, at zero.
	want := map[string]uint64{"rpc.server.call.duration " + labels: 1}
	want["repli.rpc.baggage "] = 0
	for _, method := range []string{"GetUser", "WatchItems", "WriteRows"} {
		want["repli.rpc.panics rpc.method=repli.feature.v1.FeatureService/"+method] = 0
	}
	if got := s.points(t); !maps.Equal(got, want) {
		t.Errorf("figures %v, want %v", got, want)
	}
}

func TestWithoutATraceThereIsNoHeader(t *testing.T) {
	t.Parallel()
	service := &featureService{getUser: func(ctx context.Context, _ *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
		TellTrace(ctx)
		return &featurev1.GetUserResponse{}, nil
	}}
	client, _ := inMemory(t, service)
	var header metadata.MD
	if _, err := client.GetUser(soon(t), &featurev1.GetUserRequest{UserId: "u1"}, grpc.Header(&header)); err != nil {
		t.Fatal(err)
	}
	if got := header.Get(TraceHeader); got != nil {
		t.Errorf("the header is %v", got)
	}
}

// What a caller's libraries put into the metadata, by mistake or on purpose, changes no answer.
func TestHostileMetadata(t *testing.T) {
	t.Parallel()
	s := newSight()
	service := &featureService{}
	client, _ := watched(t, s, service)
	service.getUser = func(ctx context.Context, _ *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
		if n := baggage.FromContext(ctx).Len(); n > 0 {
			return nil, fmt.Errorf("%d members of baggage would be sent on", n)
		}
		if sent, _ := metadata.FromOutgoingContext(send(ctx)); len(sent.Get("baggage")) > 0 {
			return nil, errors.New("baggage is sent on")
		}
		return &featurev1.GetUserResponse{Segment: "found"}, nil
	}
	many := make([]string, 0, 2*180)
	for i := range 180 {
		many = append(many, "baggage", fmt.Sprintf("key%d=%s", i, strings.Repeat("x", 300)))
	}
	tests := map[string][]string{
		"64 KB of baggage":       {"baggage", "key=" + strings.Repeat("x", 64<<10)},
		"baggage in many":        many,
		"no parent at all":       {"traceparent", "xyz"},
		"zeros":                  {"traceparent", "00-00000000000000000000000000000000-0000000000000000-01"},
		"two parents":            {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "traceparent", "x"},
		"a long parent":          {"traceparent", strings.Repeat("0", 30<<10)},
		"a state that is none":   {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate", strings.Repeat("=,", 9000)},
		"a state without parent": {"tracestate", "a=b"},
	}
	for name, pairs := range tests {
		response, err := client.GetUser(metadata.AppendToOutgoingContext(soon(t), pairs...), &featurev1.GetUserRequest{UserId: "u1"})
		if err != nil || response.GetSegment() != "found" {
			t.Errorf("%s: %v, %v", name, response, err)
		}
	}
	if got := s.points(t)["repli.rpc.baggage "]; got != 2 {
		t.Errorf("%d calls with baggage were counted", got)
	}
}

// Streams are counted by what their callers get.
func TestStreamsAreCountedByTheirEnd(t *testing.T) {
	t.Parallel()
	s, local, service := newSight(), NewLocal(), &featureService{}
	_, stop := start(t, localConfig("test"), ServerDeps{Signals: s.signals, Local: local}, service)
	client := featurev1.NewFeatureServiceClient(dial(t, "inproc:///test", local))
	watch := func(ctx context.Context) error {
		stream, err := client.WatchItems(ctx, &featurev1.WatchItemsRequest{})
		if err != nil {
			return err
		}
		_, err = stream.Recv()
		return err
	}
	for _, end := range []func() error{
		func() error { return nil },
		func() error { return fault.New(fault.Unavailable, "STORE", "the store refused") },
		func() error { panic("a defect") },
		func() error { return status.Error(4711, "made up") },
	} {
		service.watchItems = func(grpc.ServerStreamingServer[featurev1.WatchItemsResponse]) error { return end() }
		if err := watch(soon(t)); err == nil {
			t.Error("a stream has not ended")
		}
	}
	ctx, cancel := context.WithCancel(soon(t))
	left := make(chan struct{})
	service.watchItems = func(stream grpc.ServerStreamingServer[featurev1.WatchItemsResponse]) error {
		defer close(left)
		cancel()
		<-stream.Context().Done()
		return stream.Context().Err()
	}
	if err := watch(ctx); status.Code(err) != codes.Canceled {
		t.Errorf("a stream that was cancelled ended with %v", err)
	}
	<-left
	stop() // and with it the handlers have ended
	points := s.points(t)
	for _, code := range []string{"OK", "UNAVAILABLE", "INTERNAL", "UNKNOWN", "CANCELLED"} {
		figure := "rpc.server.call.duration rpc.method=repli.feature.v1.FeatureService/WatchItems,rpc.response.status_code=" + code +
			",rpc.system.name=grpc"
		if points[figure] != 1 {
			t.Errorf("%d streams ended with %s, want 1; figures %v", points[figure], code, points)
		}
	}
}

func TestStatesOfCallersLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	s := newSight()
	signals := s.signals
	provider := trail.New(trail.Defaults(), trail.Deps{
		Resource: resource.Empty(), Exporter: tracetest.NewInMemoryExporter(), Lost: func(context.Context, int, error) {},
	})
	signals.Tracer = provider
	o, err := newObserver(signals, trace.SpanKindServer)
	if err != nil {
		t.Fatal(err)
	}
	m := newMethod("/" + method0)
	for i := range 100_000 {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs(
			"traceparent", fmt.Sprintf("00-%032x-%016x-00", i+1, i+1), "tracestate", fmt.Sprintf("k%d=v%d", i, i)))
		ctx, w := o.begin(o.accept(ctx), m)
		w.end(ctx, codes.OK, false)
	}
	if got := s.points(t); len(got) != 1 {
		t.Errorf("figures %v", got)
	}
	if stats := provider.Stats(); stats != (trail.Stats{}) {
		t.Errorf("traces: %+v", stats)
	}
	if err := provider.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestWorthKeeping(t *testing.T) {
	t.Parallel()
	relaxed, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	late, cancelLate := context.WithTimeout(t.Context(), -time.Second)
	defer cancelLate()
	for _, test := range []struct {
		ctx  context.Context
		code codes.Code
		want bool
	}{
		{relaxed, codes.OK, false},
		{relaxed, codes.InvalidArgument, false},
		{relaxed, codes.Unavailable, true},
		{relaxed, codes.FailedPrecondition, true},
		{relaxed, codes.ResourceExhausted, true},
		{relaxed, codes.DeadlineExceeded, true},
		{relaxed, codes.Canceled, false},
		{late, codes.Canceled, true},
		{t.Context(), codes.Canceled, false},
	} {
		if got := worthKeeping(test.ctx, test.code); got != test.want {
			t.Errorf("%v is worth keeping: %v", test.code, got)
		}
	}
}

func TestCodesThatPeersMakeUpAreUnknown(t *testing.T) {
	t.Parallel()
	s := newSight()
	o, err := newObserver(s.signals, trace.SpanKindServer)
	if err != nil {
		t.Fatal(err)
	}
	ctx, w := o.begin(t.Context(), newMethod("/"+method0))
	w.end(ctx, 4711, true)
	if got := fmt.Sprint(s.points(t)); !strings.Contains(got, "UNKNOWN") {
		t.Errorf("figures %s", got)
	}
}
