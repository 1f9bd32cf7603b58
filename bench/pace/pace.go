// Package pace owns the schedule of an open load: each request is sent when it is due, whatever became of those before it,
// and latencies count from then, so that a mesh which stalls cannot hide it. It knows nothing of what is sent.
package pace

import (
	"context"
	"math"
	"sync"
	"time"
)

// Outstanding is a bound for the requests in flight that only a mesh which has stopped reaches.
const Outstanding = 4096

// Pace is a clock and what was sent by it. Open is for one goroutine at a time; the other methods are safe for concurrent use.
type Pace struct {
	started  time.Time
	slots    chan struct{}
	inFlight sync.WaitGroup
}

// New returns a pace whose clock starts now. A request that is due while that many are in flight waits, and its wait counts.
func New(outstanding int) *Pace {
	return &Pace{started: time.Now(), slots: make(chan struct{}, outstanding)}
}

// Elapsed is the time on the clock.
func (p *Pace) Elapsed() time.Duration { return time.Since(p.started) }

// Open calls next rate times a second, with when it was due, until ctx is done or, where count is not 0, that many times;
// those that had to wait for a slot are among them. What next returns is run in a goroutine of its own and has to end by
// itself. Open returns without waiting for the last ones.
func (p *Pace) Open(ctx context.Context, rate float64, count int, next func(due time.Duration) (send func())) {
	first, end := p.Elapsed(), time.Duration(math.MaxInt64)
	for i := 0; count == 0 || i < count; i++ {
		due := first + time.Duration(float64(i)/rate*float64(time.Second))
		if end = min(end, p.until(ctx, due)); due > end {
			return
		}
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			end = min(end, p.Elapsed())
			p.slots <- struct{}{} // each of those in flight ends by itself
		}
		send := next(due)
		p.inFlight.Go(func() {
			defer func() { <-p.slots }()
			send()
		})
	}
}

// until sleeps until then, or until ctx is done. It returns when ctx was done, and for ever when it is not.
func (p *Pace) until(ctx context.Context, then time.Duration) time.Duration {
	wait := time.NewTimer(then - p.Elapsed())
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return p.Elapsed()
	}
	return math.MaxInt64
}

// Wait returns when everything that was sent has ended.
func (p *Pace) Wait() { p.inFlight.Wait() }
