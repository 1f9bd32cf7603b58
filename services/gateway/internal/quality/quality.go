// Package quality owns the quality factor: which share of the candidates is ranked. It falls while ranking is slow, so that
// fewer candidates are scored before a whole tier is lost, and rises again while it is quick.
package quality

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
)

const (
	// least and step bound the factor and say how far one request moves it.
	least, step = 0.1, 0.00125
	// percentile of the requests that should be as quick as the target.
	percentile = 95
)

// Config is the section of the configuration.
type Config struct {
	// Target is how long ranking should take for 95 of 100 requests.
	Target time.Duration `yaml:"target"`
}

// Defaults leaves more than half of 50 ms for the rest.
func Defaults() Config { return Config{Target: 20 * time.Millisecond} }

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	if c.Target <= 0 {
		return config.Invalid("target", c.Target, "more than 0s")
	}
	return nil
}

// Factor is the quality factor, 0.1 to 1. Safe for concurrent use; an update lost to a race costs one step.
type Factor struct {
	target time.Duration
	bits   atomic.Uint64
}

// New returns a factor of 1.
func New(cfg Config) *Factor {
	f := &Factor{target: cfg.Target}
	f.bits.Store(math.Float64bits(1))
	return f
}

// Value returns the factor.
func (f *Factor) Value() float64 { return math.Float64frombits(f.bits.Load()) }

// Of returns the factor's share of n, rounded up, but not less than the smaller of n and atLeast.
func (f *Factor) Of(n, atLeast int) int {
	return max(min(n, atLeast), int(math.Ceil(f.Value()*float64(n))))
}

// Observe takes one ranking into account: up by d when it was in time, down by d*p/(100-p) when it was late, so that the factor
// rests where p of 100 are in time. One that was given up was late.
func (f *Factor) Observe(took time.Duration, givenUp bool) {
	old := f.bits.Load()
	value := math.Float64frombits(old)
	if took <= f.target && !givenUp {
		value = min(1, value+step)
	} else {
		value = max(least, value-step*percentile/(100-percentile))
	}
	f.bits.CompareAndSwap(old, math.Float64bits(value))
}
