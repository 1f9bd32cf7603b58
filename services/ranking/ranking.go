// Package ranking owns the ranking service: a model, the item table, and the scoring of candidates for a user.
//
// It reads no store: user rows come with the request and item rows over the feature service's stream. Only it and
// pkg/onnx know what a model is made of.
package ranking

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/budget"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/registry"
	"github.com/repli-mesh/repli/services/ranking/internal/shadow"
)

// Deps is what the service works with.
type Deps struct {
	// Signals take spans, figures and logs.
	Signals telemetry.Signals
	// Bundle is the folder of the model bundle, used when Config.Bundle is empty.
	Bundle fs.FS
	// Items is the feature service; the generated client has its one method.
	Items items.Source
	// Now reads the clock.
	Now func() time.Time
}

// Service answers Rank, GetModel and ListModels. Safe for concurrent use.
type Service struct {
	rankingv1.UnimplementedRankingServiceServer

	current  atomic.Pointer[lineup]
	registry *registry.Registry // nil where there is one fixed bundle
	versions io.Closer          // the registry's folder
	watcher  *items.Watcher
	indexing indexing
	shadow   *shadow.Runner
	// retrieval is the share of the time that a search may have.
	retrieval budget.Share
	report    *report
	now       func() time.Time
	turns     turns
	works     sync.Pool // of *work
}

// New loads the bundle and returns the service, or the faults of its configuration or of the bundle. It contacts nobody.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	report, err := newReport(deps.Signals)
	if err != nil {
		return nil, fmt.Errorf("ranking: %w", err)
	}
	s := &Service{
		report: report, now: deps.Now, retrieval: cfg.Retrieval,
		turns: turns{slots: make(chan struct{}, cfg.concurrent())},
		works: sync.Pool{New: func() any { return new(work) }},
	}
	if s.shadow, err = shadow.New(cfg.Shadow, shadow.Deps{Signals: deps.Signals, Now: deps.Now}); err != nil {
		return nil, fmt.Errorf("ranking: %w", err)
	}
	if err := s.open(context.Background(), cfg, deps.Bundle); err != nil {
		return nil, errors.Join(err, s.close())
	}
	keep := s.current.Load().serving.Wants
	if s.registry != nil {
		keep = func(string) bool { return true } // the next version may want other features
	}
	if s.watcher, err = items.New(cfg.Items, items.Deps{
		Source: deps.Items, Keep: keep, Signals: deps.Signals, Now: deps.Now, Prepare: s.prepare,
	}); err != nil {
		return nil, errors.Join(fmt.Errorf("ranking: %w", err), s.close())
	}
	if err := s.describe(deps.Signals); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// ErrBundle is in the error of New for a bundle that is not sound.
var ErrBundle = errors.New("the model bundle cannot serve")

// close frees what New has opened.
func (s *Service) close() error {
	if s.versions == nil {
		return nil
	}
	return s.versions.Close()
}

// Register adds the service to a server.
func (s *Service) Register(registrar grpc.ServiceRegistrar) {
	rankingv1.RegisterRankingServiceServer(registrar, s)
}

// Run keeps the item table and the model current until ctx is done, and then returns nil.
func (s *Service) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.watcher.Run(ctx) })
	if s.registry != nil {
		group.Go(func() error { return s.registry.Run(ctx) })
		group.Go(func() error { return s.shadow.Run(ctx) })
	}
	return errors.Join(group.Wait(), s.close())
}

// Ready returns a channel that is closed once there is an item table to rank with; from then on there always is one.
func (s *Service) Ready() <-chan struct{} { return s.watcher.Ready() }

// GetModel describes the model that serves. Until there is an item table, its count of items is 0 and nothing is known of
// new users.
func (s *Service) GetModel(context.Context, *rankingv1.GetModelRequest) (*rankingv1.GetModelResponse, error) {
	model := s.current.Load().serving
	response := &rankingv1.GetModelResponse{
		Name: model.Name, Version: model.Version, Sha256: model.SHA256, Engine: model.Scorer.Engine(),
		TrainedAt: timestamp(model.TrainedAt),
	}
	state := s.watcher.State()
	if state.Table != nil {
		response.ItemCount = uint64(state.Table.Len()) //nolint:gosec // a length
		bound, err := model.bindings.Get(state.LatestUser(), state.Table.Schema())
		response.RanksNewUsers = err == nil && bound.NewUsers()
	}
	return response, nil
}
