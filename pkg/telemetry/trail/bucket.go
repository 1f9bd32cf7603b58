package trail

import (
	"sync/atomic"
	"time"
)

// bucket gives a token at every interval, and saves up some. Safe for concurrent use.
type bucket struct {
	interval, saved time.Duration
	next            atomic.Int64 // when the token after the last one is due, if none were saved up
}

// newBucket returns a full one. A rate of 0 gives nothing.
func newBucket(perSecond float64, burst int) *bucket {
	if perSecond == 0 {
		return &bucket{}
	}
	b := &bucket{interval: time.Duration(float64(time.Second) / perSecond)}
	b.saved = b.interval * time.Duration(burst)
	b.next.Store(int64(-b.saved))
	return b
}

// take takes a token at a time since the start, if there is one.
func (b *bucket) take(now time.Duration) bool {
	if b.interval == 0 {
		return false
	}
	for {
		last := b.next.Load()
		next := max(last, int64(now-b.saved)) + int64(b.interval)
		if next > int64(now) {
			return false
		}
		if b.next.CompareAndSwap(last, next) {
			return true
		}
	}
}
