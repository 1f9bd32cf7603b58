package main

import (
	"context"
	"sync/atomic"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"

	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// sink is an OTLP collector that counts what it is sent.
type sink struct {
	collector.UnimplementedTraceServiceServer

	spans   atomic.Int64
	address string
	stop    func() error
}

// Register is called by the server.
func (s *sink) Register(registrar grpc.ServiceRegistrar) {
	collector.RegisterTraceServiceServer(registrar, s)
}

// Export counts.
func (s *sink) Export(
	_ context.Context, request *collector.ExportTraceServiceRequest,
) (*collector.ExportTraceServiceResponse, error) {
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			s.spans.Add(int64(len(scope.GetSpans())))
		}
	}
	return &collector.ExportTraceServiceResponse{}, nil
}

// startCollector serves until stop.
func startCollector(ctx context.Context) (*sink, error) {
	s := &sink{}
	cfg := rpc.ServerDefaults()
	cfg.Listen, cfg.AdminListen, cfg.ReadyDelay = "127.0.0.1:0", "", 0
	server, err := rpc.NewServer("collector", cfg, rpc.ServerDeps{Signals: telemetry.Discard()}, s) //nolint:contextcheck // streams end with Run
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	s.stop = func() error {
		cancel()
		return <-ended
	}
	select {
	case <-server.Listening():
		s.address = server.Addr()
		return s, nil
	case err := <-ended:
		cancel()
		return nil, err
	}
}
