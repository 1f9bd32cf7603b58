// Package shadow owns the work that is done beside the requests: comparing the scores that answered a request with those of
// another version of the model. It bounds that work, drops what there is no room for, and reports the differences. It must
// never make a request wait, and knows nothing of models, users and items.
package shadow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// Config is the budget.
type Config struct {
	// Concurrent is how many requests are scored by the shadow at a time.
	Concurrent int `yaml:"concurrent"`
	// Queue is how many may wait for that. More are dropped.
	Queue int `yaml:"queue"`
	// Share is the part of the time that each of Concurrent works; it rests for the other part.
	Share float64 `yaml:"share"`
	// Timeout is when a scoring is given up.
	Timeout time.Duration `yaml:"timeout"`
}

// Defaults are a fifth of one processor.
func Defaults() Config {
	return Config{Concurrent: 1, Queue: 16, Share: 0.2, Timeout: time.Second}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	if c.Concurrent < 1 || c.Concurrent > 64 {
		faults = append(faults, config.Invalid("concurrent", c.Concurrent, "1 to 64"))
	}
	if c.Queue < 1 || c.Queue > 10_000 {
		faults = append(faults, config.Invalid("queue", c.Queue, "1 to 10000"))
	}
	if !(c.Share >= 0.001 && c.Share <= 1) {
		faults = append(faults, config.Invalid("share", c.Share, "0.001 to 1"))
	}
	if c.Timeout < time.Millisecond || c.Timeout > time.Minute {
		faults = append(faults, config.Invalid("timeout", c.Timeout, "1ms to 1m"))
	}
	return errors.Join(faults...)
}

// Deps is what a Runner works with.
type Deps struct {
	// Signals take figures and logs.
	Signals telemetry.Signals
	// Now reads the clock.
	Now func() time.Time
}

// Job scores one request again and says how far the scores are apart. It must end soon after ctx does.
type Job func(ctx context.Context) (Difference, error)

// Runner does jobs. Offer is safe for concurrent use.
type Runner struct {
	cfg    Config
	now    func() time.Time
	report *report
	room   chan struct{} // one for each job that waits
	jobs   chan Job
}

// New returns a runner that does nothing until Run.
func New(cfg Config, deps Deps) (*Runner, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	report, err := newReport(deps.Signals)
	if err != nil {
		return nil, fmt.Errorf("shadow: %w", err)
	}
	return &Runner{
		cfg: cfg, now: deps.Now, report: report,
		room: make(chan struct{}, cfg.Queue), jobs: make(chan Job, cfg.Queue),
	}, nil
}

// Offer queues the job that prepare makes, or drops and counts it where there is no room; then prepare is not called. It never
// waits. prepare copies what the job needs of the request.
func (r *Runner) Offer(ctx context.Context, prepare func() Job) {
	select {
	case r.room <- struct{}{}:
		r.jobs <- prepare() // has room for as many
	default:
		r.report.dropped(ctx)
	}
}

// Run does the jobs until ctx is done, and returns nil once none is at work.
func (r *Runner) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	for range r.cfg.Concurrent {
		workers.Go(func() { r.work(ctx) })
	}
	workers.Wait()
	return nil
}

// work does one job after another, and rests after each.
func (r *Runner) work(ctx context.Context) {
	last := ""
	for {
		var job Job
		select {
		case <-ctx.Done():
			return
		case job = <-r.jobs:
			<-r.room
		}
		started := r.now()
		difference, err := r.do(ctx, job)
		took := r.now().Sub(started)
		if ctx.Err() != nil {
			return
		}
		r.report.done(ctx, difference, err)
		if err != nil && err.Error() != last {
			last = err.Error()
			r.report.log.WarnContext(ctx, "the shadow model failed", slog.String("error", last))
		}
		if !pause(ctx, time.Duration(float64(took)*(1-r.cfg.Share)/r.cfg.Share)) {
			return
		}
	}
}

// do does a job within its time. One that panics has failed.
func (r *Runner) do(ctx context.Context, job Job) (difference Difference, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	return job(ctx)
}

// pause returns false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
