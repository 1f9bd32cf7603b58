// Package budget owns the arithmetic of dividing time: how much of what is left one step may have.
//
// It is pure: no clock, no I/O, no goroutine, and it imports the standard library only. Whoever uses it reads the clock.
package budget

import (
	"fmt"
	"math"
	"time"
)

// Share grants a part of what is left, but never less than a floor nor more than a ceiling.
type Share struct {
	// Share is the part of what is left, in 0..1.
	Share float64 `yaml:"share"`
	// Floor is the least that makes sense for the step.
	Floor time.Duration `yaml:"floor"`
	// Ceiling is the most that the step may have; zero means no ceiling.
	Ceiling time.Duration `yaml:"ceiling"`
}

// Grant returns the step's part of left, and false when left is under the floor: such a step is better not started.
// The grant is never more than left.
func (s Share) Grant(left time.Duration) (time.Duration, bool) {
	if left <= 0 || left < s.Floor {
		return 0, false
	}
	grant := max(time.Duration(float64(left)*s.Share), s.Floor)
	if s.Ceiling > 0 {
		grant = min(grant, s.Ceiling)
	}
	return min(grant, left), true
}

// Fault is one thing wrong with a configuration of time.
type Fault struct {
	// Key is the path of the setting below the struct that was checked, such as "feature.floor".
	Key string
	// Value is what it is.
	Value any
	// Expected is what it should have been, sums included.
	Expected string
}

// String says all three.
func (f Fault) String() string {
	return fmt.Sprintf("%s: is %v, expected %s", f.Key, f.Value, f.Expected)
}

// Faults returns what is wrong with the share itself, under the given key.
func (s Share) Faults(key string) []Fault {
	var faults []Fault
	if math.IsNaN(s.Share) || s.Share <= 0 || s.Share > 1 {
		faults = append(faults, Fault{key + ".share", s.Share, "more than 0 and at most 1"})
	}
	if s.Floor <= 0 {
		faults = append(faults, Fault{key + ".floor", s.Floor, "more than 0s"})
	}
	if s.Ceiling < 0 || s.Ceiling > 0 && s.Ceiling < s.Floor {
		faults = append(faults, Fault{key + ".ceiling", s.Ceiling, fmt.Sprintf("0s (none) or at least the floor of %v", s.Floor)})
	}
	return faults
}
