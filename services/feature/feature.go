// Package feature owns the feature service: the rows of users for requests, the item table for rankers, and the writes of
// ingestion. It is the only service that touches the online store, which lies behind internal/store.
//
// It must not rank or fall back: a store that fails is said to fail, in time, and the gateway knows what to do. Rows that it
// has in memory are served beyond their time to live then, and say so.
package feature

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/life"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/items"
	"github.com/repli-mesh/repli/services/feature/internal/rows"
)

// Deps are what the service works with; all are set.
type Deps struct {
	// Project declares the features.
	Project *views.Project
	// Signals take spans, figures and logs.
	Signals telemetry.Signals
	// Now reads the clock.
	Now func() time.Time
}

// Service is the feature service. Safe for concurrent use.
type Service struct {
	featurev1.UnimplementedFeatureServiceServer

	cfg   Config
	deps  Deps
	store *Store
	reads *reads // nil for a store in memory
	form  *form
	items *rows.Layout
	table *items.Table
	feed  *items.Feed
	tally *tally
}

// New returns a service, or the faults of its configuration. It does not contact the store, which may come up later. The
// caller runs it with Run and at the end closes it.
func New(cfg Config, deps Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	table := items.NewTable(cfg.Items.MaxWatchers)
	tally, err := newTally(deps, table)
	if err != nil {
		return nil, err
	}
	opened, err := OpenStore(cfg.Store, deps)
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg: cfg, deps: deps, store: opened, table: table, tally: tally,
		form: newForm(deps.Project), items: rows.New(deps.Project, views.Item),
	}
	if cfg.Store.Kind == Redis {
		if s.reads, err = newReads(cfg, opened, s.form, deps.Now); err == nil {
			err = expose(deps.Signals.Meter.Meter(scope), s.reads.figures()...)
		}
		if err != nil {
			return nil, errors.Join(err, opened.Close())
		}
	}
	s.feed = items.NewFeed(cfg.Items, source{opened}, s.items, table, deps.Signals.Logger, deps.Now)
	return s, nil
}

// Register adds the service to a server.
func (s *Service) Register(registrar grpc.ServiceRegistrar) {
	featurev1.RegisterFeatureServiceServer(registrar, s)
}

// Store returns the service's store, for writing into it and reading events from it. It is usable until Close.
func (s *Service) Store() *Store { return s.store }

// Run keeps the item table current until ctx is done, and then ends all streams of WatchItems. Meanwhile it probes a store
// that fails, warms the memory of rows and remembers how it was used. A store that hangs can hold up the end for its read time-out.
func (s *Service) Run(ctx context.Context) error {
	components := []life.Component{s.feed}
	if s.reads != nil {
		components = append(components, s.reads.breaker, s.reads.sampler)
		if file := s.cfg.Cache.WarmFile; file != "" {
			components = append(components, &warmer{file: file, reads: s.reads, logger: s.deps.Signals.Logger})
		}
	}
	return life.Run(ctx, components...)
}

// Close waits for the reads that are under way, at most the read time-out, and closes the store. Requests must have ended.
func (s *Service) Close() error {
	if s.reads != nil {
		s.reads.rows.Close()
	}
	return s.store.Close()
}
