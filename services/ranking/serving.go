package ranking

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/services/ranking/internal/binding"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
	"github.com/repli-mesh/repli/services/ranking/internal/registry"
	"github.com/repli-mesh/repli/services/ranking/internal/retrieval"
)

// serving is the model that answers, with all that belongs to it. It never changes: a request takes it once, and ends with it
// whatever serves by then.
type serving struct {
	*models.Model
	bindings *binding.Cache
	index    *retrieval.Index // nil where the manifest asks for no retrieval
	defaults []*atomic.Int64  // counters, for each feature of the model in order
}

// serve makes a model the one that answers from now on.
func (s *Service) serve(m *models.Model) {
	next := &serving{
		Model: m, index: newIndex(m), defaults: s.report.counters(m.Bundle),
		bindings: binding.NewCache(m.Bundle, func(bound *binding.Binding, err error) { s.report.bound(m.ID(), bound, err) }),
	}
	s.indexing.mu.Lock()
	defer s.indexing.mu.Unlock()
	s.index(next)
	s.current.Store(next)
}

// open loads the model that serves first: from the registry, the configured folder, or else the embedded one.
func (s *Service) open(ctx context.Context, cfg Config, folder fs.FS) error {
	if cfg.Registry.Path != "" {
		root, err := os.OpenRoot(cfg.Registry.Path)
		if err != nil {
			return config.Invalid("registry.path", cfg.Registry.Path, "the folder of a model's versions: "+err.Error())
		}
		s.root = root
		s.registry = registry.New(cfg.Registry, registry.Deps{
			Folder: root.FS(), Serve: s.serve, Loaded: s.report.loaded, Log: s.report.log,
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
	s.serve(m)
	return nil
}
