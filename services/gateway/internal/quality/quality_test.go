package quality

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestTheFactorFallsFastAndRisesSlowly(t *testing.T) {
	t.Parallel()
	f := New(Defaults())
	f.Observe(21*ms, false)
	if got, want := f.Value(), 1-0.00125*19; math.Abs(got-want) > 1e-12 {
		t.Errorf("after a late one %v, want %v", got, want)
	}
	f.Observe(5*ms, true)
	if got, want := f.Value(), 1-2*0.00125*19; math.Abs(got-want) > 1e-12 {
		t.Errorf("after one that was given up %v, want %v", got, want)
	}
	for range 38 {
		f.Observe(20*ms, false)
	}
	if got := f.Value(); math.Abs(got-1) > 1e-12 {
		t.Errorf("38 in time do not make up for two late ones: %v", got)
	}
	for range 1000 {
		f.Observe(time.Second, false)
	}
	if f.Value() != 0.1 {
		t.Errorf("the least is %v, want 0.1", f.Value())
	}
}

// A ranker whose time grows with the candidates, with noise: the factor comes to rest where about 95 of 100 are in time.
func TestTheFactorRestsWhere95Of100AreInTime(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	f := New(Defaults())
	late, sum := 0, 0.0
	const n = 100_000
	for i := range 2 * n {
		took := time.Duration(f.Value() * float64(25*ms) * (1 + 0.2*random.NormFloat64()))
		if i >= n {
			if sum += f.Value(); took > Defaults().Target {
				late++
			}
		}
		f.Observe(took, false)
	}
	if share := float64(late) / n; share < 0.04 || share > 0.06 {
		t.Errorf("%.3f of the rankings are late", share)
	}
	if mean := sum / n; mean < 0.5 || mean > 0.75 {
		t.Errorf("the factor rests at %.3f; 20 ms of 25 ms with noise ask for about 0.6", mean)
	}
}

func TestShareOfCandidates(t *testing.T) {
	t.Parallel()
	f := New(Defaults())
	if got := f.Of(200, 10); got != 200 {
		t.Errorf("at 1: %d of 200", got)
	}
	for range 1000 {
		f.Observe(0, true)
	}
	for _, c := range []struct{ n, atLeast, want int }{{200, 10, 20}, {200, 50, 50}, {5, 10, 5}, {1, 1, 1}, {0, 10, 0}} {
		if got := f.Of(c.n, c.atLeast); got != c.want {
			t.Errorf("at 0.1: %d of %d, at least %d; want %d", got, c.n, c.atLeast, c.want)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	if (Config{}).Validate() == nil {
		t.Error("a target of 0s is accepted")
	}
}
