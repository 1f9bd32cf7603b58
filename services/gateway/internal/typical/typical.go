// Package typical owns the running estimate of how long a step usually takes.
package typical

import (
	"sync/atomic"
	"time"
)

// step is how far one observation moves the estimate.
const step = 0.02

// Duration estimates the median of a stream of durations in one word of memory: each observation moves the estimate a
// small step towards itself, so it rests where half of them lie on either side (the idea of Ma, Muthukrishnan and
// Sandler, "Frugal Streaming for Estimating Quantiles", 2013, with steps in proportion to the estimate). Safe for
// concurrent use; an update lost to a race costs one step.
type Duration struct{ nanos atomic.Int64 }

// Median returns the estimate; zero until something was observed.
func (d *Duration) Median() time.Duration { return time.Duration(d.nanos.Load()) }

// Observe takes one duration into account. For a step that was given up, observe how long it had been waited for.
func (d *Duration) Observe(took time.Duration) {
	old := d.nanos.Load()
	switch {
	case old == 0:
		d.nanos.CompareAndSwap(0, int64(took))
	case int64(took) > old:
		d.nanos.CompareAndSwap(old, old+int64(float64(old)*step)+1)
	case int64(took) < old:
		d.nanos.CompareAndSwap(old, old-int64(float64(old)*step))
	}
}

// Forget lowers the estimate a little. Call it for each step that was skipped because of the estimate: otherwise a bad
// minute would be remembered for ever, since a step that is always skipped is never observed.
func (d *Duration) Forget() {
	old := d.nanos.Load()
	d.nanos.CompareAndSwap(old, old-int64(float64(old)*step))
}
