package ranking

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/repli-mesh/repli/pkg/typical"
)

// The models in use are shown with their versions and ages, and the counters that nothing has moved yet as 0.
func TestModelsInUseAreShown(t *testing.T) {
	t.Parallel()
	signals, reader := seen()
	startRoles(t, signals, map[string]string{"SERVING": "1", "CANARY": "2 50"})
	got := figures(t, reader)
	trained := time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC) // as the manifest says
	for name, want := range map[string]float64{
		"repli.ranking.model.info repli.model.version=tiny/1,role=serving": 1,
		"repli.ranking.model.info repli.model.version=tiny/2,role=canary":  1,
		"repli.ranking.model.age role=serving":                             noon.Sub(trained).Seconds(),
		"repli.ranking.model.age role=canary":                              noon.Sub(trained).Seconds(),
		"repli.ranking.model.loads outcome=ok":                             2,
		"repli.ranking.model.loads outcome=refused":                        0,
		"repli.ranking.model.non_finite role=shadow":                       0,
		"repli.ranking.candidates outcome=non_finite":                      0,
		"repli.ranking.items.drops reason=garbage":                         0,
		"repli.ranking.shadow.requests outcome=dropped":                    0,
		"repli.ranking.working":                                            0,
		"repli.ranking.queue.depth":                                        0,
		"repli.ranking.queue.delay":                                        0,
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s is %v (there: %v), want %v", name, value, ok, want)
		}
	}
	for _, role := range []string{"repli.ranking.model.age role=shadow", "repli.ranking.model.info repli.model.version=tiny/3,role=serving"} {
		if _, ok := got[role]; ok {
			t.Errorf("%s is there, though no such model is used", role)
		}
	}
}

// The queue is as deep as there are requests that wait, and as slow as those before them make it.
func TestQueueIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals, reader := seen()
		s, _ := startSeen(t, Defaults(), tinyBundle(), signals)
		s.turns = turns{slots: make(chan struct{}, 2), usual: typical.Duration{}}
		s.turns.usual.Observe(10 * time.Millisecond)
		for range 5 {
			go func() {
				if err := s.turns.take(t.Context(), noon); err == nil {
					<-t.Context().Done()
				}
			}()
		}
		synctest.Wait()
		got := figures(t, reader)
		for name, want := range map[string]float64{
			"repli.ranking.working": 2, "repli.ranking.queue.depth": 3, "repli.ranking.queue.delay": s.turns.usual.Value().Seconds() * 3 / 2,
		} {
			if got[name] != want || want == 0 {
				t.Errorf("%s is %v, want %v", name, got[name], want)
			}
		}
	})
}
