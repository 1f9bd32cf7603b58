package rpc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/repli-mesh/repli/pkg/telemetry"
)

// maxHeaderBytes bounds the metadata of a request: a caller whose own libraries carry 64 KB of baggage along is answered like
// any other.
const maxHeaderBytes = 128 << 10

// Service is a gRPC service that registers itself: a type with the methods of the generated server and
//
//	func (s *Server) Register(r grpc.ServiceRegistrar) { featurev1.RegisterFeatureServiceServer(r, s) }
type Service interface {
	Register(r grpc.ServiceRegistrar)
}

// ServerDeps is what a server needs.
type ServerDeps struct {
	// Signals observe the calls.
	Signals telemetry.Signals
	// Local is needed for an inproc listener only.
	Local *Local
	// Metrics serves /metrics on the admin listener; nil where there are none.
	Metrics http.Handler
	// LogLevel serves /loglevel on the admin listener; nil where there is none.
	LogLevel http.Handler
	// Pages add what else the admin listener serves; nil where there is nothing else.
	Pages func(*http.ServeMux)
}

// Server serves gRPC services on one listener, and their health. Its methods are safe for concurrent use.
type Server struct {
	name       string
	cfg        ServerConfig
	local      *Local
	services   []string
	grpc       *grpc.Server
	admin      *http.Server
	health     *health.Server
	endStreams context.CancelFunc
	listening  chan struct{}

	mu        sync.Mutex
	started   bool
	ready     bool
	stopping  bool
	addr      string
	adminAddr string
}

// NewServer returns a server that is not ready and does not listen yet. The name goes into errors and logs. It fails on a
// configuration that is invalid, and on a service whose validation rules are broken.
func NewServer(name string, cfg ServerConfig, deps ServerDeps, services ...Service) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("server %s: %w", name, err)
	}
	rules := &checker{}
	calls, err := newChain(deps.Signals, rules)
	if err != nil {
		return nil, fmt.Errorf("server %s: %w", name, err)
	}
	observer, err := newObserver(deps.Signals, trace.SpanKindServer)
	if err != nil {
		return nil, fmt.Errorf("server %s: %w", name, err)
	}
	stopping, endStreams := context.WithCancel(context.Background())
	s := &Server{
		name:       name,
		cfg:        cfg,
		local:      deps.Local,
		health:     health.NewServer(),
		endStreams: endStreams,
		listening:  make(chan struct{}),
	}
	ours := &registrar{observer: observer, streams: map[string]*method{}}
	s.grpc = grpc.NewServer(append(serverOptions(cfg),
		grpc.ChainUnaryInterceptor(calls.unary()...),
		grpc.ChainStreamInterceptor(observer.observedStreams(ours.streams)),
		grpc.ChainStreamInterceptor(calls.stream(stopping)...))...)
	if err := s.register(ours, rules, services); err != nil {
		endStreams()
		return nil, fmt.Errorf("server %s: %w", name, err)
	}
	telemetry.Zero(calls.panics, telemetry.Label{Key: methodKey, Values: ours.methods})
	if observer != nil {
		telemetry.Zero(observer.baggage)
	}
	s.admin = newAdminServer(s.adminHandler(deps), cfg)
	s.SetReady(false)
	return s, nil
}

func serverOptions(cfg ServerConfig) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()),
		grpc.MaxRecvMsgSize(cfg.MaxReceiveBytes),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.MaxConcurrentStreams(cfg.MaxConcurrentStreams),
		grpc.WaitForHandlers(true),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge:      cfg.MaxConnectionAge,
			MaxConnectionAgeGrace: cfg.MaxConnectionAgeGrace,
			Time:                  cfg.KeepaliveTime,
			Timeout:               cfg.KeepaliveTimeout,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime:             enforcedKeepalive,
			PermitWithoutStream: true,
		}),
	}
}

// register puts the services and those of gRPC itself on the server.
func (s *Server) register(ours *registrar, rules *checker, services []Service) error {
	ours.server = s.grpc
	for _, service := range services {
		service.Register(ours)
	}
	s.services = ours.names
	grpc_health_v1.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	return rules.prepare(s.services)
}

// SetReady says whether the services can answer. It sets health v1 of every service and of the whole server (""), and
// /readyz. A new server is not ready; one that stops is never ready again.
func (s *Server) SetReady(ready bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = ready
	status := grpc_health_v1.HealthCheckResponse_NOT_SERVING
	if ready {
		status = grpc_health_v1.HealthCheckResponse_SERVING
	}
	s.health.SetServingStatus("", status) // without effect after Shutdown
	for _, service := range s.services {
		s.health.SetServingStatus(service, status)
	}
}

// Ready says whether the server is ready and not about to stop.
func (s *Server) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready && !s.stopping
}

// Listening returns a channel that is closed once the listeners are bound. When Run fails before that, it stays open.
func (s *Server) Listening() <-chan struct{} {
	return s.listening
}

// Addr returns the bound address, "host:port" or "inproc:///name"; it is empty before Listening is closed.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// AdminAddr returns the bound address of the admin listener; it is empty when there is none.
func (s *Server) AdminAddr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.adminAddr
}

// begin makes sure that a server runs once.
func (s *Server) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		return errors.New("the server has run before")
	}
	s.started = true
	return nil
}
