// Package quality measures how good the lists are that the mesh really serves, tier by tier and segment by segment.
//
// It runs the whole mesh and asks it as a caller would; it looks at answers and at files, and into no service.
package quality

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/services/allinone"
	"github.com/repli-mesh/repli/services/ranking"
)

// Config says how much is measured.
type Config struct {
	// Users is how many users are asked for, at most; they are drawn at random.
	Users int
	// Count is the length of the lists.
	Count int
	// Seed draws the users, the random lists and the resamples.
	Seed uint64
	// Resamples is how many bootstrap samples there are.
	Resamples int
}

// Defaults measures lists of 10 for 700 users.
func Defaults() Config { return Config{Users: 700, Count: 10, Seed: 1, Resamples: 1000} }

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	within := func(key string, value, low, high int, expected string) error {
		if value < low || value > high {
			return config.Invalid(key, value, expected)
		}
		return nil
	}
	return errors.Join(
		within("users", c.Users, 2, 1_000_000, "2 to 1000000"),
		within("count", c.Count, 1, 500, "1 to 500"),
		within("resamples", c.Resamples, 100, 100_000, "100 to 100000"),
	)
}

// Run serves the data, asks for a sample of the truth's users and measures the answers. It returns the errors of the
// mesh, of the files and of the context. Whether the verification is within Tolerance is for the caller to judge.
func Run(ctx context.Context, cfg Config, data allinone.Data, truth Truth) (*Report, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	users, items, err := readTables(ctx, data)
	if err != nil {
		return nil, err
	}
	model, err := ranking.OpenBundle(ctx, data.Bundle)
	if err != nil {
		return nil, err
	}
	asked := sample(truth.Users(), cfg.Users, cfg.Seed)
	served, err := serve(ctx, cfg, data, model.Retrieves(), asked, users.segments)
	if err != nil {
		return nil, err
	}
	report := &Report{
		Model: model.ID(), Truth: truth.What(), Config: cfg, Users: len(asked), Items: len(items.values), Missed: served.missed,
	}
	report.measure(cfg, truth, asked, users.segments, served, randomLists(asked, items.ids(), cfg))
	report.Verification, err = verify(ctx, model, served.healthy, users, items)
	return report, err
}

// sample draws users without repetition.
func sample(users []string, n int, seed uint64) []string {
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // statistics, not secrets
	drawn := append([]string(nil), users...)
	random.Shuffle(len(drawn), func(i, j int) { drawn[i], drawn[j] = drawn[j], drawn[i] })
	return drawn[:min(n, len(drawn))]
}

// randomLists draws a list for every user: the floor that any ranking has to beat.
func randomLists(users, items []string, cfg Config) map[string][]string {
	random := rand.New(rand.NewPCG(cfg.Seed, 2)) //nolint:gosec // statistics, not secrets
	lists := make(map[string][]string, len(users))
	for _, user := range users {
		list := make([]string, 0, cfg.Count)
		for _, i := range random.Perm(len(items))[:min(cfg.Count, len(items))] {
			list = append(list, items[i])
		}
		lists[user] = list
	}
	return lists
}
