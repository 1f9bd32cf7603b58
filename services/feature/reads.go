package feature

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/repli-mesh/repli/pkg/breaker"
	"github.com/repli-mesh/repli/pkg/cache"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/statusz"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

const (
	// reasonBusy is that of reads refused because too many are under way.
	reasonBusy = "STORE_BUSY"
	// reasonOpen is that of reads refused because the store has failed too often.
	reasonOpen = "STORE_CIRCUIT_OPEN"
)

// What reads are refused with before they begin.
var (
	errBusy   = fault.New(fault.Overloaded, reasonBusy, "as many reads of the store are under way as there may be")
	errOpen   = fault.New(fault.Unavailable, reasonOpen, "the store has failed too often and is being probed")
	errClosed = fault.New(fault.Unavailable, store.ReasonUnreachable, "the store is closed")
)

// reads are the reads of users from a store that can be slow or gone: through rows in memory, and not at all while the
// circuit is open. Safe for concurrent use.
type reads struct {
	store   *Store
	form    *form
	now     func() time.Time
	breaker *breaker.Breaker
	rows    *cache.Cache[string, *user]
	sampler *statusz.Sampler
}

func newReads(cfg Config, opened *Store, form *form, now func() time.Time) (*reads, error) {
	r := &reads{store: opened, form: form, now: now}
	r.breaker = breaker.New(cfg.Breaker, breaker.Deps{Judge: judge, Probe: opened.probe, ProbeTimeout: cfg.ReadTimeout})
	var err error
	r.rows, err = cache.New(cfg.Cache.Config, cache.Deps[string, *user]{
		Load: r.load, Admit: r.admit, Timeout: cfg.ReadTimeout, Now: now,
		Weigh: func(id string, u *user) int { return u.weight(id) },
	})
	if err != nil {
		return nil, fmt.Errorf("feature: %w", err)
	}
	r.sampler = statusz.NewSampler(r.course, now)
	return r, nil
}

func (r *reads) admit() error {
	if r.breaker.Open() {
		return errOpen
	}
	return nil
}

// user returns the row of a user. One that was read at a later time of the day than it is now was judged by a clock that has been set
// right since: what it left out as too old may not be, so it is read again.
func (r *reads) user(ctx context.Context, id string) (cache.Found[*user], error) {
	found, err := r.rows.Get(ctx, id)
	if err != nil || found.State != cache.Hit || !r.now().Round(0).Before(found.Value.read) {
		return found, err
	}
	r.rows.Expire(id)
	return r.rows.Get(ctx, id)
}

// load reads one user from the store.
func (r *reads) load(ctx context.Context, id string, behind bool) (*user, bool, error) {
	done, ok := r.breaker.Allow()
	if !ok {
		return nil, false, errOpen
	}
	record, err := r.store.user(ctx, id, behind)
	done(err)
	if err != nil {
		return nil, false, err
	}
	return &user{record: record, read: r.now()}, record.Found(), nil
}

// written keeps the rows in memory as the store has them after a write of rows of a view, or after one that failed, of which
// nobody knows how far it came.
func (r *reads) written(view *views.View, written []views.Row, failed error) {
	place, err := r.form.layout.Place(view)
	for _, row := range written {
		if failed != nil || err != nil {
			r.rows.Expire(row.EntityID)
			continue
		}
		r.rows.Update(row.EntityID, func(old *user) *user {
			return &user{record: r.form.layout.With(old.record, place, row, r.now()), read: old.read}
		})
	}
}

// judge says what the end of a read tells of the store. A caller's deadline is not among what a read can end with.
func judge(err error) breaker.Verdict {
	switch reason := fault.Reason(err); {
	case err == nil, reason == store.ReasonCorrupt: // an answer, of one user
		return breaker.Success
	case strings.HasPrefix(reason, "STORE_") && reason != store.ReasonResharding:
		return breaker.Failure
	default:
		return breaker.Neither
	}
}

// refusal returns the error of a read as callers get it.
func refusal(err error) error {
	switch {
	case errors.Is(err, cache.ErrBusy):
		return errBusy
	case errors.Is(err, cache.ErrClosed):
		return errClosed
	default:
		return err
	}
}

// user reads one user now; behind, when nobody waits for it.
func (s *Store) user(ctx context.Context, id string, behind bool) (record store.Record, err error) {
	operation, read := "read", s.inner.Read
	if behind {
		operation, read = "refill", s.inner.ReadBehind
	}
	err = s.report.observe(ctx, operation, func(ctx context.Context) error {
		records, err := read(ctx, views.User, []string{id})
		if err != nil {
			return err
		}
		record = records[0]
		return record.Err
	})
	return record, err
}

func (s *Store) probe(ctx context.Context) error {
	return s.report.observe(ctx, "probe", s.inner.Probe)
}
