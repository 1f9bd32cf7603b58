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
	if d.Median() != 0 {
		t.Fatalf("Median of nothing = %v", d.Median())
	}
	for range 20_000 {
		took := 2 * time.Millisecond
		if random.IntN(10) < 4 { // a slow 40 % must not carry the median away
			took = 800 * time.Millisecond
		}
		d.Observe(took + time.Duration(random.IntN(1000)))
	}
	if got := d.Median(); got < time.Millisecond || got > 3*time.Millisecond {
		t.Errorf("Median = %v, want about 2ms", got)
	}
}

func TestForgetLetsASkippedStepBeTriedAgain(t *testing.T) {
	t.Parallel()
	var d Duration
	d.Observe(800 * time.Millisecond)
	skips := 0
	for d.Median() > 5*time.Millisecond {
		d.Forget()
		if skips++; skips > 1000 {
			t.Fatalf("still %v after %d skips", d.Median(), skips)
		}
	}
}
