package lastgood

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type suggester struct {
	strange atomic.Bool // its items are nobody's
	down    atomic.Bool
	calls   atomic.Int32
}

func (s *suggester) Suggest(
	_ context.Context, in *fallbackv1.SuggestRequest, _ ...grpc.CallOption,
) (*fallbackv1.SuggestResponse, error) {
	s.calls.Add(1)
	if s.down.Load() {
		return nil, errors.New("down")
	}
	return &fallbackv1.SuggestResponse{
		ItemIds: []string{"of " + in.GetSegment()}, Scores: []float32{1},
		Sources: []repliv1.Source{repliv1.Source_SOURCE_POPULAR}, Segment: in.GetSegment(),
	}, nil
}

func (s *suggester) known(context.Context, []string) bool { return !s.strange.Load() }

func TestAListOfStrangeItemsIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &suggester{}
		s.strange.Store(true)
		lists := start(t, cfg, s)
		if got := first(lists, ""); got != "nothing" {
			t.Errorf("the list is %q", got)
		}
		s.strange.Store(false)
		time.Sleep(cfg.Refresh)
		synctest.Wait()
		s.strange.Store(true)
		time.Sleep(cfg.Refresh)
		synctest.Wait()
		if got := first(lists, ""); got != "of " {
			t.Errorf("the last good list is %q", got)
		}
	})
}

// start runs lists until the test ends.
func start(t *testing.T, cfg Config, s *suggester) *Lists {
	t.Helper()
	lists := New(cfg, s, s.known, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- lists.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
	return lists
}

func first(lists *Lists, segment string) string {
	if list := lists.List(segment); list != nil {
		return list.GetItemIds()[0]
	}
	return "nothing"
}

var cfg = Config{Refresh: 10 * time.Second, Timeout: time.Second, Items: 10, Segments: 2}

func TestKeepsTheLastListWhileTheFallbackIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &suggester{}
		lists := start(t, cfg, s)
		lists.Saw("family")
		synctest.Wait()
		if _, current := lists.Current("family"); !current {
			t.Error("a list that has just come is not current")
		}
		if _, current := lists.Current("unknown"); current {
			t.Error("everybody's list is said to be a segment's")
		}
		s.down.Store(true)
		time.Sleep(time.Minute)
		if got := first(lists, "family"); got != "of family" {
			t.Errorf("family's list is %q", got)
		}
		if _, current := lists.Current("family"); current {
			t.Error("a list that could not be renewed for a minute is said to be current")
		}
		if got := first(lists, "unknown"); got != "of " {
			t.Errorf("an unknown segment's list is %q, want everybody's", got)
		}
	})
}

func TestAsksMoreOftenUntilThereIsAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &suggester{}
		s.down.Store(true)
		lists := start(t, cfg, s)
		if got := first(lists, ""); got != "nothing" {
			t.Fatalf("a list out of nowhere: %q", got)
		}
		s.down.Store(false)
		time.Sleep(cfg.Refresh / 10)
		synctest.Wait()
		if got := first(lists, ""); got != "of " {
			t.Errorf("everybody's list is %q", got)
		}
	})
}

func TestSegmentsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &suggester{}
		lists := start(t, cfg, s)
		for i := range 1000 {
			lists.Saw(strconv.Itoa(i))
		}
		synctest.Wait()
		before := s.calls.Load()
		time.Sleep(cfg.Refresh)
		synctest.Wait()
		if calls := s.calls.Load() - before; calls != 3 {
			t.Errorf("a refresh asked for %d lists, want everybody's and 2", calls)
		}
	})
}
