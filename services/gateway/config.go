package gateway

import (
	"errors"
	"fmt"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/services/gateway/internal/lastgood"
	"github.com/repli-mesh/repli/services/gateway/internal/plan"
)

// Config is the gateway's section of the configuration.
type Config struct {
	// Budget divides the time of a request.
	Budget plan.Config `yaml:"budget"`
	// Candidates is how many items the fallback service is asked for, for the model to rank.
	Candidates int `yaml:"candidates"`
	// RememberedUsers bounds the memory of users' segments.
	RememberedUsers int `yaml:"remembered_users"`
	// LastGood holds the lists for when the fallback service is gone.
	LastGood lastgood.Config `yaml:"last_good"`
}

// Defaults suits a target of 50 ms.
func Defaults() Config {
	return Config{
		Budget:          plan.Defaults(),
		Candidates:      200,
		RememberedUsers: 100_000,
		LastGood:        lastgood.Config{Refresh: 10 * time.Second, Timeout: time.Second, Items: 500, Segments: 64},
	}
}

// Validate returns every fault, each a *config.FieldError; among them budgets that could not keep the promise.
func (c Config) Validate() error {
	var faults []error
	for _, f := range c.Budget.Faults() {
		faults = append(faults, config.Under("budget", config.Invalid(f.Key, f.Value, f.Expected)))
	}
	faults = append(faults,
		within("candidates", c.Candidates, 1, 1000),
		within("remembered_users", c.RememberedUsers, 1, 10_000_000),
		within("last_good.items", c.LastGood.Items, 1, 2000),
		within("last_good.segments", c.LastGood.Segments, 0, 10_000),
	)
	if c.LastGood.Refresh < 10*time.Millisecond {
		faults = append(faults, config.Invalid("last_good.refresh", c.LastGood.Refresh, "at least 10ms"))
	}
	if c.LastGood.Timeout <= 0 {
		faults = append(faults, config.Invalid("last_good.timeout", c.LastGood.Timeout, "more than 0s"))
	}
	return errors.Join(faults...)
}

func within(key string, value, low, high int) error {
	if value < low || value > high {
		return config.Invalid(key, value, fmt.Sprintf("%d to %d", low, high))
	}
	return nil
}
