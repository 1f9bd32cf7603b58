package guard

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

const ms = time.Millisecond

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func outcome(reason ladder.Reason, granted, spent time.Duration) ladder.Outcome {
	return ladder.Outcome{Component: ladder.Feature, Reason: reason, Granted: granted, Spent: spent}
}

// start runs a guard until the test ends; well says what a probe finds.
func start(t *testing.T, cfg Config, well *atomic.Bool) *Guard {
	t.Helper()
	g := New(cfg, ladder.Feature, func(context.Context) ladder.Outcome {
		if well.Load() {
			return outcome(ladder.None, 20*ms, ms)
		}
		return outcome(ladder.SoftDeadline, 20*ms, 20*ms)
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return g
}

// opens reports whether a peer is not asked any more after many calls that end as the outcome.
func opens(t *testing.T, g *Guard, o ladder.Outcome) bool {
	t.Helper()
	for range 100 {
		pass, reason := g.Enter()
		if reason == ladder.CircuitOpen {
			return true
		}
		pass.Leave(o)
	}
	return false
}

// meet has the peer answer once.
func meet(g *Guard) {
	pass, _ := g.Enter()
	pass.Leave(outcome(ladder.None, 40*ms, ms))
}

func TestAPeerThatHasNotComeUpYetIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var well atomic.Bool
		g := start(t, Defaults(), &well)
		if opens(t, g, outcome(ladder.Unavailable, 40*ms, 0)) {
			t.Error("it was never there, and is not asked any more")
		}
		if !opens(t, g, outcome(ladder.SoftDeadline, 40*ms, 40*ms)) {
			t.Error("it hangs, and is still asked")
		}
	})
}

func TestWhatSpeaksAgainstAPeer(t *testing.T) {
	for _, c := range []struct {
		name string
		end  ladder.Outcome
		want bool
	}{
		{"answers", outcome(ladder.None, 40*ms, ms), false},
		{"unreachable", outcome(ladder.Unavailable, 40*ms, 0), true},
		{"errors", outcome(ladder.Failed, 40*ms, ms), true},
		{"garbage", outcome(ladder.InvalidAnswer, 40*ms, ms), true},
		{"silence, for long enough", outcome(ladder.SoftDeadline, 40*ms, 40*ms), true},
		{"silence, for a caller's own short time", outcome(ladder.SoftDeadline, 5*ms, 5*ms), false},
		{"a caller that gave up", outcome(ladder.SoftDeadline, 40*ms, 3*ms), false},
		{"it says that it has too much to do", outcome(ladder.Overloaded, 40*ms, ms), false},
		{"it says that it has no data", outcome(ladder.NotReady, 40*ms, ms), false},
		{
			"its store fails, and it says so",
			ladder.Outcome{Component: ladder.FeatureStore, Reason: ladder.Unavailable, Granted: 40 * ms, Spent: ms},
			false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var well atomic.Bool
				g := start(t, Defaults(), &well)
				meet(g)
				if got := opens(t, g, c.end); got != c.want {
					t.Errorf("not asked any more: %v, want %v", got, c.want)
				}
			})
		})
	}
}

func TestAPeerIsAskedAgainWhenAProbeFindsItWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var well atomic.Bool
		g := start(t, Defaults(), &well)
		meet(g)
		if !opens(t, g, outcome(ladder.Unavailable, 40*ms, 0)) {
			t.Fatal("it is still asked")
		}
		time.Sleep(time.Minute)
		if _, reason := g.Enter(); reason != ladder.CircuitOpen || g.Stats().Probes < 100 {
			t.Errorf("reason %v after %d probes that failed", reason, g.Stats().Probes)
		}
		well.Store(true)
		time.Sleep(time.Second)
		pass, reason := g.Enter()
		if reason != ladder.None {
			t.Fatalf("reason %v a second after its return", reason)
		}
		pass.Leave(outcome(ladder.None, 40*ms, ms))
	})
}

func TestCallsUnderWayAreBounded(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.MaxConcurrent = 3
	g := New(cfg, ladder.Feature, nil)
	var passes []Pass
	for range 3 {
		pass, reason := g.Enter()
		if reason != ladder.None {
			t.Fatalf("reason %v", reason)
		}
		passes = append(passes, pass)
	}
	if _, reason := g.Enter(); reason != ladder.Overloaded || g.Stats().Working != 3 {
		t.Errorf("the fourth of three: reason %v, %d under way", reason, g.Stats().Working)
	}
	passes[0].Leave(outcome(ladder.None, 40*ms, ms))
	if _, reason := g.Enter(); reason != ladder.None {
		t.Errorf("reason %v though one has left", reason)
	}
}

func TestValidateNamesEachFault(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for _, change := range []func(*Config){
		func(c *Config) { c.MaxConcurrent = 0 }, func(c *Config) { c.Patience = 0 }, func(c *Config) { c.Breaker.Share = 2 },
	} {
		c := Defaults()
		change(&c)
		if c.Validate() == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
