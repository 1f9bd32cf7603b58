package gateway

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/overload"
)

// busy admits as many requests in full as there may be, so that the next one is not.
func (m *mesh) busy() {
	for m.service.limiter.Admit(overload.Critical) == overload.Full {
	}
}

// overloaded has the gateway see a queue of a second.
func (m *mesh) overloaded(t *testing.T) {
	t.Helper()
	m.service.limiter = overload.New(m.service.cfg.Overload, func() time.Duration { return time.Second })
	ctx, cancel := context.WithTimeout(t.Context(), 3*m.service.cfg.Overload.Window)
	defer cancel()
	if err := m.service.limiter.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestTheExcessIsAnsweredFromMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.remember(t)
		m.busy()
		calls := m.users.calls + m.ranker.calls + m.suggester.calls
		request := ask(3)
		request.ExcludeItemIds = []string{"p1"}
		response, took := m.recommend(t, 50*ms, request)
		if response.GetTier() != simple || took != 0 || fmt.Sprint(ids(response.GetItems())) != "[p0 p2 p3]" {
			t.Errorf("after %v: %v", took, response)
		}
		d := response.GetDegradations()
		if len(d) != 1 || d[0].GetComponent() != repliv1.Component_COMPONENT_GATEWAY || d[0].GetReason() != repliv1.Reason_REASON_BROWNOUT {
			t.Errorf("degradations %v", d)
		}
		if now := m.users.calls + m.ranker.calls + m.suggester.calls; now != calls {
			t.Errorf("%d calls were made", now-calls)
		}
		if len(response.GetRecommendationId()) != 22 || response.GetCoverage().GetExcluded() != 1 {
			t.Errorf("response %v", response)
		}
		request.ContextItemIds = []string{"p0"}
		if response, _ := m.recommend(t, 50*ms, request); response.GetTier() != repliv1.Tier_TIER_STATIC {
			t.Errorf("the neighbours of a context item are missing, and the tier is %v", response.GetTier())
		}
		time.Sleep(time.Minute) // nobody has renewed the list
		if response, _ := m.recommend(t, 50*ms, ask(3)); response.GetTier() != repliv1.Tier_TIER_STATIC {
			t.Errorf("the list is a minute old, and the tier is %v", response.GetTier())
		}
	})
}

func TestOnlySheddableRequestsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.remember(t)
		m.overloaded(t)
		for _, p := range []repliv1.Priority{
			repliv1.Priority_PRIORITY_UNSPECIFIED, repliv1.Priority_PRIORITY_DEFAULT, repliv1.Priority_PRIORITY_CRITICAL,
		} {
			request := ask(3)
			request.Priority = p
			if response, _ := m.recommend(t, 50*ms, request); len(response.GetItems()) != 3 {
				t.Errorf("%v: %v", p, response)
			}
		}
		request := ask(3)
		request.Priority = repliv1.Priority_PRIORITY_SHEDDABLE
		_, err := m.service.Recommend(t.Context(), request)
		if status := fault.Status(err); status.Code() != codes.ResourceExhausted || len(status.Details()) != 2 {
			t.Errorf("a sheddable request: %v with %v, want RESOURCE_EXHAUSTED with a reason and when to come again", err, status.Details())
		}
	})
}

// A flood comes while a request waits for features: what it has to wait for a processor at its end is taken from ranking's time.
func TestRankingGivesWayToAQueueThatHasGrown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for queue, want := range map[time.Duration]time.Duration{0: 85 * ms, 4 * ms: 81 * ms} {
			m := newMesh(t)
			m.remember(t)
			m.service.limiter = overload.New(m.service.cfg.Overload, func() time.Duration { return queue })
			m.users.become(25 * ms)
			m.ranker.become(time.Hour)
			ctx, cancel := context.WithTimeout(t.Context(), m.service.cfg.Overload.Window+ms)
			done := make(chan error, 1)
			go func() { done <- m.service.limiter.Run(ctx) }()
			if response, took := m.recommend(t, 100*ms, ask(3)); took != want || response.GetTier() != simple {
				t.Errorf("with a queue of %v: %v after %v, want it after %v", queue, response.GetTier(), took, want)
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

// TestAHungPeerCollectsNothing has many users wait for a peer that hangs: after a moment nobody waits for it any more, and when it
// is back, it is asked again.
func TestAHungPeerCollectsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- m.service.Run(ctx) }()
		m.recommend(t, 50*ms, ask(3))
		m.users.become(time.Hour)
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() { m.recommend(t, 50*ms, ask(3)) })
		}
		wait.Wait()
		response, took := m.recommend(t, 50*ms, ask(3))
		first := response.GetDegradations()[0]
		if response.GetTier() != stale || took != 2*ms || first.GetReason() != repliv1.Reason_REASON_CIRCUIT_OPEN || first.GetGranted().AsDuration() != 0 {
			t.Errorf("after %v: %v", took, response)
		}
		m.users.become(ms)
		time.Sleep(time.Second)
		if response, _ := m.recommend(t, 50*ms, ask(3)); response.GetTier() != personalized {
			t.Errorf("a second after its return: %v", response)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestCandidatesShrinkBeforeATierIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.remember(t)
		m.ranker.takes = 30 * ms // within what may be spent, and above the target
		for range 100 {
			if response, _ := m.recommend(t, 100*ms, ask(10)); response.GetTier() != personalized {
				t.Fatalf("tier %v", response.GetTier())
			}
		}
		response, _ := m.recommend(t, 100*ms, ask(10))
		if c := response.GetCoverage(); c.GetCandidates() != 20 || c.GetUnscored() != 0 || response.GetQualityFactor() != 0.1 {
			t.Errorf("%v with quality %v, want a tenth of 200 candidates", c, response.GetQualityFactor())
		}
		request := ask(10)
		for i := range 100 {
			request.CandidateItemIds = append(request.CandidateItemIds, fmt.Sprint("mine", i))
		}
		response, _ = m.recommend(t, 100*ms, request)
		if c := response.GetCoverage(); response.GetTier() != partial || c.GetScored() != 30 || c.GetUnscored() != 90 || c.GetCandidates() != 120 {
			t.Errorf("%v: %v, want a tenth of the caller's own scored, and the rest said to be not", response.GetTier(), c)
		}
		m.ranker.takes = ms
		for range 1000 {
			m.recommend(t, 100*ms, ask(10))
		}
		if response, _ := m.recommend(t, 100*ms, ask(10)); response.GetCoverage().GetCandidates() != 200 || response.GetQualityFactor() != 1 {
			t.Errorf("ranking is quick again: %v", response.GetCoverage())
		}
	})
}
