package snapshot

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
)

const day = 24 * time.Hour

var now = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// bought is a purchase that lies the age before now.
func bought(user, item string, age time.Duration) views.Event {
	return views.Event{ID: "e", UserID: user, ItemID: item, Type: "purchase", Quantity: 1, Time: now.Add(-age)}
}

func sequence(events ...views.Event) iter.Seq2[views.Event, error] {
	return func(yield func(views.Event, error) bool) {
		for _, event := range events {
			if !yield(event, nil) {
				return
			}
		}
	}
}

func mustBuild(t testing.TB, cfg Config, segmentOf func(string) string, events ...views.Event) *Snapshot {
	t.Helper()
	s, err := Build(t.Context(), cfg, sequence(events...), segmentOf, now)
	if err != nil {
		t.Fatalf("Build: %v", err)
	}
	return s
}

// shop is a random shop: the same for the same seed.
func shop(seed uint64, users, items, events int) []views.Event {
	r := rand.New(rand.NewPCG(seed, 1))
	all := make([]views.Event, 0, events)
	for len(all) < events {
		user, age := fmt.Sprintf("u%d", r.IntN(users)), time.Duration(r.IntN(90))*day
		for range 1 + r.IntN(4) {
			all = append(all, bought(user, fmt.Sprintf("i%d", int(float64(items)*math.Pow(r.Float64(), 2))), age))
		}
	}
	return all
}

// bySuffix puts users into three segments, and every fourth into none.
func bySuffix(user string) string {
	return []string{"", "heavy", "light", "new"}[user[len(user)-1]%4]
}

// read turns a list into ids and scores.
func read(s *Snapshot, entries []Entry) map[string]float64 {
	scores := make(map[string]float64, len(entries))
	for _, e := range entries {
		scores[s.ID(e.Item)] = float64(e.Score)
	}
	return scores
}

func expect(t *testing.T, s *Snapshot, what string, entries []Entry, ids []string, scores ...float64) {
	t.Helper()
	if len(entries) != len(ids) {
		t.Fatalf("%s: %v, expected %v", what, read(s, entries), ids)
	}
	for i, e := range entries {
		if s.ID(e.Item) != ids[i] || math.Abs(float64(e.Score)-scores[i]) > 1e-6 {
			t.Errorf("%s, entry %d: %s %v, expected %s %v", what, i, s.ID(e.Item), e.Score, ids[i], scores[i])
		}
	}
}
