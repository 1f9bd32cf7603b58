package ladder

import (
	"math/rand/v2"
	"testing"
	"time"
)

func ok(c Component) Outcome { return Outcome{Component: c, Granted: 5, Spent: 1} }

func bad(c Component, r Reason) Outcome {
	return Outcome{Component: c, Reason: r, Granted: 5, Spent: 5}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	whole := Steps{Feature: ok(Feature), Fallback: ok(Fallback), Ranking: ok(Ranking), Scored: 200}
	tests := []struct {
		name   string
		change func(*Steps)
		want   Tier
		why    []Reason
	}{
		{"all is well", func(*Steps) {}, Personalized, nil},
		{"views past their freshness", func(s *Steps) { s.OldViews = true }, Partial, []Reason{OutsideMaxAge}},
		{"views that cannot be read", func(s *Steps) { s.UnreadViews = true }, Partial, []Reason{ViewsNotRead}},
		{"a row past its time to live", func(s *Steps) { s.Stale = true }, Stale, []Reason{StaleFeatures}},
		{
			"a row past its time to live, and why", func(s *Steps) { s.Stale, s.StaleBecause = true, CircuitOpen },
			Stale,
			[]Reason{CircuitOpen, StaleFeatures},
		},
		{
			"the gateway's own last row", func(s *Steps) { s.Stale, s.Feature = true, bad(Feature, SoftDeadline) },
			Stale,
			[]Reason{SoftDeadline, StaleFeatures},
		},
		{
			"an old row and a part of the candidates", func(s *Steps) { s.Stale, s.Unscored = true, 1 },
			Partial,
			[]Reason{StaleFeatures, CandidatesNotScored},
		},
		{
			"an old row and the gateway's own list", func(s *Steps) { s.Stale, s.Fallback = true, bad(Fallback, Failed) },
			Partial,
			[]Reason{Failed, StaleFeatures},
		},
		{"a part was scored", func(s *Steps) { s.Unscored = 3 }, Partial, []Reason{CandidatesNotScored}},
		{"a part was searched", func(s *Steps) { s.Unsearched = true }, Partial, []Reason{CatalogueNotSearched}},
		{
			"ranked what the gateway remembers", func(s *Steps) { s.Fallback = bad(Fallback, Unavailable) },
			Partial,
			[]Reason{Unavailable},
		},
		{
			"ranking too slow", func(s *Steps) { s.Ranking, s.Scored = bad(Ranking, SoftDeadline), 0 },
			Simple,
			[]Reason{SoftDeadline},
		},
		{
			"no features, so no ranking", func(s *Steps) {
				s.Feature, s.Ranking, s.Scored = bad(FeatureStore, Unavailable), bad(Ranking, SkippedDependency), 0
			},
			Simple,
			[]Reason{Unavailable, SkippedDependency},
		},
		{"nothing scored", func(s *Steps) { s.Scored = 0 }, Simple, []Reason{CandidatesNotScored}},
		{
			"only memory is left", func(s *Steps) {
				s.Fallback, s.Ranking, s.Scored = bad(Fallback, SoftDeadline), bad(Ranking, Unavailable), 0
			},
			Static,
			[]Reason{SoftDeadline, Unavailable},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			steps := whole
			test.change(&steps)
			tier, degradations := Choose(steps, nil)
			if tier != test.want {
				t.Errorf("tier = %v, want %v", tier, test.want)
			}
			if len(degradations) != len(test.why) {
				t.Fatalf("degradations = %+v, want reasons %v", degradations, test.why)
			}
			for i, d := range degradations {
				if d.Reason != test.why[i] {
					t.Errorf("degradation %d is %v, want %v", i, d.Reason, test.why[i])
				}
			}
		})
	}
}

func TestChooseIsMonotoneAndHonest(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	outcome := func(c Component) Outcome {
		o := Outcome{Component: c, Granted: time.Duration(random.IntN(100)), Spent: time.Duration(random.IntN(100))}
		if random.IntN(2) == 0 {
			o.Reason = Reason(1 + random.IntN(int(Brownout)))
		}
		return o
	}
	for range 50_000 {
		steps := Steps{
			Feature: outcome(Feature), Fallback: outcome(Fallback), Ranking: outcome(Ranking),
			OldViews: random.IntN(2) == 0, UnreadViews: random.IntN(2) == 0, Stale: random.IntN(2) == 0, Scored: random.IntN(3), Unscored: random.IntN(3),
			Unsearched: random.IntN(2) == 0,
		}
		tier, degradations := Choose(steps, nil)
		if (tier == Personalized) != (len(degradations) == 0) {
			t.Fatalf("%+v: tier %v with degradations %+v", steps, tier, degradations)
		}
		for _, d := range degradations {
			if d.Reason == None {
				t.Fatalf("%+v: a degradation without a reason: %+v", steps, degradations)
			}
		}
		for _, worse := range []func(*Steps){
			func(s *Steps) { s.Feature.Reason = Failed },
			func(s *Steps) { s.Fallback.Reason = Failed },
			func(s *Steps) { s.Ranking.Reason = Failed },
			func(s *Steps) { s.OldViews = true },
			func(s *Steps) { s.UnreadViews = true },
			func(s *Steps) { s.Stale = true },
			func(s *Steps) { s.Unscored++ },
			func(s *Steps) { s.Unsearched = true },
			func(s *Steps) { s.Scored = 0 },
		} {
			more := steps
			worse(&more)
			if lower, _ := Choose(more, nil); lower < tier {
				t.Fatalf("one more fault raised the tier from %v to %v: %+v", tier, lower, more)
			}
		}
	}
}

func TestRelieved(t *testing.T) {
	t.Parallel()
	for current, want := range map[bool]Tier{true: Simple, false: Static} {
		if tier, why := Relieved(current); tier != want || why.Component != Gateway || why.Reason != Brownout {
			t.Errorf("a list that is current: %v gives %v because of %+v", current, tier, why)
		}
	}
}
