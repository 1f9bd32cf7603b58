package cache

import (
	"errors"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
)

// Config says how much is kept, and for how long.
type Config struct {
	// Enabled keeps values. Without it every call is a load; loads are bounded and shared all the same.
	Enabled bool `yaml:"enabled"`
	// Bytes bounds the memory of what is kept.
	Bytes int64 `yaml:"bytes"`
	// TTL is how long a value is served without asking again.
	TTL time.Duration `yaml:"ttl"`
	// NegativeTTL is the same for keys that the source does not know.
	NegativeTTL time.Duration `yaml:"negative_ttl"`
	// StaleFor is how long after that a value may still be served when the source gives no newer one.
	StaleFor time.Duration `yaml:"stale_for"`
	// Grace is how long a newer value is waited for before a stale one is served: at most half of the caller's time. Zero never
	// waits.
	Grace time.Duration `yaml:"grace"`
	// MaxLoads is how many loads there may be at once; more are refused, not queued.
	MaxLoads int `yaml:"max_loads"`
}

// Defaults suits some 90,000 rows of some 3 KB.
func Defaults() Config {
	return Config{
		Enabled: true, Bytes: 256 << 20, TTL: 30 * time.Second, NegativeTTL: 10 * time.Second, StaleFor: 4 * time.Hour,
		Grace: 5 * time.Millisecond, MaxLoads: 256,
	}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	expect := func(ok bool, key string, value any, expected string) {
		if !ok {
			faults = append(faults, config.Invalid(key, value, expected))
		}
	}
	expect(c.MaxLoads >= 1 && c.MaxLoads <= 100_000, "max_loads", c.MaxLoads, "1 to 100000")
	if c.Enabled {
		expect(c.Bytes >= 1<<20, "bytes", c.Bytes, "at least 1048576")
		expect(c.TTL > 0, "ttl", c.TTL, "> 0")
		expect(c.NegativeTTL > 0 && c.NegativeTTL <= c.TTL, "negative_ttl", c.NegativeTTL, "more than 0s, at most ttl, "+c.TTL.String())
		expect(c.StaleFor >= 0, "stale_for", c.StaleFor, "0s or more")
		expect(c.Grace >= 0 && c.Grace <= time.Second, "grace", c.Grace, "0s to 1s")
	}
	return errors.Join(faults...)
}
