package cache

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// overhead is about what an entry takes besides its key and value: otter's node, its place in the table and the policy's
// queues, and the entry itself.
const overhead = 256

// entry is what is kept for one key. Only its cause changes.
type entry[V any] struct {
	value V
	known bool
	at    int64 // when it was loaded, by now
	fresh int64 // until when it is within its time to live
	until int64 // until when it can be used at all
	cause atomic.Pointer[error]
}

func (c *Cache[K, V]) entry(value V, known bool) *entry[V] {
	ttl := c.cfg.TTL
	if !known {
		ttl = c.cfg.NegativeTTL
	}
	at := c.now()
	fresh := at + int64(ttl)
	return &entry[V]{value: value, known: known, at: at, fresh: fresh, until: fresh + int64(c.cfg.StaleFor)}
}

func (e *entry[V]) found(state State, now int64) Found[V] {
	return Found[V]{Value: e.value, State: state, Age: time.Duration(now - e.at)}
}

// trouble returns why the last load failed, nil when it did not.
func (e *entry[V]) trouble() error {
	if cause := e.cause.Load(); cause != nil {
		return *cause
	}
	return nil
}

// look returns what is kept for a key, nil when nothing is, and the time.
func (c *Cache[K, V]) look(key K) (*entry[V], int64) {
	if c.held == nil {
		return nil, 0
	}
	e, ok := c.held.GetEntry(key)
	if !ok {
		return nil, 0
	}
	return e.Value, e.SnapshotAtNano
}

// amend replaces what is kept for a key, and lets no load land that began before.
func (c *Cache[K, V]) amend(key K, change func(*entry[V]) *entry[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	if c.held == nil {
		return
	}
	if e, ok := c.held.GetEntryQuietly(key); ok {
		c.held.Set(key, change(e.Value))
	}
}

// now is the time since the cache was made, so that a clock that is set does not make all values old, or young, at once.
func (c *Cache[K, V]) now() int64 { return int64(c.deps.Now().Sub(c.start)) }

// rest is how long otter has to keep an entry.
func (c *Cache[K, V]) rest(e otter.Entry[K, *entry[V]]) time.Duration {
	return time.Duration(max(e.Value.until-c.now(), 1))
}

func (c *Cache[K, V]) weigh(key K, e *entry[V]) uint32 {
	return uint32(min(c.deps.Weigh(key, e.value)+overhead, math.MaxUint32)) //nolint:gosec // bounded by the line itself
}

// clock is otter's view of the clock. It does not tick: what is past use goes when its room is needed.
type clock func() int64

func (c clock) NowNano() int64 { return c() }

func (c clock) Tick(time.Duration) <-chan time.Time { return nil }
