package feature

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
	"github.com/repli-mesh/repli/services/feature/internal/store/memory"
	"github.com/repli-mesh/repli/services/feature/internal/store/redis"
)

// Store is the online store, observed. Its faults are fault.Unavailable with a reason that starts with STORE_, and
// fault.InvalidArgument for rows that cannot be stored. Safe for concurrent use.
type Store struct {
	inner  store.Store
	report *report
}

// OpenStore returns the store of the configuration, or the faults of the configuration. It connects when it is first used,
// so it can be opened while the store is down. The caller closes it.
func OpenStore(cfg StoreConfig, deps Deps) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	report, err := newReport(deps.Signals, cfg.Kind)
	if err != nil {
		return nil, err
	}
	if cfg.Kind == Memory {
		return &Store{inner: memory.New(deps.Project, deps.Now), report: report}, nil
	}
	inner, err := redis.New(cfg.Redis, deps.Project, deps.Now)
	if err != nil {
		return nil, err
	}
	if err := describePools(deps.Signals.Meter.Meter(scope), inner.Pools); err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	return &Store{inner: inner, report: report}, nil
}

// Close releases the store.
func (s *Store) Close() error { return s.inner.Close() }

// WriteRows stores rows of a view of the project, which views.View.Check must have passed. Rows of items reach whoever
// watches the items. Writing again what was written changes nothing; an error may leave some of the rows written.
func (s *Store) WriteRows(ctx context.Context, view *views.View, rows []views.Row) error {
	return s.report.observe(ctx, "write_rows", func(ctx context.Context) error { return s.inner.Write(ctx, view, rows) })
}

// WriteEvents stores events. An event that is there already, by id and hour, is replaced.
func (s *Store) WriteEvents(ctx context.Context, events []views.Event) error {
	return s.report.observe(ctx, "write_events", func(ctx context.Context) error { return s.inner.WriteEvents(ctx, events) })
}

// Events yields the events of [from, to) hour by hour, in no order within the hour, each once. The first error ends the
// sequence.
func (s *Store) Events(ctx context.Context, from, to time.Time) iter.Seq2[views.Event, error] {
	return s.inner.Events(ctx, from, to)
}

// Load returns how far the load with the id came, 0 when nothing is known of it.
func (s *Store) Load(ctx context.Context, id string) (done int64, err error) {
	err = s.report.observe(ctx, "journal", func(ctx context.Context) error {
		done, err = s.inner.Load(ctx, id)
		return err
	})
	return done, err
}

// Save stores how far the load with the id came, for a week.
func (s *Store) Save(ctx context.Context, id string, done int64) error {
	return s.report.observe(ctx, "journal", func(ctx context.Context) error { return s.inner.Save(ctx, id, done) })
}

// source is the store as the item feed reads it.
type source struct{ *Store }

func (s source) ReadItems(ctx context.Context, ids []string) (records []store.Record, err error) {
	err = s.report.observe(ctx, "read_items", func(ctx context.Context) error {
		records, err = s.inner.Read(ctx, views.Item, ids)
		return err
	})
	return records, err
}

func (s source) Changes(ctx context.Context, since uint64) (page store.Page, err error) {
	err = s.report.observe(ctx, "changes", func(ctx context.Context) error {
		page, err = s.inner.Changes(ctx, since)
		return err
	})
	return page, err
}

func (s source) Scan(ctx context.Context) (ids []string, err error) {
	err = s.report.observe(ctx, "scan", func(ctx context.Context) error {
		ids, err = s.inner.Scan(ctx)
		return err
	})
	return ids, err
}
