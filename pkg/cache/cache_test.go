package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestValueIsFreshThenRenewed(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], s *source) {
		want(t, c, "k", "v1", Loaded)
		s.set(func(s *source) { s.value, s.takes = "v2", time.Millisecond })
		time.Sleep(30*time.Second - 1)
		if found := want(t, c, "k", "v1", Hit); found.Age != 30*time.Second-1 {
			t.Fatalf("age %v", found.Age)
		}
		time.Sleep(time.Nanosecond)
		if found := want(t, c, "k", "v2", Loaded); found.Age != 0 { // within the grace
			t.Fatalf("age %v", found.Age)
		}
		want(t, c, "k", "v2", Hit)
		if loads, behind, _ := s.count(); loads != 2 || behind != 1 {
			t.Fatalf("%d loads, %d of them behind a value; want 2 and 1", loads, behind)
		}
		got := c.Stats()
		if got.Hits != 2 || got.Misses != 1 || got.Renewed != 1 || got.Stale != 0 || got.Loaded != 2 || got.Entries != 1 || got.Bytes == 0 {
			t.Fatalf("stats %+v", got)
		}
	})
}

func TestSlowSourceCostsTheGraceOnce(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], s *source) {
		want(t, c, "k", "v1", Loaded)
		s.set(func(s *source) { s.value, s.takes = "v2", 100*time.Millisecond })
		time.Sleep(time.Minute)
		var found Found[string]
		if d := took(func() { found = want(t, c, "k", "v1", Stale) }); d != 5*time.Millisecond {
			t.Fatalf("waited %v, want the grace of 5ms", d)
		}
		if found.Cause != nil || found.Age != time.Minute+5*time.Millisecond {
			t.Fatalf("found %+v; nothing has failed", found)
		}
		if d := took(func() { want(t, c, "k", "v1", Stale) }); d != 0 {
			t.Fatalf("waited %v for a load that is past the grace", d)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		want(t, c, "k", "v2", Hit)
		if loads, _, _ := s.count(); loads != 2 {
			t.Fatalf("%d loads, want 2", loads)
		}
	})
}

// A caller with little time is told in time: half of it is left.
func TestTheGraceIsHalfOfTheCallersTimeAtMost(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], s *source) {
		want(t, c, "k", "v1", Loaded)
		s.set(func(s *source) { s.value, s.takes = "v2", 100*time.Millisecond })
		time.Sleep(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Millisecond)
		defer cancel()
		started := time.Now()
		found, err := c.Get(ctx, "k")
		if waited := time.Since(started); err != nil || found.Value != "v1" || waited != 2*time.Millisecond {
			t.Fatalf("after %v: %+v, %v; want the old value after 2ms", waited, found, err)
		}
	})
}

func TestNoGraceNeverWaits(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.Grace = 0
	in(t, cfg, func(t *testing.T, c *Cache[string, string], s *source) {
		want(t, c, "k", "v1", Loaded)
		s.set(func(s *source) { s.value, s.takes = "v2", time.Millisecond })
		time.Sleep(time.Minute)
		if d := took(func() { want(t, c, "k", "v1", Stale) }); d != 0 {
			t.Fatalf("waited %v", d)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		want(t, c, "k", "v2", Hit)
	})
}

func TestFailingSourceLeavesTheOldValueUntilItsBound(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], s *source) {
		want(t, c, "k", "v1", Loaded)
		s.set(func(s *source) { s.err = errDown })
		time.Sleep(30*time.Second + 4*time.Hour - 1)
		if found := want(t, c, "k", "v1", Stale); !errors.Is(found.Cause, errDown) {
			t.Fatalf("cause %v", found.Cause)
		}
		s.set(func(s *source) { s.takes = time.Hour }) // the next load hangs; the last one is known to have failed
		if found, err := c.Get(cancelled(t), "k"); err != nil || !errors.Is(found.Cause, errDown) {
			t.Fatalf("found %+v, %v", found, err)
		}
		time.Sleep(time.Second)
		s.set(func(s *source) { s.takes = 0 })
		wantErr(t, c, "k", errDown)
	})
}

func TestRefusedLoadsServeWhatThereIs(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], s *source) {
		want(t, c, "k", "v1", Loaded)
		s.set(func(s *source) { s.refuses = errOpen })
		time.Sleep(time.Minute)
		d := took(func() {
			if found := want(t, c, "k", "v1", Stale); !errors.Is(found.Cause, errOpen) {
				t.Fatalf("cause %v", found.Cause)
			}
			wantErr(t, c, "other", errOpen)
		})
		if loads, _, _ := s.count(); loads != 1 || d != 0 || c.Stats().Refused != 2 {
			t.Fatalf("%d loads, %v, %+v", loads, d, c.Stats())
		}
	})
}

func TestUnknownKeysAreRememberedForLess(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], _ *source) {
		want(t, c, "nobody", "v1", Loaded)
		time.Sleep(10*time.Second - 1)
		want(t, c, "nobody", "v1", Hit)
		time.Sleep(time.Nanosecond)
		want(t, c, "nobody", "v1", Loaded)
	})
}

func TestCallersShareALoadThatOutlivesThem(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], s *source) {
		s.set(func(s *source) { s.takes = 100 * time.Millisecond })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		var calls sync.WaitGroup
		for range 50 {
			calls.Go(func() {
				if _, err := c.Get(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
			})
		}
		if d := took(calls.Wait); d != 10*time.Millisecond {
			t.Fatalf("callers waited %v", d)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		want(t, c, "k", "v1", Hit)
		if loads, _, _ := s.count(); loads != 1 {
			t.Fatalf("%d loads, want 1", loads)
		}
	})
}

func TestLoadsAreBoundedInNumberAndTime(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.MaxLoads = 8
	in(t, cfg, func(t *testing.T, c *Cache[string, string], s *source) {
		s.set(func(s *source) { s.takes = time.Hour })
		results := make(chan error, 100)
		for i := range 100 {
			go func() {
				_, err := c.Get(t.Context(), fmt.Sprint(i))
				results <- err
			}()
		}
		busy := 0
		d := took(func() {
			for range 100 {
				if errors.Is(<-results, ErrBusy) {
					busy++
				}
			}
		})
		if _, _, most := s.count(); most != 8 || busy != 92 || d != 500*time.Millisecond {
			t.Fatalf("%d loads at once, %d refused, the last answer after %v", most, busy, d)
		}
		synctest.Wait()
		if got := c.Stats(); got.Loads != 0 || got.Failed != 8 || got.Refused != 92 {
			t.Fatalf("stats %+v", got)
		}
	})
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func BenchmarkHit(b *testing.B) {
	s := &source{value: "v1"}
	c, err := New(Defaults(), Deps[string, string]{
		Load: s.load, Admit: s.admit, Timeout: time.Second, Now: time.Now,
		Weigh: func(key, value string) int { return len(key) + len(value) },
	})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Get(b.Context(), "k"); err != nil {
			b.Fatal(err)
		}
	}
}
