package breaker

import (
	"errors"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
)

// Config says when a circuit opens and how soon it is tried again.
type Config struct {
	// Share of the calls in the window that have to fail for the circuit to open.
	Share float64 `yaml:"share"`
	// Calls is how many calls the window has to hold before their share means anything.
	Calls int `yaml:"calls"`
	// Window is how far back calls count.
	Window time.Duration `yaml:"window"`
	// ProbeEvery is how long to wait before each probe, give or take a quarter.
	ProbeEvery time.Duration `yaml:"probe_every"`
}

// Defaults opens a circuit within about a second of a dependency's end, and closes it as soon after its return.
func Defaults() Config {
	return Config{Share: 0.5, Calls: 10, Window: 2 * time.Second, ProbeEvery: 250 * time.Millisecond}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	expect := func(ok bool, key string, value any, expected string) {
		if !ok {
			faults = append(faults, config.Invalid(key, value, expected))
		}
	}
	expect(c.Share > 0 && c.Share <= 1, "share", c.Share, "more than 0, at most 1")
	expect(c.Calls >= 1, "calls", c.Calls, "at least 1")
	expect(c.Window >= 100*time.Millisecond, "window", c.Window, "at least 100ms")
	expect(c.ProbeEvery >= time.Millisecond, "probe_every", c.ProbeEvery, "at least 1ms")
	return errors.Join(faults...)
}
