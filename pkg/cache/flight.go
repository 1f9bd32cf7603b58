package cache

import (
	"context"
	"time"
)

// flight is one load, for all who ask for its key meanwhile.
type flight[V any] struct {
	done    chan struct{} // closed when entry or err is set
	started time.Time
	entry   *entry[V]
	err     error
}

// landed is closed.
var landed = func() chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}()

// join returns the load for a key: the one under way, or a new one.
func (c *Cache[K, V]) join(ctx context.Context, key K, behind bool) (*flight[V], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.flights[key]; ok {
		return f, nil
	}
	if old, now := c.look(key); old != nil && now < old.fresh { // one has landed since the caller looked
		return &flight[V]{done: landed, entry: old}, nil
	}
	if err := c.admit(); err != nil {
		c.refused.Add(1)
		return nil, err
	}
	f := &flight[V]{done: make(chan struct{}), started: time.Now()}
	c.flights[key] = f
	c.running++
	c.work.Go(func() { c.load(context.WithoutCancel(ctx), key, f, behind) })
	return f, nil
}

// admit is called with the lock held.
func (c *Cache[K, V]) admit() error {
	switch {
	case c.closed:
		return ErrClosed
	case c.running >= c.cfg.MaxLoads:
		return ErrBusy
	default:
		return c.deps.Admit()
	}
}

func (c *Cache[K, V]) load(ctx context.Context, key K, f *flight[V], behind bool) {
	ctx, cancel := context.WithTimeout(ctx, c.deps.Timeout)
	defer cancel()
	value, known, err := c.deps.Load(ctx, key, behind)
	if err != nil {
		c.failed.Add(1)
		f.err = err
	} else {
		c.loaded.Add(1)
		f.entry = c.entry(value, known)
	}
	c.land(key, f)
}

// land keeps what a load brought, unless the key was amended meanwhile.
func (c *Cache[K, V]) land(key K, f *flight[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	if c.flights[key] == f {
		delete(c.flights, key)
		c.keep(key, f)
	}
	close(f.done)
}

func (c *Cache[K, V]) keep(key K, f *flight[V]) {
	if c.held == nil {
		return
	}
	if f.err == nil {
		c.held.Set(key, f.entry)
	} else if old, ok := c.held.GetEntryQuietly(key); ok {
		old.Value.cause.Store(&f.err)
	}
}

// within says whether the load is done before it is as old as the grace, and before half of ctx's time is gone: whoever asks
// must still be told.
func (f *flight[V]) within(ctx context.Context, grace time.Duration) bool {
	select {
	case <-f.done:
		return true
	default:
	}
	rest := grace - time.Since(f.started)
	if deadline, limited := ctx.Deadline(); limited {
		rest = min(rest, time.Until(deadline)/2)
	}
	if rest <= 0 {
		return false
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-f.done:
		return true
	case <-timer.C:
		return false
	case <-ctx.Done():
		return false
	}
}

// result is of a load that is done.
func (f *flight[V]) result(now int64) (Found[V], error) {
	if f.err != nil {
		return Found[V]{}, f.err
	}
	return f.entry.found(Loaded, now), nil
}
