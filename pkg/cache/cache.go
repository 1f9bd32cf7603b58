// Package cache owns values that are kept in memory before something slower: fresh for a while, then stale but usable while
// newer ones do not come, bounded in bytes, and filled by loads that are shared, bounded in time and in number.
//
// It keeps by github.com/maypok86/otter/v2, whose loaders it does not use: they run on their caller's context, and as many
// at once as there are callers. It knows neither what it keeps nor where that comes from, and logs nothing.
package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// ErrBusy is the error of a load that is refused because MaxLoads are under way; ErrClosed that of one after Close.
var (
	ErrBusy   = errors.New("cache: too many loads are under way")
	ErrClosed = errors.New("cache: closed")
)

// State says where a value came from.
type State uint8

const (
	// Hit was kept and is within its time to live.
	Hit State = iota + 1
	// Loaded was asked for now.
	Loaded
	// Stale was kept and is past its time to live; a newer one did not come in time.
	Stale
)

// Found is what Get found.
type Found[V any] struct {
	// Value is shared: nobody may change it.
	Value V
	// State says where it came from.
	State State
	// Age is how long ago it was loaded.
	Age time.Duration
	// Cause says why a Stale value is not newer; nil while a load is under way and none has failed since the last success.
	Cause error
}

// Deps are what a cache works with; all are set.
type Deps[K comparable, V any] struct {
	// Load asks the source for a value, and says whether it knows the key: for a key that is not known, the value says
	// just that. Behind is set when the caller has another value to go on with. Load ends with its context, which lives
	// for Timeout whatever becomes of the caller's; it runs on a goroutine of its own.
	Load func(ctx context.Context, key K, behind bool) (value V, known bool, err error)
	// Admit returns an error when there is no use in a load now. It must not block or use the cache.
	Admit func() error
	// Timeout bounds a load.
	Timeout time.Duration
	// Weigh returns about how many bytes a key and its value take. It must not use the cache.
	Weigh func(key K, value V) int
	// Now reads the clock that ages are taken from.
	Now func() time.Time
}

// Cache keeps values. Safe for concurrent use.
type Cache[K comparable, V any] struct {
	cfg   Config
	deps  Deps[K, V]
	start time.Time
	held  *otter.Cache[K, *entry[V]] // nil when nothing is kept
	counts

	mu      sync.Mutex
	flights map[K]*flight[V] // loads whose values will be kept
	running int              // loads, those that will not be kept among them
	closed  bool
	work    sync.WaitGroup // one for each load
}

// New returns an empty cache, or an error when otter refuses the configuration, which must be valid. The caller closes it.
func New[K comparable, V any](cfg Config, deps Deps[K, V]) (*Cache[K, V], error) {
	c := &Cache[K, V]{cfg: cfg, deps: deps, start: deps.Now(), flights: make(map[K]*flight[V])}
	if !cfg.Enabled {
		return c, nil
	}
	held, err := otter.New(&otter.Options[K, *entry[V]]{
		MaximumWeight:    uint64(cfg.Bytes), //nolint:gosec // valid ones are positive
		Weigher:          c.weigh,
		ExpiryCalculator: otter.ExpiryWritingFunc(c.rest),
		StatsRecorder:    &c.counts,
		Clock:            clock(c.now),
		Executor:         func(do func()) { do() }, // no goroutine that nobody waits for; nothing here calls otter from within
	})
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	c.held = held
	return c, nil
}

// Get returns the value for a key. A value within its time to live is returned at once. Otherwise the source is asked:
// where there is an older value, for Grace at most, and then that one is Stale while the load goes on; where there is none,
// until ctx is done. The error is that of the load, of Admit, ErrBusy, ErrClosed, or that of ctx, wrapped.
func (c *Cache[K, V]) Get(ctx context.Context, key K) (Found[V], error) {
	old, now := c.look(key)
	if old != nil && now < old.fresh {
		c.hits.Add(1)
		return old.found(Hit, now), nil
	}
	flight, err := c.join(ctx, key, old != nil)
	if old != nil {
		return c.renew(ctx, old, flight, err), nil
	}
	c.misses.Add(1)
	if err != nil {
		return Found[V]{}, err
	}
	select {
	case <-flight.done:
		return flight.result(c.now())
	case <-ctx.Done():
		return Found[V]{}, fmt.Errorf("cache: waiting for a load: %w", ctx.Err())
	}
}

// renew waits for a newer value no longer than the grace.
func (c *Cache[K, V]) renew(ctx context.Context, old *entry[V], flight *flight[V], err error) Found[V] {
	if err == nil && flight.within(ctx, c.cfg.Grace) {
		var found Found[V]
		if found, err = flight.result(c.now()); err == nil {
			c.renewed.Add(1)
			return found
		}
	}
	c.stale.Add(1)
	found := old.found(Stale, c.now())
	if found.Cause = err; err == nil {
		found.Cause = old.trouble()
	}
	return found
}

// Refresh loads the value for a key, unless one within its time to live is kept, and waits for it. It is for work that no
// caller of Get waits for, and counts as no request. The errors are those of Get.
func (c *Cache[K, V]) Refresh(ctx context.Context, key K) error {
	flight, err := c.join(ctx, key, true)
	if err != nil {
		return err
	}
	select {
	case <-flight.done:
		return flight.err
	case <-ctx.Done():
		return fmt.Errorf("cache: waiting for a load: %w", ctx.Err())
	}
}

// Update replaces the value that is kept for a key, if any, by what change makes of it; its age stays. A load that is under
// way may not have seen the change, so it is not kept. For when the source was changed as well.
func (c *Cache[K, V]) Update(key K, change func(V) V) {
	c.amend(key, func(e *entry[V]) *entry[V] {
		return &entry[V]{value: change(e.value), known: true, at: e.at, fresh: e.fresh, until: e.until}
	})
}

// Expire ends the time to live of what is kept for a key, if anything. A load that is under way is not kept. For when it is
// not known whether the source was changed.
func (c *Cache[K, V]) Expire(key K) {
	c.amend(key, func(e *entry[V]) *entry[V] {
		return &entry[V]{value: e.value, known: e.known, at: e.at, until: e.until}
	})
}

// Hottest returns up to n keys with a value that the source knew, the most used first, by the cache's best guess.
func (c *Cache[K, V]) Hottest(n int) []K {
	if c.held == nil {
		return nil
	}
	var keys []K
	for e := range c.held.Hottest() {
		if len(keys) == n {
			break
		}
		if e.Value.known {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

// Close refuses further loads and waits for those under way, Timeout at most.
func (c *Cache[K, V]) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.work.Wait()
}
