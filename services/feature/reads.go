package feature

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

const (
	// reasonBusy is that of reads refused because too many are under way.
	reasonBusy = "STORE_BUSY"
	// queued is how many reads may wait for each one under way.
	queued = 4
)

// reads bounds the reads of users in number and time. A read goes on when its caller stops waiting, so that a short
// deadline does not cost a connection. Safe for concurrent use.
type reads struct {
	store   *Store
	timeout time.Duration
	slots   chan struct{} // as many as there may be under way
	waiting atomic.Int64
	work    sync.WaitGroup
}

func newReads(s *Store, timeout time.Duration, limit int) *reads {
	return &reads{store: s, timeout: timeout, slots: make(chan struct{}, limit)}
}

type answer struct {
	record store.Record
	err    error
}

// user returns the record of a user. It returns when ctx is done, whatever the store does.
func (r *reads) user(ctx context.Context, id string) (store.Record, error) {
	if err := r.enter(ctx); err != nil {
		return store.Record{}, err
	}
	answers := make(chan answer, 1)
	r.work.Go(func() {
		defer func() { <-r.slots }()
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.timeout)
		defer cancel()
		record, err := r.store.user(detached, id)
		answers <- answer{record, err}
	})
	select {
	case a := <-answers:
		return a.record, a.err
	case <-ctx.Done():
		return store.Record{}, fmt.Errorf("feature: waiting for the store: %w", ctx.Err())
	}
}

// enter takes a slot.
func (r *reads) enter(ctx context.Context) error {
	select {
	case r.slots <- struct{}{}:
		return nil
	default:
	}
	defer r.waiting.Add(-1)
	if r.waiting.Add(1) > int64(queued*cap(r.slots)) {
		return fault.New(fault.Overloaded, reasonBusy, "%d reads of the store are under way and %d wait", cap(r.slots), queued*cap(r.slots))
	}
	select {
	case r.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fault.New(fault.Overloaded, reasonBusy, "%d reads of the store are under way", cap(r.slots))
		}
		return fmt.Errorf("feature: waiting to read the store: %w", ctx.Err())
	}
}

// wait returns when no read is under way.
func (r *reads) wait() { r.work.Wait() }

// user reads one user now.
func (s *Store) user(ctx context.Context, id string) (record store.Record, err error) {
	err = s.report.observe(ctx, "read", func(ctx context.Context) error {
		records, err := s.inner.Read(ctx, views.User, []string{id})
		if err != nil {
			return err
		}
		record = records[0]
		return record.Err
	})
	return record, err
}
