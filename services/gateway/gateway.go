// Package gateway owns the public service: it fans one Recommend out to the feature, ranking and fallback services
// within a budget, and always replies.
//
// It must not touch a store or a model: it knows its peers by their contracts only, and imports neither go-redis nor
// ONNX. The arithmetic of deadlines (internal/plan) and the choice of tier (internal/ladder) are pure.
package gateway

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/gateway/internal/clients"
	"github.com/repli-mesh/repli/services/gateway/internal/lastgood"
	"github.com/repli-mesh/repli/services/gateway/internal/segments"
	"github.com/repli-mesh/repli/services/gateway/internal/typical"
)

// Deps are the gateway's peers, as the generated clients of their contracts, and where it reports.
type Deps struct {
	// Users is the feature service.
	Users clients.Users
	// Ranker is the ranking service.
	Ranker clients.Ranker
	// Suggester is the fallback service.
	Suggester clients.Suggester
	// Signals take spans, figures and logs.
	Signals telemetry.Signals
	// Now reads the clock.
	Now func() time.Time
}

// Service answers Recommend. Safe for concurrent use.
type Service struct {
	repliv1.UnimplementedRecommendationServiceServer

	cfg      Config
	deps     Deps
	segments *segments.Memory
	lists    *lastgood.Lists
	ranking  typical.Duration
	report   *report
}

// New returns a gateway, or the faults of its configuration. It contacts nobody: peers may come up later, in any order.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	memory, err := segments.New(cfg.RememberedUsers)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	report, err := newReport(deps.Signals)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	return &Service{
		cfg: cfg, deps: deps, segments: memory, report: report, lists: lastgood.New(cfg.LastGood, deps.Suggester),
	}, nil
}

// Register adds the service to a server.
func (s *Service) Register(registrar grpc.ServiceRegistrar) {
	repliv1.RegisterRecommendationServiceServer(registrar, s)
}

// Run keeps the last good lists current until ctx is done.
func (s *Service) Run(ctx context.Context) error { return s.lists.Run(ctx) }
