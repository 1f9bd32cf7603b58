package overload

import (
	"context"
	"math"
	"runtime/metrics"
	"slices"
	"sync"
	"time"
)

const (
	// latencies is the runtime's histogram of how long goroutines were ready and did not run.
	latencies = "/sched/latencies:seconds"
	// high is the quantile of the waits that counts.
	high = 0.9
	// tick is the time between two looks at how late a timer is.
	tick = 4 * time.Millisecond
)

// Queue measures how long work of this process waits for a processor: in the runtime's own queue, and in the operating
// system's, which shows as timers that are late. Safe for concurrent use.
type Queue struct {
	mu     sync.Mutex
	sample [1]metrics.Sample
	before []uint64
	late   []time.Duration
}

// NewQueue returns a measure that begins now.
func NewQueue() *Queue {
	q := &Queue{sample: [1]metrics.Sample{{Name: latencies}}}
	q.runtime()
	return q
}

// Run watches a timer until ctx is done, and then returns nil.
func (q *Queue) Run(ctx context.Context) error {
	timer := time.NewTimer(tick)
	defer timer.Stop()
	for {
		due := time.Now().Add(tick)
		timer.Reset(tick)
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		q.mu.Lock()
		q.late = append(q.late, time.Since(due))
		if len(q.late) > 1000 { // nobody asks
			q.late = q.late[:0]
		}
		q.mu.Unlock()
	}
}

// Delay returns how long nine of ten waits since it was called last took at most, by the measure that says more.
func (q *Queue) Delay() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	slices.Sort(q.late)
	late := time.Duration(0)
	if n := len(q.late); n > 0 {
		late = q.late[int(high*float64(n-1))]
	}
	q.late = q.late[:0]
	return max(late, q.runtime())
}

// runtime returns the quantile of the runtime's waits since the last call.
func (q *Queue) runtime() time.Duration {
	metrics.Read(q.sample[:])
	if q.sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return 0 // a runtime without it
	}
	h := q.sample[0].Value.Float64Histogram()
	if q.before == nil {
		q.before = slices.Clone(h.Counts)
		return 0
	}
	return quantileSince(h, q.before)
}

// quantileSince returns the upper bound of the bucket that the quantile of the new counts lies in, and makes them old.
func quantileSince(h *metrics.Float64Histogram, before []uint64) time.Duration {
	total := uint64(0)
	for i, count := range h.Counts {
		before[i] = count - before[i]
		total += before[i]
	}
	rest := uint64(math.Ceil(high * float64(total)))
	seconds := 0.0
	for i, count := range before {
		if rest > 0 && count >= rest {
			seconds = h.Buckets[i+1]
			if math.IsInf(seconds, 1) {
				seconds = h.Buckets[i]
			}
		}
		rest -= min(rest, count)
	}
	copy(before, h.Counts)
	return time.Duration(seconds * float64(time.Second))
}
