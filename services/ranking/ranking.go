// Package ranking owns the ranking service: a model, the item table, and the scoring of candidates for a user.
//
// It reads no store: user rows come with the request and item rows over the feature service's stream. Only it and
// pkg/onnx know what a model is made of.
package ranking

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/binding"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
	"github.com/repli-mesh/repli/services/ranking/internal/scorer"
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

// Service answers Rank and GetModel. Safe for concurrent use.
type Service struct {
	rankingv1.UnimplementedRankingServiceServer

	model    *bundle.Bundle
	scorer   scorer.Scorer
	watcher  *items.Watcher
	bindings *binding.Cache
	report   *report
	now      func() time.Time
	slots    chan struct{} // one for each request at work
	works    sync.Pool     // of *work
}

// New loads the bundle and returns the service, or the faults of its configuration or of the bundle. It contacts nobody.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	model, err := load(cfg, deps.Bundle)
	if err != nil {
		return nil, err
	}
	watcher, err := items.New(cfg.Items, items.Deps{
		Source: deps.Items, Keep: model.Wants, Signals: deps.Signals, Now: deps.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("ranking: %w", err)
	}
	report, err := newReport(deps.Signals, model.Bundle)
	if err != nil {
		return nil, fmt.Errorf("ranking: %w", err)
	}
	return &Service{
		model: model.Bundle, scorer: model.Scorer, watcher: watcher, report: report, now: deps.Now,
		bindings: binding.NewCache(model.Bundle, report.bound),
		slots:    make(chan struct{}, cfg.concurrent()),
		works:    sync.Pool{New: func() any { return new(work) }},
	}, nil
}

// ErrBundle is in the error of New for a bundle that is not sound.
var ErrBundle = errors.New("the model bundle cannot serve")

// load reads the configured folder, or else the embedded one.
func load(cfg Config, folder fs.FS) (*models.Model, error) {
	if cfg.Bundle != "" {
		root, err := os.OpenRoot(cfg.Bundle)
		if err != nil {
			return nil, config.Invalid("bundle", cfg.Bundle, "the folder of a model bundle: "+err.Error())
		}
		defer root.Close()
		folder = root.FS()
	}
	if folder == nil {
		return nil, config.Invalid("bundle", "", "the folder of a model bundle")
	}
	model, err := models.Load(context.Background(), folder, models.Options{
		Engine: cfg.Engine, Library: cfg.Onnxruntime, MaxBytes: cfg.MaxModelBytes,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	return model, nil
}

// Register adds the service to a server.
func (s *Service) Register(registrar grpc.ServiceRegistrar) {
	rankingv1.RegisterRankingServiceServer(registrar, s)
}

// Run keeps the item table current until ctx is done, and then returns nil.
func (s *Service) Run(ctx context.Context) error { return s.watcher.Run(ctx) }

// Ready returns a channel that is closed once there is an item table to rank with; from then on there always is one.
func (s *Service) Ready() <-chan struct{} { return s.watcher.Ready() }

// GetModel describes the model that serves. Until there is an item table, its count of items is 0 and nothing is known of
// new users.
func (s *Service) GetModel(context.Context, *rankingv1.GetModelRequest) (*rankingv1.GetModelResponse, error) {
	response := &rankingv1.GetModelResponse{
		Name: s.model.Name, Version: s.model.Version, Sha256: s.model.SHA256, Engine: s.scorer.Engine(),
	}
	if !s.model.TrainedAt.IsZero() {
		response.TrainedAt = timestamppb.New(s.model.TrainedAt)
	}
	state := s.watcher.State()
	if state.Table != nil {
		response.ItemCount = uint64(state.Table.Len()) //nolint:gosec // a length
		bound, err := s.bindings.Get(state.LatestUser(), state.Table.Schema())
		response.RanksNewUsers = err == nil && bound.NewUsers()
	}
	return response, nil
}
