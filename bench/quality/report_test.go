package quality

import (
	"testing"

	"github.com/repli-mesh/repli/demo"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/services/ranking"
)

// A mesh that never gets personal answers both times with the same tier: each user is still one user.
func TestUserCountsOncePerTier(t *testing.T) {
	t.Parallel()
	asked := []string{"u1", "u2", "u3"}
	simple := answers{}
	for _, user := range asked {
		simple[user] = &repliv1.RecommendResponse{Tier: repliv1.Tier_TIER_SIMPLE}
	}
	report := &Report{}
	report.measure(Defaults(), Replay{purchases{}}, asked, nil, served{healthy: simple, degraded: simple}, nil)
	if got := report.Row("SIMPLE", "").Users; got != len(asked) {
		t.Errorf("%d users in SIMPLE, want %d", got, len(asked))
	}
}

// What the verification is for: one score that is off by more than the tolerance is found.
func TestVerificationFindsAWrongScore(t *testing.T) {
	t.Parallel()
	data := folder(t, demo.Data(), demo.Bundle(), ".csv.gz")
	users, items, err := readTables(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	model, err := ranking.OpenBundle(t.Context(), data.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	item := items.ids()[0]
	scores, err := model.Score(t.Context(), users.values[demo.KnownUser], []map[string]float64{items.values[item]})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		off  float32
		fits bool
	}{{0, true}, {1e-4, false}} {
		list := answers{demo.KnownUser: {
			Tier:  repliv1.Tier_TIER_PERSONALIZED,
			Items: []*repliv1.Item{{ItemId: item, Score: scores[0] + test.off}},
		}}
		v, err := verify(t.Context(), model, list, users, items)
		if err != nil || v.Scores != 1 || (v.MaxAbsErr <= Tolerance) != test.fits {
			t.Errorf("a score off by %v: %+v, %v; want within tolerance %t", test.off, v, err, test.fits)
		}
	}
}
