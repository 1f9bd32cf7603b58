package pace

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const outstanding = 4

// open sends with work that takes as long as given, and returns what was due when.
func open(ctx context.Context, rate float64, count int, takes time.Duration) []time.Duration {
	var all []time.Duration
	p := New(outstanding)
	p.Open(ctx, rate, count, func(due time.Duration) func() {
		all = append(all, due)
		return func() { time.Sleep(takes) }
	})
	p.Wait()
	return all
}

func TestACountIsSentOnSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond}
		if got := open(t.Context(), 10, 3, time.Minute); !slices.Equal(got, want) {
			t.Errorf("due at %v, expected %v", got, want)
		}
	})
}

func TestTheContextEndsASchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for count, want := range map[int]int{0: 10, 5: 5, 50: 10} {
			ctx, cancel := context.WithTimeout(t.Context(), 950*time.Millisecond)
			if got := len(open(ctx, 10, count, 0)); got != want {
				t.Errorf("%d were sent of %d, expected %d", got, count, want)
			}
			cancel()
		}
	})
}

// What had to wait for a slot is sent even where the schedule has ended: a stall is not left out.
func TestASlotIsAwaitedAndNothingForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 950*time.Millisecond)
		defer cancel()
		got := open(ctx, 10, 0, 2*time.Second)
		if len(got) != 10 || got[9] != 900*time.Millisecond {
			t.Errorf("due at %v, expected ten until 900 ms with %d slots", got, outstanding)
		}
	})
}
