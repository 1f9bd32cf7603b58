package typical

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestMedianSettlesOnTheMiddle(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	var d Duration
	if d.Value() != 0 {
		t.Fatalf("median of nothing = %v", d.Value())
	}
	for range 20_000 {
		took := 2 * time.Millisecond
		if random.IntN(10) < 4 { // a slow 40 % must not carry the median away
			took = 800 * time.Millisecond
		}
		d.Observe(took + time.Duration(random.IntN(1000)))
	}
	if got := d.Value(); got < time.Millisecond || got > 3*time.Millisecond {
		t.Errorf("median = %v, want about 2ms", got)
	}
}

func TestQuantileSettlesAboveItsShare(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	d := At(0.95)
	below := 0
	const n = 200_000
	for i := range 2 * n {
		took := time.Duration(random.ExpFloat64() * float64(time.Millisecond))
		if i >= n && took <= d.Value() {
			below++
		}
		d.Observe(took)
	}
	if share := float64(below) / n; share < 0.93 || share > 0.97 {
		t.Errorf("%.3f of the durations are below the estimate of their 95th percentile", share)
	}
}

func TestForgetLetsASkippedStepBeTriedAgain(t *testing.T) {
	t.Parallel()
	var d Duration
	d.Observe(800 * time.Millisecond)
	skips := 0
	for d.Value() > 5*time.Millisecond {
		d.Forget()
		if skips++; skips > 1000 {
			t.Fatalf("still %v after %d skips", d.Value(), skips)
		}
	}
}
