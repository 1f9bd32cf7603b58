package rpc

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// patience bounds the wait for events that come at once, or never when something is broken.
const patience = 20 * time.Second

// featureService is a service with one method of either kind, each of which a test may give.
type featureService struct {
	featurev1.UnimplementedFeatureServiceServer
	getUser    func(context.Context, *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error)
	watchItems func(grpc.ServerStreamingServer[featurev1.WatchItemsResponse]) error
}

func (s *featureService) Register(r grpc.ServiceRegistrar) {
	featurev1.RegisterFeatureServiceServer(r, s)
}

func (s *featureService) GetUser(ctx context.Context, r *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
	if s.getUser == nil {
		return &featurev1.GetUserResponse{Segment: "found"}, nil
	}
	return s.getUser(ctx, r)
}

func (s *featureService) WatchItems(
	_ *featurev1.WatchItemsRequest, stream grpc.ServerStreamingServer[featurev1.WatchItemsResponse],
) error {
	return s.watchItems(stream)
}

// fallbackService is a second service.
type fallbackService struct {
	fallbackv1.UnimplementedFallbackServiceServer
}

func (s *fallbackService) Register(r grpc.ServiceRegistrar) {
	fallbackv1.RegisterFallbackServiceServer(r, s)
}

func testDeps(local *Local) ServerDeps {
	return ServerDeps{Signals: telemetry.Discard(), Local: local}
}

// start runs a server until the test ends, or until the returned function has stopped it.
func start(t *testing.T, cfg ServerConfig, deps ServerDeps, services ...Service) (*Server, func()) {
	t.Helper()
	server, err := NewServer("test", cfg, deps, services...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	select {
	case <-server.Listening():
	case err := <-ended:
		t.Fatalf("the server ended before it listened: %v", err)
	}
	stop := func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		ended <- nil
	}
	t.Cleanup(stop)
	return server, stop
}

func dial(t *testing.T, target string, local *Local) *grpc.ClientConn {
	t.Helper()
	cfg := ClientDefaults()
	cfg.Target = target
	conn, err := Dial(cfg, ClientDeps{Signals: telemetry.Discard(), Local: local})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return conn
}

// inMemory starts a server on a network of its own and returns a client of the feature service.
func inMemory(t *testing.T, services ...Service) (featurev1.FeatureServiceClient, *grpc.ClientConn) {
	t.Helper()
	local := NewLocal()
	start(t, localConfig("test"), testDeps(local), services...)
	conn := dial(t, "inproc:///test", local)
	return featurev1.NewFeatureServiceClient(conn), conn
}

func localConfig(name string) ServerConfig {
	cfg := ServerDefaults()
	cfg.Listen = inproc + name
	return cfg
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func alice() *featurev1.GetUserRequest {
	return &featurev1.GetUserRequest{UserId: "alice"}
}
