// Package fallback owns the service of candidates and safe answers: lists mixed from an immutable snapshot in memory.
//
// It must not touch a store or the network on the request path, and knows nothing of one user. internal/snapshot owns
// the data; this package loads it, keeps it current and mixes answers from it.
package fallback

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"google.golang.org/grpc"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/telemetry/trail"
)

// Deps is what the service needs.
type Deps struct {
	// Signals take spans, figures and logs.
	Signals telemetry.Signals
	// Snapshot serves until the configured file is read; nil means none.
	Snapshot *Snapshot
	// Now reads the clock; nil means time.Now.
	Now func() time.Time
}

// Service answers Suggest. Safe for concurrent use.
type Service struct {
	fallbackv1.UnimplementedFallbackServiceServer

	cfg     Config
	now     func() time.Time
	log     *slog.Logger
	figures *figures
	file    file
	current atomic.Pointer[mixer]
	ready   chan struct{}
}

// New returns a service, or the faults of its configuration. It reads the snapshot's file if there is one; without a
// good one, and without Deps.Snapshot, calls fail as NOT_READY until Run finds one.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Snapshot == "" && deps.Snapshot == nil {
		return nil, config.Invalid("snapshot", cfg.Snapshot, "the path of a snapshot's file")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	s := &Service{cfg: cfg, now: deps.Now, log: deps.Signals.Logger, ready: make(chan struct{}), file: file{path: cfg.Snapshot}}
	var err error
	if s.figures, err = newFigures(deps.Signals.Meter, s); err != nil {
		return nil, fmt.Errorf("fallback: %w", err)
	}
	if deps.Snapshot != nil {
		s.serve(deps.Snapshot)
	}
	s.reload()
	return s, nil
}

// Register adds the service to a server.
func (s *Service) Register(registrar grpc.ServiceRegistrar) {
	fallbackv1.RegisterFallbackServiceServer(registrar, s)
}

// Ready returns a channel that is closed once there is a snapshot to answer from; from then on there always is one.
func (s *Service) Ready() <-chan struct{} { return s.ready }

// Suggest answers from memory. Context and excluded items are never in the answer; unknown ones are ignored. When
// everything is excluded the answer is empty. It fails with the reason NOT_READY when there is no snapshot yet.
func (s *Service) Suggest(ctx context.Context, request *fallbackv1.SuggestRequest) (*fallbackv1.SuggestResponse, error) {
	m := s.current.Load()
	if m == nil {
		return nil, fault.New(fault.NotReady, "NOT_READY", "there is no snapshot yet")
	}
	response, sources := m.suggest(request)
	s.figures.suggested(ctx, &sources)
	if span, ok := trail.Sampled(ctx); ok {
		span.SetAttributes(attribute.String("repli.segment", response.GetSegment()))
	}
	return response, nil
}

// serve answers from the snapshot from now on. Calls under way finish with the one they began with.
func (s *Service) serve(snapshot *Snapshot) {
	if s.current.Swap(newMixer(snapshot, s.cfg.Shares)) == nil {
		close(s.ready)
	}
}
