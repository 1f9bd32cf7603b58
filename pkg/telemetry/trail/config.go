package trail

import (
	"errors"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
)

// Config bounds what is recorded without being sampled, what of it is kept, and what waits for the collector.
type Config struct {
	// PerSecond is how many traces that the ratio left out may be kept a second because something degraded; 0 records none of
	// them, and costs the least.
	PerSecond float64 `yaml:"per_second"`
	// Burst is how many may be kept at once after a quiet time.
	Burst int `yaml:"burst"`
	// Open bounds how many traces are recorded at a time without being sampled; the rest is not recorded.
	Open int `yaml:"open"`
	// Spans bounds the spans of one trace in one process, sampled or not.
	Spans int `yaml:"spans"`
	// Age bounds how long a trace is recorded without being sampled; after it, nothing of it is kept.
	Age time.Duration `yaml:"age"`
	// Queue bounds the spans that wait for the collector; more are dropped.
	Queue int `yaml:"queue"`
}

// Defaults keeps ten degraded traces a second.
func Defaults() Config {
	return Config{PerSecond: 10, Burst: 20, Open: 4096, Spans: 64, Age: 10 * time.Second, Queue: 8192}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	expect := func(ok bool, key string, value any, expected string) {
		if !ok {
			faults = append(faults, config.Invalid(key, value, expected))
		}
	}
	expect(c.PerSecond == 0 || c.PerSecond >= 0.001 && c.PerSecond <= 10_000, "per_second", c.PerSecond, "0, or 0.001 to 10000")
	expect(c.Burst >= 1 && c.Burst <= 10_000, "burst", c.Burst, "1 to 10000")
	expect(c.Open >= 1 && c.Open <= 100_000, "open", c.Open, "1 to 100000")
	expect(c.Spans >= 1 && c.Spans <= 1000, "spans", c.Spans, "1 to 1000")
	expect(c.Age > 0, "age", c.Age, "more than 0s")
	expect(c.Queue >= 1 && c.Queue <= 1_000_000, "queue", c.Queue, "1 to 1000000")
	return errors.Join(faults...)
}
