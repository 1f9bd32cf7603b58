// Package plan owns the deadline arithmetic of one Recommend: which step may take how long.
//
// It is pure: no clock, no I/O, no goroutine. It imports the standard library and pkg/budget only.
package plan

import (
	"fmt"
	"time"

	"github.com/repli-mesh/repli/pkg/budget"
)

// Config divides the time of a request.
type Config struct {
	// Promise is the smallest deadline for which an answer is promised.
	Promise time.Duration `yaml:"promise"`
	// Default is the deadline of a call that comes without one.
	Default time.Duration `yaml:"default"`
	// Max is the longest deadline that is honoured; a longer one is cut to it.
	Max time.Duration `yaml:"max"`
	// Reserve is kept for answering: encoding, the network back, scheduling.
	Reserve budget.Share `yaml:"reserve"`
	// Fallback is waited for from the start.
	Fallback budget.Share `yaml:"fallback"`
	// Feature is waited for from the start, beside the fallback.
	Feature budget.Share `yaml:"feature"`
	// Ranking is waited for once both have answered; its share is of what is left then.
	Ranking budget.Share `yaml:"ranking"`
}

// Defaults fits deadlines from 10 ms up and a target of 50 ms.
func Defaults() Config {
	return Config{
		Promise:  10 * time.Millisecond,
		Default:  100 * time.Millisecond,
		Max:      time.Second,
		Reserve:  budget.Share{Share: 0.15, Floor: 3 * time.Millisecond, Ceiling: 20 * time.Millisecond},
		Fallback: budget.Share{Share: 0.5, Floor: 2 * time.Millisecond, Ceiling: 100 * time.Millisecond},
		Feature:  budget.Share{Share: 0.5, Floor: 2 * time.Millisecond, Ceiling: 100 * time.Millisecond},
		Ranking:  budget.Share{Share: 1, Floor: 2 * time.Millisecond, Ceiling: 200 * time.Millisecond},
	}
}

// Plan is the time of one request, counted from its start. All steps together never exceed Total.
type Plan struct {
	// Deadline is the caller's deadline as it is honoured.
	Deadline time.Duration
	// Total is what is left of it for the steps once the reserve is kept. Zero when the reserve is all there is.
	Total time.Duration
	// Fallback is granted to the fallback service at the start; zero when there is no time to ask it.
	Fallback time.Duration
	// Feature is granted to the feature service at the start; zero when there is no time to ask it, or none to rank
	// afterwards.
	Feature time.Duration
}

// Start divides the time of a request that has `left` until its deadline; hasDeadline is false when the caller set
// none.
func (c Config) Start(left time.Duration, hasDeadline bool) Plan {
	deadline := c.Default
	if hasDeadline {
		deadline = max(0, min(left, c.Max))
	}
	reserve, ok := c.Reserve.Grant(deadline)
	if !ok {
		return Plan{Deadline: deadline}
	}
	p := Plan{Deadline: deadline, Total: deadline - reserve}
	p.Fallback, _ = c.Fallback.Grant(p.Total)
	if feature, ok := c.Feature.Grant(p.Total - c.Ranking.Floor); ok {
		p.Feature = feature
	}
	return p
}

// Rank returns what ranking may take after elapsed, and false when it should be skipped: when what is left is under
// its floor or under its typical time p50 (zero when unknown). A skipped step is better than a lost one.
func (c Config) Rank(p Plan, elapsed, p50 time.Duration) (time.Duration, bool) {
	left := p.Total - max(0, elapsed) // a clock that was set back does not give time
	if left < p50 {
		return 0, false
	}
	return c.Ranking.Grant(left)
}

// Faults returns everything that would break the promise, each with the sum that does not fit.
func (c Config) Faults() []budget.Fault {
	var faults []budget.Fault
	for _, share := range []struct {
		key   string
		share budget.Share
	}{{"reserve", c.Reserve}, {"fallback", c.Fallback}, {"feature", c.Feature}, {"ranking", c.Ranking}} {
		faults = append(faults, share.share.Faults(share.key)...)
	}
	if c.Promise <= 0 {
		faults = append(faults, budget.Fault{Key: "promise", Value: c.Promise, Expected: "more than 0s"})
	}
	if c.Default < c.Promise {
		faults = append(faults, budget.Fault{
			Key: "default", Value: c.Default, Expected: fmt.Sprintf("at least the promise of %v", c.Promise),
		})
	}
	if c.Max < c.Default {
		faults = append(faults, budget.Fault{
			Key: "max", Value: c.Max, Expected: fmt.Sprintf("at least the default of %v", c.Default),
		})
	}
	if len(faults) > 0 {
		return faults
	}
	return c.sums()
}

// sums checks that the floors of the steps fit the smallest deadline that is promised.
func (c Config) sums() []budget.Fault {
	reserve, ok := c.Reserve.Grant(c.Promise)
	if !ok {
		reserve = c.Reserve.Floor // not even the reserve fits
	}
	first := max(c.Fallback.Floor, c.Feature.Floor)
	if need := reserve + first + c.Ranking.Floor; need > c.Promise {
		return []budget.Fault{{
			Key: "promise", Value: c.Promise, Expected: fmt.Sprintf(
				"at least %v = reserve %v + the longer floor of fallback and feature %v + ranking floor %v",
				need, reserve, first, c.Ranking.Floor),
		}}
	}
	return nil
}
