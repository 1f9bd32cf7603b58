// Package gateway owns the public service: it fans one Recommend out to the feature, ranking and fallback services
// within a budget, and always replies.
//
// It must not touch a store or a model: it knows its peers by their contracts only, and imports neither go-redis nor
// ONNX. The arithmetic of deadlines (internal/plan) and the choice of tier (internal/ladder) are pure.
package gateway

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/hedge"
	"github.com/repli-mesh/repli/pkg/overload"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/typical"
	"github.com/repli-mesh/repli/services/gateway/internal/clients"
	"github.com/repli-mesh/repli/services/gateway/internal/history"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
	"github.com/repli-mesh/repli/services/gateway/internal/lastgood"
	"github.com/repli-mesh/repli/services/gateway/internal/lastrow"
	"github.com/repli-mesh/repli/services/gateway/internal/quality"
	"github.com/repli-mesh/repli/services/gateway/internal/segments"
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
	rows     *lastrow.Memory
	lists    *lastgood.Lists
	feature  *peer[featurev1.GetUserRequest, featurev1.GetUserResponse]
	ranking  *peer[rankingv1.RankRequest, rankingv1.RankResponse]
	fallback *peer[fallbackv1.SuggestRequest, fallbackv1.SuggestResponse]
	usual    typical.Duration // of ranking
	quality  *quality.Factor
	queue    *overload.Queue
	limiter  *overload.Limiter
	hedger   *hedge.Hedger
	report   *report
	history  *history.History
	model    atomic.Pointer[string] // that answered last
}

// New returns a gateway, or the faults of its configuration. It contacts nobody: peers may come up later, in any order.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	report, err := newReport(deps.Signals, cfg.Labels)
	if err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	s := &Service{
		cfg: cfg, deps: deps, report: report, quality: quality.New(cfg.Quality), queue: overload.NewQueue(),
		hedger: hedge.New(cfg.Hedge, deps.Now), history: history.New(),
	}
	s.lists = lastgood.New(cfg.LastGood, deps.Suggester, s.known, deps.Now)
	s.limiter = overload.New(cfg.Overload, s.queue.Delay)
	s.connect(s.hedger)
	if err := s.describe(deps.Signals, s.hedger); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	if s.segments, err = segments.New(cfg.RememberedUsers); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	if s.rows, err = lastrow.New(cfg.LastRow); err != nil {
		return nil, fmt.Errorf("gateway: %w", err)
	}
	return s, nil
}

// connect makes the peers. Only the read of features is sent twice: the other two cost more than they wait.
func (s *Service) connect(hedger *hedge.Hedger) {
	deps := s.deps
	s.feature = newPeer(ladder.Feature, s.cfg.Guards.Feature, deps, s.report,
		func(ctx context.Context, request *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
			return hedge.Do(ctx, hedger, func(ctx context.Context) (*featurev1.GetUserResponse, error) {
				return clients.GetUser(ctx, deps.Users, request)
			})
		})
	s.ranking = newPeer(ladder.Ranking, s.cfg.Guards.Ranking, deps, s.report,
		func(ctx context.Context, request *rankingv1.RankRequest) (*rankingv1.RankResponse, error) {
			return clients.Rank(ctx, deps.Ranker, request)
		})
	s.fallback = newPeer(ladder.Fallback, s.cfg.Guards.Fallback, deps, s.report,
		func(ctx context.Context, request *fallbackv1.SuggestRequest) (*fallbackv1.SuggestResponse, error) {
			return clients.Suggest(ctx, deps.Suggester, request)
		})
}

// Register adds the service to a server.
func (s *Service) Register(registrar grpc.ServiceRegistrar) {
	repliv1.RegisterRecommendationServiceServer(registrar, s)
}

// Run keeps the last good lists current, the limit of admission near what can be done, and looks after peers that are not
// asked any more, until ctx is done. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, run := range []func(context.Context) error{
		s.lists.Run, s.queue.Run, s.limiter.Run, s.feature.guard.Run, s.ranking.guard.Run, s.fallback.guard.Run,
	} {
		group.Go(func() error { return run(ctx) })
	}
	return group.Wait()
}
