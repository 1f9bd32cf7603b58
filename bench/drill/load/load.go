// Package load owns the sending of requests in a drill: for whom, and what came back. It keeps every answer.
package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/repli-mesh/repli/bench/drill/scenario"
	"github.com/repli-mesh/repli/bench/drill/timeline"
	"github.com/repli-mesh/repli/bench/pace"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// Caller is a connection to a gateway.
type Caller interface {
	Recommend(context.Context, *repliv1.RecommendRequest, ...grpc.CallOption) (*repliv1.RecommendResponse, error)
}

// Deps is what a load needs.
type Deps struct {
	// Callers are used in turn.
	Callers []Caller
	// Users are the known ones, Items the catalogue.
	Users, Items []string
	// Seed draws users, deadlines and priorities.
	Seed uint64
}

// Load sends requests and keeps what became of them. Open and Closed are for one goroutine at a time; the other methods are
// safe for concurrent use.
type Load struct {
	cfg     scenario.Load
	callers []Caller
	checks  checks
	pace    *pace.Pace
	draws   *draws
	next    atomic.Uint64

	mu      sync.Mutex
	samples []timeline.Sample
}

// New returns a load whose clock starts now. The configuration is a valid one.
func New(cfg scenario.Load, deps Deps) *Load {
	return &Load{
		cfg: cfg, callers: deps.Callers, checks: newChecks(deps.Items), pace: pace.New(pace.Outstanding),
		draws: newDraws(cfg, deps.Users, deps.Seed),
	}
}

// Elapsed is the time on the load's clock, which samples are counted on.
func (l *Load) Elapsed() time.Duration { return l.pace.Elapsed() }

// Open sends rate requests a second until ctx is done, each when it is due, those that had to wait for a slot among them. It
// returns without waiting for answers.
func (l *Load) Open(ctx context.Context, rate float64) {
	l.pace.Open(ctx, rate, 0, func(due time.Duration) func() { //nolint:contextcheck // a request ends by its own deadline, not with the load
		order := l.draws.draw()
		return func() { l.serve(order, due) }
	})
}

// Closed has that many callers ask, each as soon as it has its answer, until ctx is done, and waits for the last answers.
func (l *Load) Closed(ctx context.Context, callers int) {
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for ctx.Err() == nil {
				l.serve(l.draws.draw(), l.Elapsed()) //nolint:contextcheck // the same
			}
		})
	}
	group.Wait()
}

// Wait returns when every request that was sent has ended; each has its deadline.
func (l *Load) Wait() { l.pace.Wait() }

// serve sends one request, and again where the caller is one who retries.
func (l *Load) serve(order order, due time.Duration) {
	for attempt := 0; ; attempt++ {
		sample := l.ask(order, due)
		sample.Retry = attempt > 0
		l.keep(sample)
		satisfied := sample.Code == codes.OK && sample.Tier == repliv1.Tier_TIER_PERSONALIZED
		if satisfied || attempt >= l.cfg.Retries {
			return
		}
		due = l.Elapsed()
	}
}

// ask sends one request, which ends by its own deadline alone.
func (l *Load) ask(order order, due time.Duration) timeline.Sample {
	sent := l.Elapsed()
	ctx, cancel := context.WithTimeout(context.Background(), order.deadline)
	defer cancel()
	caller := l.callers[l.next.Add(1)%uint64(len(l.callers))]
	response, err := caller.Recommend(ctx, order.request)
	sample := timeline.Sample{
		At: due, Late: sent - due, Latency: l.Elapsed() - due, Deadline: order.deadline, Code: status.Code(err),
		Sheddable: order.request.GetPriority() == repliv1.Priority_PRIORITY_SHEDDABLE,
	}
	if err != nil {
		return sample
	}
	sample.Tier, sample.NewUser = response.GetTier(), response.GetNewUser()
	sample.Unsound = l.checks.fault(order.request, response)
	for _, d := range response.GetDegradations() {
		sample.Degradations = append(sample.Degradations, timeline.Degradation{Component: d.GetComponent(), Reason: d.GetReason()})
	}
	return sample
}

func (l *Load) keep(s timeline.Sample) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.samples = append(l.samples, s)
}

// Samples returns what has ended so far, in the order in which it ended.
func (l *Load) Samples() []timeline.Sample {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.samples[:len(l.samples):len(l.samples)]
}
