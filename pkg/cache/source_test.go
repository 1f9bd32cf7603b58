package cache

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errDown = errors.New("down")
	errOpen = errors.New("open")
)

// source is what a cache under test loads from. Keys that start with "no" are not known.
type source struct {
	mu      sync.Mutex
	value   string
	takes   time.Duration
	err     error
	refuses error
	loads   int
	behind  int
	under   int
	most    int // loads under way at once
}

func (s *source) set(change func(*source)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *source) count() (loads, behind, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads, s.behind, s.most
}

func (s *source) load(ctx context.Context, key string, behind bool) (string, bool, error) {
	s.mu.Lock()
	s.loads++
	if behind {
		s.behind++
	}
	s.under++
	s.most = max(s.most, s.under)
	value, takes, err := s.value, s.takes, s.err
	s.mu.Unlock()
	defer s.set(func(s *source) { s.under-- })
	timer := time.NewTimer(takes)
	defer timer.Stop()
	select {
	case <-timer.C:
		return value, !strings.HasPrefix(key, "no"), err
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
}

func (s *source) admit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refuses
}

// in runs the test in a bubble, with a cache before a source that knows "v1" and answers at once.
func in(t *testing.T, cfg Config, test func(t *testing.T, c *Cache[string, string], s *source)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &source{value: "v1"}
		c, err := New(cfg, Deps[string, string]{
			Load: s.load, Admit: s.admit, Timeout: 500 * time.Millisecond, Now: time.Now,
			Weigh: func(key, value string) int { return len(key) + len(value) },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		test(t, c, s)
	})
}

// want gets a key and checks what was found.
func want(t *testing.T, c *Cache[string, string], key, value string, state State) Found[string] {
	t.Helper()
	found, err := c.Get(t.Context(), key)
	if err != nil || found.Value != value || found.State != state {
		t.Fatalf("found %+v, %v; want %q in state %d", found, err, value, state)
	}
	return found
}

func wantErr(t *testing.T, c *Cache[string, string], key string, want error) {
	t.Helper()
	if found, err := c.Get(t.Context(), key); !errors.Is(err, want) {
		t.Fatalf("found %+v, %v; want the error %v", found, err, want)
	}
}

// took returns how long a call takes.
func took(call func()) time.Duration {
	start := time.Now()
	call()
	return time.Since(start)
}
