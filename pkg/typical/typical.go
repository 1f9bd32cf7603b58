// Package typical owns running estimates of how long something usually takes: a median, or another quantile.
//
// It knows no clock: whoever observes has measured.
package typical

import (
	"sync/atomic"
	"time"
)

// step is how far one observation moves an estimate of the median.
const step = 0.02

// Duration estimates a quantile of a stream of durations in one word of memory: each observation moves the estimate a
// small step towards itself, so it rests where the quantile's share of them lies below (the idea of Ma, Muthukrishnan and
// Sandler, "Frugal Streaming for Estimating Quantiles", 2013, with steps in proportion to the estimate). The zero value
// estimates the median. Safe for concurrent use; an update lost to a race costs one step.
type Duration struct {
	nanos atomic.Int64
	above float64 // the quantile less a half
}

// At returns an estimate of a quantile: 0.95 is the time that 95 of 100 take at most.
func At(quantile float64) *Duration { return &Duration{above: quantile - 0.5} }

// Value returns the estimate; zero until something was observed.
func (d *Duration) Value() time.Duration { return time.Duration(d.nanos.Load()) }

// Observe takes one duration into account. For a step that was given up, observe how long it had been waited for.
func (d *Duration) Observe(took time.Duration) {
	old := d.nanos.Load()
	switch {
	case old == 0:
		d.nanos.CompareAndSwap(0, int64(took))
	case int64(took) > old:
		d.nanos.CompareAndSwap(old, old+int64(float64(old)*step*(1+2*d.above))+1)
	case int64(took) < old:
		d.nanos.CompareAndSwap(old, old-int64(float64(old)*step*(1-2*d.above)))
	}
}

// Forget lowers the estimate a little. Call it for each step that was skipped because of the estimate: otherwise a bad
// minute would be remembered for ever, since a step that is always skipped is never observed.
func (d *Duration) Forget() {
	old := d.nanos.Load()
	d.nanos.CompareAndSwap(old, old-int64(float64(old)*step))
}
