// Package load owns a constant load on a gateway: when each request is due, for whom, and the sum of what came back. It keeps
// sums and no answers, so that it can go on for days. The drill's own load keeps every answer, for its timelines.
package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/repli-mesh/repli/bench/pace"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// Config is a load as it is asked for.
type Config struct {
	// Rate is how many requests a second are due.
	Rate float64
	// Count ends the load after that many requests, Duration after that long; zeros do not.
	Count    int
	Duration time.Duration
	// Deadline is that of each request.
	Deadline time.Duration
	// Items is how many each request asks for.
	Items int
	// Skew is the exponent of Zipf's law over the users, more than 1.
	Skew float64
	// Seed draws the users.
	Seed uint64
}

// Defaults is a load that a laptop bears.
func Defaults() Config {
	return Config{Rate: 100, Duration: time.Minute, Deadline: 100 * time.Millisecond, Items: 10, Skew: 1.2, Seed: 1}
}

// Validate returns every fault, by the name of the command's flag.
func (c Config) Validate() error {
	return errors.Join(
		check(c.Rate > 0 && c.Rate <= 100_000, "rate", c.Rate, "more than 0 and at most 100000"),
		check(c.Count >= 0, "count", c.Count, "0 or more"),
		check(c.Duration >= 0, "duration", c.Duration, "0s or more"),
		check(c.Deadline > 0, "deadline", c.Deadline, "more than 0s"),
		check(c.Items >= 1 && c.Items <= 500, "items", c.Items, "1 to 500"),
		check(c.Skew > 1 && c.Skew <= 100, "skew", c.Skew, "more than 1 and at most 100"),
	)
}

func check(ok bool, flag string, value any, expected string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("--%s: is %v, expected %s", flag, value, expected)
}

// Caller is a connection to a gateway.
type Caller interface {
	Recommend(context.Context, *repliv1.RecommendRequest) (*repliv1.RecommendResponse, error)
}

// Deps is what a load needs.
type Deps struct {
	// Caller is asked, by many goroutines at once.
	Caller Caller
	// Users are those who are asked for, the likeliest first; at least one.
	Users []string
	// Watch, where there is one, gets the sums so far every Every, in one goroutine.
	Watch func(Summary)
	Every time.Duration
}

// Run sends the load of a valid configuration until it has its count, its duration is over or ctx is done, waits for the last
// answers and returns the sums.
func Run(ctx context.Context, cfg Config, deps Deps) Summary {
	if cfg.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, cfg.Duration)
		defer cancel()
	}
	sums, rhythm := newSums(cfg, time.Now()), pace.New(pace.Outstanding)
	stop := watch(sums, rhythm, deps)
	rng := rand.New(rand.NewPCG(cfg.Seed, cfg.Seed))                       //nolint:gosec // a load is to be repeatable
	zipf := rand.NewZipf(rng, cfg.Skew, 1, uint64(len(deps.Users)-1))      //nolint:gosec // there is a user
	rhythm.Open(ctx, cfg.Rate, cfg.Count, func(due time.Duration) func() { //nolint:contextcheck // a request ends by its own deadline, not with the load
		request := &repliv1.RecommendRequest{UserId: deps.Users[zipf.Uint64()], Count: uint32(cfg.Items)} //nolint:gosec // it is valid
		return func() { ask(deps.Caller, request, cfg.Deadline, due, rhythm, sums) }
	})
	rhythm.Wait()
	stop()
	return sums.summary(rhythm.Elapsed())
}

// ask sends one request and adds what became of it. It ends by its own deadline, and not with the load: what the load's end
// cuts off would look like a failure.
func ask(
	caller Caller, request *repliv1.RecommendRequest, deadline, due time.Duration, rhythm *pace.Pace, sums *sums,
) {
	sent := rhythm.Elapsed()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	response, err := caller.Recommend(ctx, request)
	sums.add(outcome{due: due, late: sent - due, latency: rhythm.Elapsed() - due, response: response, err: err})
}

// watch reports until the function that it returns is called, which waits for the last report.
func watch(sums *sums, rhythm *pace.Pace, deps Deps) (stop func()) {
	if deps.Watch == nil {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(deps.Every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				deps.Watch(sums.summary(rhythm.Elapsed()))
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
