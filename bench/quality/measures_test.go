package quality

import (
	"math"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

func TestNDCG(t *testing.T) {
	t.Parallel()
	log3 := math.Log2(3)
	tests := []struct {
		name         string
		gains, ideal []float64
		want         float64
	}{
		{"the best list", []float64{1, 0.5}, []float64{1, 0.5}, 1},
		{"the best two the wrong way round", []float64{0.5, 1}, []float64{1, 0.5}, (0.5 + 1/log3) / (1 + 0.5/log3)},
		{"one of two, in second place", []float64{0, 1}, []float64{1, 1}, (1 / log3) / (1 + 1/log3)},
		{"nothing relevant", []float64{0, 0}, []float64{1, 1}, 0},
		{"nothing to gain", []float64{0, 0}, nil, 0},
		{"an empty list", nil, []float64{1}, 0},
	}
	for _, test := range tests {
		if got := ndcg(test.gains, test.ideal); !near(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestHit(t *testing.T) {
	t.Parallel()
	bought := func(item string) bool { return item == "b" }
	for _, test := range []struct {
		list []string
		want float64
	}{{[]string{"a", "b", "c"}, 1}, {[]string{"b", "b"}, 1}, {[]string{"a", "c"}, 0}, {nil, 0}} {
		if got := hit(test.list, bought); got != test.want {
			t.Errorf("hit(%v): %v, want %v", test.list, got, test.want)
		}
	}
}

func TestBootstrapHoldsTheMeanAndNarrowsWithMoreUsers(t *testing.T) {
	t.Parallel()
	half := func(n int) []float64 {
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(i % 2)
		}
		return values
	}
	few := bootstrap(40, 2000, 1, meanOf(half(40)))
	many := bootstrap(4000, 2000, 1, meanOf(half(4000)))
	for _, interval := range []Interval{few, many} {
		if !near(interval.Mean, 0.5) || interval.Low >= 0.5 || interval.High <= 0.5 {
			t.Errorf("interval %v does not hold 0.5", interval)
		}
	}
	// The standard error of a fair coin is 0.5/sqrt(n); 1.96 of them on either side.
	for _, c := range []struct {
		interval Interval
		n        float64
	}{{few, 40}, {many, 4000}} {
		want := 2 * 1.96 * 0.5 / math.Sqrt(c.n)
		if width := c.interval.High - c.interval.Low; width < 0.8*want || width > 1.2*want {
			t.Errorf("width %v for n = %v, want about %v", width, c.n, want)
		}
	}
	if again := bootstrap(40, 2000, 1, meanOf(half(40))); again != few {
		t.Errorf("the same seed gave %v and %v", few, again)
	}
	if empty := bootstrap(0, 100, 1, meanOf(nil)); empty != (Interval{}) {
		t.Errorf("nobody gave %v", empty)
	}
}

func TestRatioIsPairedByUser(t *testing.T) {
	t.Parallel()
	above := &values{users: []string{"a", "b", "c"}, ndcg: []float64{0.4, 0.8, 0.9}}
	below := &values{users: []string{"b", "a"}, ndcg: []float64{0.4, 0.2}}
	if got := ratio(Defaults(), above, below); !near(got.Mean, 2) || !near(got.Low, 2) || !near(got.High, 2) {
		t.Errorf("every user's ratio is 2, not %v", got)
	}
	if got := ratio(Defaults(), above, nil); got != (Interval{}) {
		t.Errorf("nobody to compare with gave %v", got)
	}
}
