package ranking

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/typical"
	"github.com/repli-mesh/repli/services/ranking/internal/binding"
	"github.com/repli-mesh/repli/services/ranking/internal/bucket"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
	"github.com/repli-mesh/repli/services/ranking/internal/registry"
	"github.com/repli-mesh/repli/services/ranking/internal/retrieval"
)

// serving is a model that is used, with all that belongs to it. It never changes, but for what it learns of its pace.
type serving struct {
	*models.Model
	bindings *binding.Cache
	index    *retrieval.Index  // nil where the manifest asks for no retrieval
	defaults []*atomic.Int64   // counters, for each feature of the model in order
	pace     *typical.Duration // the time for one candidate
	// attributes are those of the spans of its work.
	attributes []attribute.KeyValue
}

// serve makes the models of the roles the ones that are used from now on. What was made for one of them is kept.
func (s *Service) serve(roles registry.Roles) {
	s.indexing.mu.Lock()
	defer s.indexing.mu.Unlock()
	old := s.current.Load()
	next := newLineup(roles, func(m *models.Model) *serving {
		if known := old.has(m); known != nil {
			return known
		}
		return s.newServing(m)
	})
	for _, model := range next.answering() {
		s.index(model)
	}
	s.current.Store(next)
}

// open loads the model that serves first: from the registry, the configured folder, or else the embedded one.
func (s *Service) open(ctx context.Context, cfg Config, folder fs.FS) error {
	if cfg.Registry.Path != "" {
		source, err := s.source(ctx, cfg)
		if err != nil {
			return err
		}
		s.registry = registry.New(cfg.Registry, registry.Deps{
			Source: source, Serve: s.serve, Loaded: s.report.loaded, Log: s.report.log,
			Load: func(ctx context.Context, folder fs.FS) (*models.Model, error) {
				return models.Load(ctx, folder, cfg.engine())
			},
		})
		if err := s.registry.Open(ctx); err != nil {
			return fmt.Errorf("%w: %w", ErrBundle, err)
		}
		return nil
	}
	if cfg.Bundle != "" {
		root, err := os.OpenRoot(cfg.Bundle)
		if err != nil {
			return config.Invalid("bundle", cfg.Bundle, "the folder of a model bundle: "+err.Error())
		}
		defer root.Close()
		folder = root.FS()
	}
	if folder == nil {
		return config.Invalid("bundle", "", "the folder of a model bundle")
	}
	m, err := models.Load(ctx, folder, cfg.engine())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBundle, err)
	}
	s.serve(registry.Roles{Serving: m})
	return nil
}

// source opens the registry's folder, which close closes.
func (s *Service) source(ctx context.Context, cfg Config) (registry.Source, error) {
	if !cfg.Registry.Remote() {
		root, err := os.OpenRoot(cfg.Registry.Path)
		if err != nil {
			return nil, config.Invalid("registry.path", cfg.Registry.Path, "the folder of a model's versions: "+err.Error())
		}
		s.versions = root
		return registry.Local{FS: root.FS()}, nil
	}
	store, err := bucket.Open(ctx, cfg.Registry.Path)
	if err != nil {
		return nil, config.Invalid("registry.path", cfg.Registry.Path, "a bucket of a model's versions: "+err.Error())
	}
	folder, err := bucket.New(store, cfg.Registry.Cache, cfg.MaxModelBytes)
	if err != nil {
		return nil, errors.Join(config.Invalid("registry.cache", cfg.Registry.Cache, "a local folder: "+err.Error()), store.Close())
	}
	s.versions = folder
	return folder, nil
}
