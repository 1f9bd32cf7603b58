// Package feature owns the feature service: the rows of users for requests, the item table for rankers, and the writes of
// ingestion. It is the only service that touches the online store, which lies behind internal/store.
//
// It must not rank, fall back or cache: a store that fails is said to fail, in time, and the gateway knows what to do.
package feature

import (
	"context"
	"time"

	"google.golang.org/grpc"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/items"
	"github.com/repli-mesh/repli/services/feature/internal/rows"
	"github.com/repli-mesh/repli/services/feature/internal/store"
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
	read  func(ctx context.Context, id string) (store.Record, error)
	reads *reads
	users *rows.Layout
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
	tally, err := newTally(deps.Signals, table, deps.Now)
	if err != nil {
		return nil, err
	}
	opened, err := OpenStore(cfg.Store, deps)
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg: cfg, deps: deps, store: opened, table: table, tally: tally, read: opened.user,
		users: rows.New(deps.Project, views.User), items: rows.New(deps.Project, views.Item),
	}
	if cfg.Store.Kind == Redis {
		s.reads = newReads(opened, cfg.ReadTimeout, cfg.Store.Redis.PoolSize)
		s.read = s.reads.user
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

// Run keeps the item table current until ctx is done, and then ends all streams of WatchItems. A store that hangs can hold
// up the end for its read time-out.
func (s *Service) Run(ctx context.Context) error { return s.feed.Run(ctx) }

// Close waits for the reads that are under way, at most the read time-out, and closes the store. Requests must have ended.
func (s *Service) Close() error {
	if s.reads != nil {
		s.reads.wait()
	}
	return s.store.Close()
}
