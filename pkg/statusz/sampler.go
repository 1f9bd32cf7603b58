package statusz

import (
	"context"
	"sync"
	"time"
)

const (
	// sampleEvery is the time between two samples, and sampleSpan how far back they go.
	sampleEvery = 15 * time.Second
	sampleSpan  = 15 * time.Minute
	// samples cover the span: one more than there are spaces between them.
	samples = int(sampleSpan/sampleEvery) + 1
)

// Sampler remembers counters that only grow, so that a page can show how fast they grew over the last 15 minutes. Safe for
// concurrent use; but Run is for one goroutine.
type Sampler struct {
	read func() []uint64
	now  func() time.Time

	mu   sync.Mutex
	ring []sample // oldest first, at most samples
}

type sample struct {
	at     time.Time
	counts []uint64
}

// NewSampler returns a sampler that has its first sample. read returns the counters, always as many.
func NewSampler(read func() []uint64, now func() time.Time) *Sampler {
	s := &Sampler{read: read, now: now}
	s.take()
	return s
}

// Run takes samples until ctx is done, and then returns nil.
func (s *Sampler) Run(ctx context.Context) error {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			s.take()
		}
	}
}

func (s *Sampler) take() {
	taken := sample{s.now(), s.read()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ring) == samples {
		s.ring = append(s.ring[:0], s.ring[1:]...)
	}
	s.ring = append(s.ring, taken)
}

// Grown returns how much the counters grew in about the last minute, and how long that was.
func (s *Sampler) Grown() (grown []uint64, over time.Duration) {
	now, counts := s.now(), s.read()
	s.mu.Lock()
	defer s.mu.Unlock()
	then := s.ring[max(0, len(s.ring)-int(time.Minute/sampleEvery))]
	grown = make([]uint64, len(counts))
	for i := range counts {
		grown[i] = counts[i] - min(counts[i], then.counts[i])
	}
	return grown, now.Sub(then.at)
}

// Chart returns the chart with its times, and in each of its series, which stand for the counters in their order, how much the
// counter grew in a second.
func (s *Sampler) Chart(c Chart) Chart {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.ring[len(s.ring)-1].at
	c.From, c.To = At(last.Add(-sampleSpan)), At(last)
	c.At, c.Step = make([]Seconds, 0, samples), Seconds(sampleEvery/time.Second) // not nil, which JSON would write as null
	for i := range s.ring[1:] {
		c.At = append(c.At, At(s.ring[i].at))
	}
	series := make([]Series, len(c.Series))
	for n, one := range c.Series {
		one.Values = make([]Value, 0, samples)
		for i, before := range s.ring[:len(s.ring)-1] {
			after := s.ring[i+1]
			grown := after.counts[n] - min(after.counts[n], before.counts[n])
			one.Values = append(one.Values, Value(float64(grown)/max(after.at.Sub(before.at).Seconds(), 1)))
		}
		series[n] = one
	}
	c.Series = series
	return c
}
