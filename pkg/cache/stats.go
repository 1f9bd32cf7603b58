package cache

import (
	"sync/atomic"

	"github.com/maypok86/otter/v2/stats"
)

// Stats are the figures of a cache since its start. Every Get counts as one of Hits, Renewed, Stale and Misses.
type Stats struct {
	// Hits were within their time to live, Renewed past it with a newer value in time, Stale past it without; of Misses
	// nothing was kept.
	Hits, Renewed, Stale, Misses uint64
	// Loaded and Failed are loads that ended; Refused were never begun.
	Loaded, Failed, Refused uint64
	// Evicted were dropped for want of room, or at the end of their use.
	Evicted uint64
	// Loads are under way now.
	Loads int
	// Entries and Bytes are kept now, about.
	Entries int
	Bytes   uint64
}

// counts are those of Stats that only grow. They take evictions from otter, which counts what else it does in vain.
type counts struct {
	stats.NoopRecorder

	hits, renewed, stale, misses, loaded, failed, refused, evicted atomic.Uint64
}

// RecordEviction is called by otter.
func (c *counts) RecordEviction(uint32) { c.evicted.Add(1) }

// Stats returns the figures of now.
func (c *Cache[K, V]) Stats() Stats {
	s := Stats{
		Hits: c.hits.Load(), Renewed: c.renewed.Load(), Stale: c.stale.Load(), Misses: c.misses.Load(),
		Loaded: c.loaded.Load(), Failed: c.failed.Load(), Refused: c.refused.Load(), Evicted: c.evicted.Load(),
	}
	c.mu.Lock()
	s.Loads = c.running
	c.mu.Unlock()
	if c.held != nil {
		s.Entries, s.Bytes = c.held.EstimatedSize(), c.held.WeightedSize()
	}
	return s
}
