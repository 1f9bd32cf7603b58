package rpc

import (
	"net/http"
	"net/http/pprof"

	"google.golang.org/grpc"
	channelz "google.golang.org/grpc/channelz/service"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
)

// adminHandler serves people and probes: /metrics, /loglevel (what is logged, which PUT changes), /healthz (the process lives),
// /readyz (the services are ready), profiles below /debug/pprof/, the pages of the dependencies, and over the same port, in
// clear-text HTTP/2, the gRPC services channelz, health and reflection.
func (s *Server) adminHandler(deps ServerDeps) http.Handler {
	inside := grpc.NewServer()
	channelz.RegisterChannelzServiceToServer(inside)
	grpc_health_v1.RegisterHealthServer(inside, s.health)
	reflection.Register(inside)

	mux := http.NewServeMux()
	for service := range inside.GetServiceInfo() {
		mux.Handle("POST /"+service+"/", inside)
	}
	if deps.Metrics != nil {
		mux.Handle("GET /metrics", deps.Metrics)
	}
	if deps.LogLevel != nil {
		mux.Handle("/loglevel", deps.LogLevel)
	}
	if deps.Pages != nil {
		deps.Pages(mux)
	}
	profiles(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !s.Ready() {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// profiles adds Go's own: they are on this mux and no other.
func profiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}

// newAdminServer returns the HTTP server of the admin listener.
func newAdminServer(handler http.Handler, cfg ServerConfig) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ReadHeaderTimeout: cfg.KeepaliveTimeout,
		IdleTimeout:       cfg.KeepaliveTime,
	}
}
