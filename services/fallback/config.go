package fallback

import (
	"errors"
	"math"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
)

// Config is the fallback service's section of the configuration.
type Config struct {
	// Snapshot is the path of the snapshot's file. It may be empty only where the process builds the snapshot itself.
	Snapshot string `yaml:"snapshot"`
	// Reload is how often the file is looked at; it is read again when it has changed.
	Reload time.Duration `yaml:"reload"`
	// Shares divide an answer between the sources.
	Shares Shares `yaml:"shares"`
}

// Shares are the parts of an answer that each source gets while it has items left. They need not add up to 1. A share of
// 0 turns the source off.
type Shares struct {
	// Neighbours is for what is bought together with the context items.
	Neighbours float64 `yaml:"neighbours"`
	// Trending is for what is rising.
	Trending float64 `yaml:"trending"`
	// Popular is for what most users buy: the one source that never runs dry, so more than 0.
	Popular float64 `yaml:"popular"`
}

// Defaults gives half of an answer to the context, where there is one.
func Defaults() Config {
	return Config{Reload: 10 * time.Second, Shares: Shares{Neighbours: 0.5, Trending: 0.1, Popular: 0.4}}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	if c.Reload < 10*time.Millisecond {
		faults = append(faults, config.Invalid("reload", c.Reload, "10ms or more"))
	}
	return errors.Join(append(faults,
		share("shares.neighbours", c.Shares.Neighbours, 0, "0 to 1"),
		share("shares.trending", c.Shares.Trending, 0, "0 to 1"),
		share("shares.popular", c.Shares.Popular, math.SmallestNonzeroFloat64, "more than 0 and at most 1"),
	)...)
}

func share(key string, value, low float64, expected string) error {
	if math.IsNaN(value) || value < low || value > 1 {
		return config.Invalid(key, value, expected)
	}
	return nil
}
