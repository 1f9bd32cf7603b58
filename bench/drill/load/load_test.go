package load

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/repli-mesh/repli/bench/drill/scenario"
	"github.com/repli-mesh/repli/bench/drill/timeline"
	"github.com/repli-mesh/repli/bench/pace"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answers is a gateway that takes a while and then answers, or says why not.
type answers func(ctx context.Context, request *repliv1.RecommendRequest) (*repliv1.RecommendResponse, error)

func (a answers) Recommend(
	ctx context.Context, request *repliv1.RecommendRequest, _ ...grpc.CallOption,
) (*repliv1.RecommendResponse, error) {
	return a(ctx, request)
}

// after answers PERSONALIZED after that long, or when the deadline is over.
func after(d time.Duration) answers {
	return func(ctx context.Context, _ *repliv1.RecommendRequest) (*repliv1.RecommendResponse, error) {
		select {
		case <-time.After(d):
			return &repliv1.RecommendResponse{Tier: repliv1.Tier_TIER_PERSONALIZED}, nil
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
}

func newLoad(change func(*scenario.Load), callers ...Caller) *Load {
	cfg := scenario.Defaults().Load
	change(&cfg)
	return New(cfg, Deps{Callers: callers, Users: []string{"u1", "u2", "u3"}, Items: []string{"i1", "i2"}, Seed: 1})
}

func unchanged(*scenario.Load) {}

// runOpen sends for a second and waits for the answers.
func runOpen(l *Load, rate float64) []timeline.Sample {
	ctx, cancel := context.WithTimeout(context.Background(), 999*time.Millisecond)
	defer cancel()
	l.Open(ctx, rate)
	l.Wait()
	return l.Samples()
}

// What is due is sent when it is due, however late the answers are.
func TestOpenKeepsItsSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoad(unchanged, after(90*time.Millisecond))
		samples := runOpen(l, 200)
		if len(samples) != 200 {
			t.Fatalf("%d requests in a second, expected 200", len(samples))
		}
		for i, s := range samples {
			if s.At != time.Duration(i)*5*time.Millisecond || s.Late != 0 || s.Latency != 90*time.Millisecond {
				t.Fatalf("request %d: due at %v, %v late, took %v", i, s.At, s.Late, s.Latency)
			}
		}
	})
}

// A request that has to wait for a slot counts its wait, and is sent even where the load has ended: a stall is not left out.
func TestWaitingForASlotCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoad(func(c *scenario.Load) { c.Deadlines[0].After = 2 * time.Second }, after(500*time.Millisecond))
		l.pace = pace.New(1)
		samples := runOpen(l, 2.5)
		if len(samples) != 3 {
			t.Fatalf("%d requests were sent, expected those due at 0, 400 and 800 ms", len(samples))
		}
		for i, latency := range []time.Duration{500 * time.Millisecond, 600 * time.Millisecond, 700 * time.Millisecond} {
			due := time.Duration(i) * 400 * time.Millisecond
			if s := samples[i]; s.At != due || s.Latency != latency {
				t.Errorf("request %d: due at %v, took %v, expected %v and %v", i, s.At, s.Latency, due, latency)
			}
		}
	})
}

func TestClosedAsksAgainAfterItsAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoad(unchanged, after(50*time.Millisecond))
		ctx, cancel := context.WithTimeout(t.Context(), 980*time.Millisecond)
		defer cancel()
		l.Closed(ctx, 3)
		if n := len(l.Samples()); n != 60 {
			t.Errorf("%d requests of 3 callers, expected 60", n)
		}
	})
}

func TestADeadlineIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		samples := runOpen(newLoad(unchanged, after(time.Hour)), 10)
		for _, s := range samples {
			if s.Code != codes.DeadlineExceeded || s.Latency != 100*time.Millisecond || !s.Failed() {
				t.Fatalf("sample %+v", s)
			}
		}
	})
}

// A caller who retries asks again at once, as often as it may, and each time counts.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		degraded := answers(func(context.Context, *repliv1.RecommendRequest) (*repliv1.RecommendResponse, error) {
			return &repliv1.RecommendResponse{Tier: repliv1.Tier_TIER_SIMPLE}, nil
		})
		samples := runOpen(newLoad(func(c *scenario.Load) { c.Retries = 3 }, degraded), 10)
		retries := timeline.Count(samples, func(s timeline.Sample) bool { return s.Retry })
		if len(samples) != 40 || retries != 30 {
			t.Errorf("%d requests, %d of them again, expected 40 and 30", len(samples), retries)
		}
	})
}

func TestDrawsFollowTheirShares(t *testing.T) {
	t.Parallel()
	cfg := scenario.Defaults().Load
	cfg.NewUsers, cfg.Sheddable, cfg.Critical = 0.1, 0.3, 0.2
	cfg.Deadlines = []scenario.Deadline{{After: 5 * time.Millisecond, Share: 1}, {After: 20 * time.Millisecond, Share: 3}}
	known := []string{"a", "b", "c", "d"}
	d := newDraws(cfg, known, 7)
	seen := map[string]int{}
	const n = 20_000
	for range n {
		o := d.draw()
		seen[o.request.GetUserId()]++
		seen[o.request.GetPriority().String()]++
		seen[o.deadline.String()]++
	}
	for what, want := range map[string]float64{
		"PRIORITY_SHEDDABLE": 0.3, "PRIORITY_CRITICAL": 0.2, "PRIORITY_DEFAULT": 0.5, "5ms": 0.25, "20ms": 0.75,
	} {
		if got := float64(seen[what]) / n; math.Abs(got-want) > 0.02 {
			t.Errorf("%s: a share of %.3f, expected %.2f", what, got, want)
		}
	}
	if seen["a"] <= seen["b"] || seen["b"] <= seen["c"] {
		t.Errorf("users %v do not follow Zipf", seen)
	}
	if fresh := float64(d.met) / n; math.Abs(fresh-0.1) > 0.02 {
		t.Errorf("a share of %.3f new users, expected 0.1", fresh)
	}
}

func TestUnsoundAnswers(t *testing.T) {
	t.Parallel()
	c := newChecks([]string{"a", "b"})
	why := []*repliv1.Degradation{{}}
	for want, response := range map[string]*repliv1.RecommendResponse{
		"":                             {Tier: repliv1.Tier_TIER_PERSONALIZED, Items: []*repliv1.Item{{ItemId: "a", Score: 2}, {ItemId: "b", Score: 1}}},
		"no tier":                      {},
		"TIER_SIMPLE without a reason": {Tier: repliv1.Tier_TIER_SIMPLE},
		"3 items, 2 were asked for": {
			Tier: repliv1.Tier_TIER_STATIC, Degradations: why, Items: []*repliv1.Item{{}, {}, {}},
		},
		"an item that is not in the catalogue": {Tier: repliv1.Tier_TIER_PERSONALIZED, Items: []*repliv1.Item{{ItemId: "x"}}},
		"an item twice": {
			Tier: repliv1.Tier_TIER_PERSONALIZED, Items: []*repliv1.Item{{ItemId: "a"}, {ItemId: "a"}},
		},
		"a score that is not finite": {
			Tier: repliv1.Tier_TIER_PERSONALIZED, Items: []*repliv1.Item{{ItemId: "a", Score: float32(math.NaN())}},
		},
	} {
		if got := c.fault(&repliv1.RecommendRequest{Count: 2}, response); got != want {
			t.Errorf("fault %q, expected %q", got, want)
		}
	}
}
