package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestUpdateIsServedAndOlderLoadsAreNot(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], s *source) {
		c.Update("k", func(string) string { return "nothing is kept" })
		want(t, c, "k", "v1", Loaded)
		time.Sleep(20 * time.Second)
		c.Update("k", func(old string) string { return old + "+" })
		if found := want(t, c, "k", "v1+", Hit); found.Age != 20*time.Second {
			t.Fatalf("age %v; the rest of the value is as old as it was", found.Age)
		}
		time.Sleep(10 * time.Second)
		s.set(func(s *source) { s.takes = 100 * time.Millisecond }) // reads v1, too early
		want(t, c, "k", "v1+", Stale)
		c.Update("k", func(old string) string { return old + "+" })
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		s.set(func(s *source) { s.value, s.takes = "v1++", 0 })
		want(t, c, "k", "v1++", Loaded)
	})
}

func TestExpiredIsAskedForButNotLost(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], s *source) {
		want(t, c, "k", "v1", Loaded)
		c.Expire("k")
		s.set(func(s *source) { s.err = errDown })
		want(t, c, "k", "v1", Stale)
		s.set(func(s *source) { s.err, s.value = nil, "v2" })
		want(t, c, "k", "v2", Loaded)
		want(t, c, "k", "v2", Hit)
	})
}

func TestBytesAreBounded(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.Bytes = 1 << 20
	in(t, cfg, func(t *testing.T, c *Cache[string, string], _ *source) {
		for i := range 10_000 {
			want(t, c, fmt.Sprintf("k%05d", i), "v1", Loaded)
		}
		got := c.Stats()
		if got.Bytes > 1<<20 || got.Entries > 1<<20/overhead || got.Entries < 1000 || got.Evicted < 5000 {
			t.Fatalf("stats %+v", got)
		}
	})
}

func TestHottestAreTheMostUsed(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], _ *source) {
		for i := range 200 {
			want(t, c, fmt.Sprint("cold", i), "v1", Loaded)
		}
		for range 5 {
			for _, key := range []string{"a", "b", "nobody"} {
				if _, err := c.Get(t.Context(), key); err != nil {
					t.Fatal(err)
				}
			}
		}
		got := c.Hottest(2)
		slices.Sort(got)
		if !slices.Equal(got, []string{"a", "b"}) {
			t.Fatalf("hottest %v", got)
		}
		if n := len(c.Hottest(1000)); n != 202 {
			t.Fatalf("%d keys, want the 202 that are known", n)
		}
	})
}

func TestRefreshFillsWithoutBeingARequest(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], s *source) {
		for range 2 {
			if err := c.Refresh(t.Context(), "k"); err != nil {
				t.Fatal(err)
			}
		}
		if loads, behind, _ := s.count(); loads != 1 || behind != 1 || c.Stats().Misses != 0 {
			t.Fatalf("%d loads, %d behind, %+v", loads, behind, c.Stats())
		}
		want(t, c, "k", "v1", Hit)
		s.set(func(s *source) { s.err = errDown })
		if err := c.Refresh(t.Context(), "other"); !errors.Is(err, errDown) {
			t.Fatalf("error %v", err)
		}
		s.set(func(s *source) { s.takes = time.Hour })
		if err := c.Refresh(cancelled(t), "third"); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
	})
}

func TestDisabledKeepsNothingAndSharesStill(t *testing.T) {
	t.Parallel()
	in(t, Config{MaxLoads: 1}, func(t *testing.T, c *Cache[string, string], s *source) {
		want(t, c, "k", "v1", Loaded)
		c.Update("k", func(string) string { return "x" })
		s.set(func(s *source) { s.takes = time.Millisecond })
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() {
				if found, err := c.Get(t.Context(), "k"); err != nil || found.State != Loaded {
					t.Errorf("found %+v, %v", found, err)
				}
			})
		}
		calls.Wait()
		if loads, _, _ := s.count(); loads != 2 || c.Stats().Entries != 0 || len(c.Hottest(1)) != 0 {
			t.Fatalf("%d loads, %+v", loads, c.Stats())
		}
	})
}

func TestCloseWaitsForLoadsAndRefusesMore(t *testing.T) {
	t.Parallel()
	in(t, Defaults(), func(t *testing.T, c *Cache[string, string], s *source) {
		want(t, c, "k", "v1", Loaded)
		s.set(func(s *source) { s.takes = time.Hour })
		if _, err := c.Get(cancelled(t), "hangs"); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if d := took(c.Close); d != 500*time.Millisecond {
			t.Fatalf("closed after %v, want the load's time-out", d)
		}
		wantErr(t, c, "other", ErrClosed)
		want(t, c, "k", "v1", Hit)
	})
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Fatal(err)
	}
	if err := (Config{MaxLoads: 1}).Validate(); err != nil {
		t.Fatalf("disabled: %v", err)
	}
	for name, change := range map[string]func(*Config){
		"max_loads":    func(c *Config) { c.MaxLoads = 0 },
		"bytes":        func(c *Config) { c.Bytes = 1 << 10 },
		"ttl":          func(c *Config) { c.TTL, c.NegativeTTL = 0, 0 },
		"negative_ttl": func(c *Config) { c.NegativeTTL = time.Minute },
		"stale_for":    func(c *Config) { c.StaleFor = -1 },
		"grace":        func(c *Config) { c.Grace = time.Minute },
	} {
		cfg := Defaults()
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one that names %s", err, name)
		}
	}
}
