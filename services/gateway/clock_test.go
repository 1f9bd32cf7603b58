package gateway

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// TestAClockThatJumpsLosesNoAnswer sets the gateway's clock forward or back at each of its readings in turn. (The real one is
// monotonic: its differences do not jump. This is for a machine whose does.)
func TestAClockThatJumpsLosesNoAnswer(t *testing.T) {
	for _, jump := range []time.Duration{-time.Hour, -50 * ms, 50 * ms, time.Hour} {
		for at := range 12 {
			synctest.Test(t, func(t *testing.T) {
				m := newMesh(t)
				m.remember(t)
				var readings atomic.Int64
				now := func() time.Time {
					if readings.Add(1) > int64(at) {
						return time.Now().Round(0).Add(jump)
					}
					return time.Now().Round(0)
				}
				m.service.deps.Now, m.service.feature.now, m.service.ranking.now, m.service.fallback.now = now, now, now, now
				for _, deadline := range deadlines {
					readings.Store(0)
					response, took := m.recommend(t, deadline, ask(10))
					if took > deadline || len(response.GetItems()) != 10 || response.GetTier() == repliv1.Tier_TIER_UNSPECIFIED {
						t.Errorf("a jump of %v at reading %d: after %v of %v: %v", jump, at, took, deadline, response)
					}
				}
				if running := m.users.running + m.ranker.running + m.suggester.running; running != 0 {
					t.Errorf("%d calls are still running", running)
				}
			})
		}
	}
}
