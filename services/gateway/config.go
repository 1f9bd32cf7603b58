package gateway

import (
	"errors"
	"fmt"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/hedge"
	"github.com/repli-mesh/repli/pkg/overload"
	"github.com/repli-mesh/repli/services/gateway/internal/guard"
	"github.com/repli-mesh/repli/services/gateway/internal/lastgood"
	"github.com/repli-mesh/repli/services/gateway/internal/lastrow"
	"github.com/repli-mesh/repli/services/gateway/internal/plan"
	"github.com/repli-mesh/repli/services/gateway/internal/quality"
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
	// LastRow holds the users' features for when the feature service is gone.
	LastRow lastrow.Config `yaml:"last_row"`
	// Guards bound what a peer that fails can cost.
	Guards Guards `yaml:"guards"`
	// Hedge sends a slow read of features a second time.
	Hedge hedge.Config `yaml:"hedge"`
	// Quality shrinks the candidates while ranking is slow.
	Quality quality.Config `yaml:"quality"`
	// Overload says how many requests are answered in full.
	Overload overload.Config `yaml:"overload"`
	// Labels bounds how many segments and placements have figures of their own.
	Labels LabelsConfig `yaml:"labels"`
}

// Guards is one for each peer.
type Guards struct {
	// Feature, Ranking and Fallback are the services.
	Feature  guard.Config `yaml:"feature"`
	Ranking  guard.Config `yaml:"ranking"`
	Fallback guard.Config `yaml:"fallback"`
}

// Defaults suits a target of 50 ms.
func Defaults() Config {
	return Config{
		Budget:          plan.Defaults(),
		Candidates:      200,
		RememberedUsers: 100_000,
		LastGood:        lastgood.Config{Refresh: 10 * time.Second, Timeout: time.Second, Items: 500, Segments: 64},
		LastRow:         lastrow.Defaults(),
		Guards:          Guards{Feature: guard.Defaults(), Ranking: guard.Defaults(), Fallback: guard.Defaults()},
		Hedge:           hedge.Defaults(),
		Quality:         quality.Defaults(),
		Overload:        overload.Defaults(),
		Labels:          LabelsConfig{Segments: 50, Placements: 50},
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
		config.Under("last_row", c.LastRow.Validate()),
		config.Under("guards.feature", c.Guards.Feature.Validate()),
		config.Under("guards.ranking", c.Guards.Ranking.Validate()),
		config.Under("guards.fallback", c.Guards.Fallback.Validate()),
		config.Under("hedge", c.Hedge.Validate()),
		config.Under("quality", c.Quality.Validate()),
		config.Under("overload", c.Overload.Validate()),
		config.Under("labels", c.Labels.Validate()),
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
