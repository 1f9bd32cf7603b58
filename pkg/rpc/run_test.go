package rpc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/channelz/grpc_channelz_v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/fault"
)

func TestHealthOfTheServerAndOfEachService(t *testing.T) {
	t.Parallel()
	local := NewLocal()
	server, _ := start(t, localConfig("test"), testDeps(local), &featureService{}, &fallbackService{})
	health := grpc_health_v1.NewHealthClient(dial(t, "inproc:///test", local))
	for _, ready := range []bool{false, true, false} {
		if ready || server.Ready() {
			server.SetReady(ready)
		}
		want := grpc_health_v1.HealthCheckResponse_NOT_SERVING
		if ready {
			want = grpc_health_v1.HealthCheckResponse_SERVING
		}
		for _, service := range []string{"", "repli.feature.v1.FeatureService", "repli.fallback.v1.FallbackService"} {
			got, err := health.Check(soon(t), &grpc_health_v1.HealthCheckRequest{Service: service})
			if err != nil || got.GetStatus() != want {
				t.Errorf("%q: got %v, %v, want %v", service, got.GetStatus(), err, want)
			}
		}
	}
	if _, err := health.Check(soon(t), &grpc_health_v1.HealthCheckRequest{Service: "x"}); status.Code(err) != codes.NotFound {
		t.Errorf("unknown service: got %v", err)
	}
}

func TestReflectionListsTheServices(t *testing.T) {
	t.Parallel()
	_, conn := inMemory(t, &featureService{}, &fallbackService{})
	stream, err := grpc_reflection_v1.NewServerReflectionClient(conn).ServerReflectionInfo(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&grpc_reflection_v1.ServerReflectionRequest{
		MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	listed := got.GetListServicesResponse().String()
	for _, want := range []string{"repli.feature.v1.FeatureService", "repli.fallback.v1.FallbackService", "grpc.health.v1.Health"} {
		if !strings.Contains(listed, want) {
			t.Errorf("%s is not listed: %s", want, listed)
		}
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("end: got %v", err)
	}
}

func TestAdminListener(t *testing.T) {
	t.Parallel()
	cfg := ServerDefaults()
	cfg.AdminListen = "127.0.0.1:0"
	deps := testDeps(nil)
	deps.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "figures")
	})
	server, _ := start(t, cfg, deps, &featureService{})

	check := func(path string, code int, body string) {
		t.Helper()
		gotCode, got := get(t, "http://"+server.AdminAddr()+path)
		if gotCode != code || strings.TrimSpace(got) != body {
			t.Errorf("%s: got %d %q, want %d %q", path, gotCode, got, code, body)
		}
	}
	check("/metrics", http.StatusOK, "figures")
	check("/healthz", http.StatusNoContent, "")
	check("/readyz", http.StatusServiceUnavailable, "not ready")
	server.SetReady(true)
	check("/readyz", http.StatusNoContent, "")
	check("/nothing", http.StatusNotFound, "404 page not found")

	channelz := grpc_channelz_v1.NewChannelzClient(dial(t, "passthrough:///"+server.AdminAddr(), nil))
	got, err := channelz.GetServers(soon(t), &grpc_channelz_v1.GetServersRequest{})
	if err != nil || len(got.GetServer()) == 0 {
		t.Errorf("channelz: got %v, %v", got, err)
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(soon(t), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestDrainLetsTheCallInFlightFinishAndRefusesNewOnes(t *testing.T) {
	t.Parallel()
	entered, finish := make(chan struct{}), make(chan struct{})
	service := &featureService{getUser: func(ctx context.Context, _ *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
		close(entered)
		<-finish
		return &featurev1.GetUserResponse{Segment: "late"}, ctx.Err()
	}}
	server, stop := start(t, ServerDefaults(), testDeps(nil), service)
	server.SetReady(true)
	client := featurev1.NewFeatureServiceClient(dial(t, "passthrough:///"+server.Addr(), nil))
	type result struct {
		response *featurev1.GetUserResponse
		err      error
	}
	inFlight := make(chan result, 1)
	go func() {
		response, err := client.GetUser(soon(t), alice())
		inFlight <- result{response, err}
	}()
	<-entered
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop()
	}()
	refused(t, server.Addr())
	if server.Ready() {
		t.Error("a server that stops is ready")
	}
	select {
	case <-stopped:
		t.Fatal("the server stopped before its call had ended")
	default:
	}
	close(finish)
	if got := <-inFlight; got.err != nil || got.response.GetSegment() != "late" {
		t.Errorf("the call in flight: got %v, %v", got.response, got.err)
	}
	<-stopped
}

// refused returns once nothing accepts connections on the address.
func refused(t *testing.T, addr string) {
	t.Helper()
	ctx := soon(t)
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if ctx.Err() != nil {
			t.Fatal("connections are still accepted")
		}
		if err != nil {
			return
		}
		_ = conn.Close()
	}
}

func TestDrainTimeoutCutsOffCalls(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	service := &featureService{getUser: func(ctx context.Context, _ *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	local := NewLocal()
	cfg := localConfig("test")
	cfg.DrainTimeout = time.Millisecond
	_, stop := start(t, cfg, testDeps(local), service)
	client := featurev1.NewFeatureServiceClient(dial(t, "inproc:///test", local))
	ended := make(chan error, 1)
	go func() {
		_, err := client.GetUser(soon(t), alice())
		ended <- err
	}()
	<-entered
	stop()
	if err := <-ended; status.Code(err) != codes.Unavailable {
		t.Errorf("got %v, want UNAVAILABLE", err)
	}
}

func TestStreamsEndWhenTheServerStops(t *testing.T) {
	t.Parallel()
	service := &featureService{watchItems: func(stream grpc.ServerStreamingServer[featurev1.WatchItemsResponse]) error {
		if err := stream.Send(&featurev1.WatchItemsResponse{}); err != nil {
			return err
		}
		<-stream.Context().Done()
		return stream.Context().Err()
	}}
	local := NewLocal()
	_, stop := start(t, localConfig("test"), testDeps(local), service)
	stream, err := featurev1.NewFeatureServiceClient(dial(t, "inproc:///test", local)).WatchItems(soon(t), &featurev1.WatchItemsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	stop()
	_, err = stream.Recv()
	if status.Code(err) != codes.Unavailable || fault.Reason(err) != "STOPPING" {
		t.Errorf("got %v (%s), want UNAVAILABLE (STOPPING)", err, fault.Reason(err))
	}
}

func TestRunFailures(t *testing.T) {
	t.Parallel()
	local := NewLocal()
	first, _ := start(t, localConfig("a"), testDeps(local), &featureService{})
	if err := first.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "has run before") {
		t.Errorf("second run: got %v", err)
	}
	tcp, _ := start(t, ServerDefaults(), testDeps(nil), &featureService{})
	tests := map[string]struct {
		listen, admin string
		local         *Local
		want          string
	}{
		"name taken":       {"inproc:///a", "", local, "inproc:///a: the name is taken"},
		"port taken":       {tcp.Addr(), "", nil, "address already in use"},
		"admin port taken": {"inproc:///b", tcp.Addr(), local, "address already in use"},
		"no network":       {"inproc:///a", "", nil, "no network in memory"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := ServerDefaults()
			cfg.Listen, cfg.AdminListen = test.listen, test.admin
			server, err := NewServer("second", cfg, testDeps(test.local), &featureService{})
			if err != nil {
				t.Fatal(err)
			}
			err = server.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "server second") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	if _, err := local.dial(t.Context(), "b"); err == nil {
		t.Error("the listener of the server that failed is still there")
	}
}
