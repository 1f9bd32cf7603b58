// Package overload owns admission: how many requests may be at work in full at a time, and what becomes of the rest. The
// number follows the queue: while work waits too long for a processor, fewer are admitted; while nothing waits, as many as come.
// At rest it is a few times what is usual, and no more: a flood is there before its queue can be measured.
//
// It does not know what a request is, and it does not measure how long requests take: a slow dependency is no overload.
package overload

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
)

// Config is the section of the configuration.
type Config struct {
	// Min and Max bound how many requests may be at work in full.
	Min int `yaml:"min"`
	Max int `yaml:"max"`
	// Burst is how many requests for each processor may be at work in full after a quiet time; of a greater flood the rest is answered
	// cheaply, for the moments until it shows that nothing waits.
	Burst int `yaml:"burst"`
	// Delay is how long work may wait for a processor before fewer requests are admitted.
	Delay time.Duration `yaml:"delay"`
	// Shed is how long it waits when sheddable requests are refused.
	Shed time.Duration `yaml:"shed"`
	// Window is the time between two adjustments.
	Window time.Duration `yaml:"window"`
}

// Defaults suits a target of 50 ms.
func Defaults() Config {
	return Config{Min: 8, Max: 1024, Burst: 16, Delay: 5 * time.Millisecond, Shed: 20 * time.Millisecond, Window: 20 * time.Millisecond}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	expect := func(ok bool, key string, value any, expected string) {
		if !ok {
			faults = append(faults, config.Invalid(key, value, expected))
		}
	}
	expect(c.Min >= 1, "min", c.Min, "at least 1")
	expect(c.Max >= c.Min && c.Max <= 1_000_000, "max", c.Max, "min to 1000000")
	expect(c.Burst >= 1 && c.Burst <= 1_000_000, "burst", c.Burst, "1 to 1000000")
	expect(c.Delay > 0, "delay", c.Delay, "more than 0s")
	expect(c.Shed >= c.Delay, "shed", c.Shed, "at least delay")
	expect(c.Window >= 10*time.Millisecond && c.Window <= 10*time.Second, "window", c.Window, "10ms to 10s")
	return errors.Join(faults...)
}

// Priority says what is given up first.
type Priority uint8

// The priorities.
const (
	Default Priority = iota
	// Critical requests are admitted above the limit, by a quarter of it.
	Critical
	// Sheddable requests are admitted up to half the limit, and refused when even cheap answers wait.
	Sheddable
)

// Level is what becomes of a request.
type Level uint8

// The levels.
const (
	// Full does all the work; Done must follow.
	Full Level = iota
	// Cheap answers from memory.
	Cheap
	// Refuse does not answer.
	Refuse
)

// Limiter admits requests. Safe for concurrent use.
type Limiter struct {
	cfg     Config
	delay   func() time.Duration
	limit   atomic.Int64
	working atomic.Int64
	peak    atomic.Int64 // of working, in this window
	delayed atomic.Int64 // the last delay
	// Of Run alone: the limit before it is rounded, the limit after a quiet time, how many were at work at most lately, and how long
	// ago the delay was too long and the limit was cut.
	exact, least, usual float64
	calm, cut           time.Duration
	shedding            atomic.Bool
}

// New returns a limiter at rest. delay returns how long work waited for a processor since it was asked last; it is called by Run
// alone.
func New(cfg Config, delay func() time.Duration) *Limiter {
	least := float64(min(max(cfg.Burst*runtime.GOMAXPROCS(0), cfg.Min), cfg.Max))
	l := &Limiter{cfg: cfg, delay: delay, exact: least, least: least, calm: settled, cut: drain}
	l.limit.Store(int64(least))
	return l
}

// Admit decides on a request. After Full, Done must be called once.
func (l *Limiter) Admit(p Priority) Level {
	limit := l.limit.Load()
	switch p {
	case Critical:
		limit += limit/4 + 1
	case Sheddable:
		limit = max(1, limit/2)
		if l.shedding.Load() {
			return Refuse
		}
	}
	working := l.working.Add(1)
	for peak := l.peak.Load(); working > peak && !l.peak.CompareAndSwap(peak, working); peak = l.peak.Load() {
	}
	if working > limit {
		l.working.Add(-1)
		return Cheap
	}
	return Full
}

// Done ends a request that was admitted in full.
func (l *Limiter) Done() { l.working.Add(-1) }

// Stats is how the limiter stands.
type Stats struct {
	// Limit is how many requests may be at work, and Working how many are.
	Limit, Working int
	// Delay is how long work waited for a processor in the last window.
	Delay time.Duration
}

// Delay is how long work waited for a processor in the last window.
func (l *Limiter) Delay() time.Duration { return time.Duration(l.delayed.Load()) }

// Stats returns how the limiter stands.
func (l *Limiter) Stats() Stats {
	return Stats{Limit: int(l.limit.Load()), Working: int(l.working.Load()), Delay: l.Delay()}
}

// Run adjusts the limit until ctx is done, and then returns nil.
func (l *Limiter) Run(ctx context.Context) error {
	ticker := time.NewTicker(l.cfg.Window)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			l.adjust(l.delay())
		}
	}
}

const (
	// settled is how long after too long a delay an overload is over.
	settled = 2 * time.Second
	// drain is how long a cut takes to show: what was at work then has to be done first.
	drain = 60 * time.Millisecond
	// creep is how far the limit rises in a second while an overload may go on.
	creep = 10
	// growth is how many times itself it becomes in a window in which it was reached and nothing waited.
	growth = 1.5
	// headroom is how many times what is usual it is at rest. It goes there, and what is usual is forgotten, by that part in a second.
	headroom, climb, fade = 4, 2, 0.1
)

// adjust is one step of the control. While there is too long a delay, the limit goes down in proportion to how much too long it is, at
// most to half of what was at work. While an overload may go on, it rises a little at a time, so that it stays near what can be done.
// Else it grows fast where it was reached: when a dependency becomes slow, many more requests are at work than before, and none
// of them is in the way. Where it was not, it goes to a few times of what is usual.
func (l *Limiter) adjust(delay time.Duration) {
	l.delayed.Store(int64(delay))
	l.shedding.Store(delay > l.cfg.Shed)
	peak, passed := float64(l.peak.Swap(l.working.Load())), l.cfg.Window.Seconds()
	l.calm, l.cut = l.calm+l.cfg.Window, l.cut+l.cfg.Window
	l.usual = max(peak, l.usual-l.usual*fade*passed)
	switch rest := max(headroom*l.usual, l.least); {
	case delay > l.cfg.Delay:
		if l.calm = 0; l.cut >= drain {
			l.cut = 0
			l.exact = min(l.exact, peak) * max(0.5, float64(l.cfg.Delay)/float64(delay))
		}
	case l.calm < settled:
		l.exact += creep * passed
	case peak > l.exact: // those that were turned away are in it
		l.exact *= growth
	case l.exact < rest:
		l.exact = min(rest, l.exact+(l.exact+creep)*climb*passed)
	default:
		l.exact -= (l.exact - rest) * fade * passed
	}
	l.exact = min(max(l.exact, float64(l.cfg.Min)), float64(l.cfg.Max))
	l.limit.Store(int64(math.Round(l.exact)))
}
