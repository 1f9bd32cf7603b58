package load

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answers is a gateway. It gets the number of the request, from 0.
type answers struct {
	answer func(ctx context.Context, n int) (*repliv1.RecommendResponse, error)

	mu    sync.Mutex
	users []string
}

func (a *answers) Recommend(ctx context.Context, request *repliv1.RecommendRequest) (*repliv1.RecommendResponse, error) {
	a.mu.Lock()
	n := len(a.users)
	a.users = append(a.users, request.GetUserId())
	a.mu.Unlock()
	return a.answer(ctx, n)
}

func personal() *repliv1.RecommendResponse {
	return &repliv1.RecommendResponse{Tier: repliv1.Tier_TIER_PERSONALIZED, Items: []*repliv1.Item{{ItemId: "i"}}}
}

// stalling answers in 2 ms, except while it stalls.
func stalling(from, to time.Duration) *answers {
	started := time.Now()
	return &answers{answer: func(context.Context, int) (*repliv1.RecommendResponse, error) {
		if at := time.Since(started); at >= from && at < to {
			time.Sleep(to - at)
		}
		time.Sleep(2 * time.Millisecond)
		return personal(), nil
	}}
}

// A stall of 100 ms in a second is met by a tenth of what was due in it, and all of them count from when they were due.
func TestAStallIsSeenInPercentiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Defaults()
		cfg.Rate, cfg.Count, cfg.Deadline = 1000, 1000, time.Second
		got := Run(t.Context(), cfg, Deps{Caller: stalling(500*time.Millisecond, 600*time.Millisecond), Users: []string{"u"}})
		if got.Requests != 1000 || got.Failed != 0 || got.Tiers["PERSONALIZED"] != 1000 {
			t.Errorf("%+v", got)
		}
		if p := got.Latency; p.P50 != 2 || p.P95 < 45 || p.P95 > 55 || p.P99 < 85 || p.Max < 100 || p.Max > 103 {
			t.Errorf("latencies %+v, expected 2, about 52, about 92 and 102 ms", p)
		}
		if got.Late.Max > 0.01 {
			t.Errorf("sent %v ms late in virtual time", got.Late.Max)
		}
	})
}

func TestFailuresAreCountedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gateway := &answers{answer: func(ctx context.Context, n int) (*repliv1.RecommendResponse, error) {
			switch n % 5 {
			case 0:
				return nil, status.Error(codes.Unavailable, "gone")
			case 1:
				<-ctx.Done()
				return nil, status.FromContextError(ctx.Err()).Err()
			case 2:
				response := personal()
				response.Tier = repliv1.Tier_TIER_SIMPLE
				response.Degradations = []*repliv1.Degradation{{
					Component: repliv1.Component_COMPONENT_RANKING, Reason: repliv1.Reason_REASON_UNAVAILABLE,
				}}
				return response, nil
			case 3:
				return &repliv1.RecommendResponse{Tier: repliv1.Tier_TIER_STATIC}, nil
			}
			return personal(), nil
		}}
		cfg := Defaults()
		cfg.Count = 100
		got := Run(t.Context(), cfg, Deps{Caller: gateway, Users: []string{"u"}})
		if got.Requests != 100 || got.Failed != 60 || len(got.Failures) != told {
			t.Errorf("%d requests, %d failed, %d told; expected 100, 60, %d", got.Requests, got.Failed, len(got.Failures), told)
		}
		if want := map[string]int{"UNAVAILABLE": 20, "DEADLINE_EXCEEDED": 20, "EMPTY": 20}; !maps.Equal(got.Codes, want) {
			t.Errorf("codes %v, expected %v", got.Codes, want)
		}
		if want := map[string]int{"PERSONALIZED": 20, "SIMPLE": 20}; !maps.Equal(got.Tiers, want) {
			t.Errorf("tiers %v, expected %v", got.Tiers, want)
		}
		if got.Reasons["RANKING/UNAVAILABLE"] != 20 {
			t.Errorf("reasons %v, expected 20 RANKING/UNAVAILABLE", got.Reasons)
		}
		if first := got.Failures[0]; first != (Failure{Code: "UNAVAILABLE", Message: "gone"}) {
			t.Errorf("first failure %+v", first)
		}
	})
}

// The end of the load is no end of the requests in flight.
func TestTheLoadsEndFailsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 995*time.Millisecond)
		defer cancel()
		cfg := Defaults()
		cfg.Duration = 0
		slow := &answers{answer: func(ctx context.Context, _ int) (*repliv1.RecommendResponse, error) {
			select {
			case <-time.After(90 * time.Millisecond):
				return personal(), nil
			case <-ctx.Done():
				return nil, status.FromContextError(ctx.Err()).Err()
			}
		}}
		got := Run(ctx, cfg, Deps{Caller: slow, Users: []string{"u"}})
		if got.Requests != 100 || got.Failed != 0 || got.Seconds != 1.08 {
			t.Errorf("%d requests, %d failed in %v s, expected 100, 0 in 1.08", got.Requests, got.Failed, got.Seconds)
		}
	})
}

func TestDurationEndsALoadAndItIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []int
		cfg := Defaults()
		cfg.Duration = 2995 * time.Millisecond
		got := Run(t.Context(), cfg, Deps{
			Caller: stalling(0, 0), Users: []string{"u"}, Every: 999 * time.Millisecond,
			Watch: func(s Summary) { seen = append(seen, s.Requests) },
		})
		if want := []int{100, 200, 300}; got.Requests != 300 || len(seen) < 2 || !slices.Equal(seen[:2], want[:2]) {
			t.Errorf("%d requests, seen %v; expected 300, %v", got.Requests, seen, want)
		}
	})
}

func TestUsersFollowZipfAndTheSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := func(seed uint64) []string {
			gateway := stalling(0, 0)
			cfg := Defaults()
			cfg.Count, cfg.Duration, cfg.Seed = 5000, 0, seed
			Run(t.Context(), cfg, Deps{Caller: gateway, Users: []string{"a", "b", "c"}})
			return gateway.users
		}
		first := asked(1)
		n := map[string]int{}
		for _, user := range first {
			n[user]++
		}
		if n["a"] <= n["b"] || n["b"] <= n["c"] || n["c"] == 0 {
			t.Errorf("users %v do not follow Zipf's law", n)
		}
		if !slices.Equal(first, asked(1)) || slices.Equal(first, asked(2)) {
			t.Error("the users do not depend on the seed alone")
		}
	})
}

func TestFaultsAreNamed(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Fatal(err)
	}
	err := Config{Rate: -1, Count: -1, Duration: -1, Items: 501, Skew: 1}.Validate()
	for _, want := range []string{
		"--rate: is -1, expected more than 0 and at most 100000", "--count: is -1", "--duration: is -1ns", "--deadline: is 0s",
		"--items: is 501, expected 1 to 500", "--skew: is 1, expected more than 1",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

func TestASummaryInOneLine(t *testing.T) {
	t.Parallel()
	s := Summary{
		Seconds: 12.3, Requests: 7, Failed: 1, Tiers: map[string]int{"SIMPLE": 2, "PERSONALIZED": 4},
		Latency: Percentiles{P50: 1.23, P95: 2, P99: 3},
	}
	var line bytes.Buffer
	if err := s.Line(&line); err != nil {
		t.Fatal(err)
	}
	want := "    12 s        7 requests  1 failed  p50 1.2  p95 2.0  p99 3.0 ms  PERSONALIZED 4  SIMPLE 2\n"
	if line.String() != want {
		t.Errorf("%q, expected %q", &line, want)
	}
	text, err := json.Marshal(newSums(Defaults(), time.Time{}).summary(0))
	if err != nil || !strings.Contains(string(text), `"failed_by_code":{}`) || !strings.Contains(string(text), `"failures":[]`) {
		t.Errorf("%s, %v: expected empty sums, not null", text, err)
	}
}
