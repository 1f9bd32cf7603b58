package ranking

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/fstest"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
)

// The hot path must give what the map-based path gives, whatever is missing on which side and whatever the request adds.
func TestRankIsTheReference(t *testing.T) {
	t.Parallel()
	reference, err := OpenBundle(t.Context(), tinyBundle())
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	some := func(present int, names ...string) values {
		row := values{}
		for _, name := range names {
			if random.IntN(100) < present {
				row[name] = float64(random.IntN(20))
			}
		}
		return row
	}
	items := make([]itemstest.Item, 3000)
	for i := range items {
		items[i] = itemstest.Item{ID: fmt.Sprint(i), Values: some(85, "i_a", "i_b", "i_c", "place")}
	}
	s := running(t, items...)
	for range 60 {
		user := some(70, "u_a", "u_b")
		in := request(itemstest.User(userSchema, user))
		in.RequestFeatures = map[string]*repliv1.RequestFeature{}
		for name, value := range some(30, "u_a", "u_b", "i_a", "i_c", "place", "boost") {
			in.RequestFeatures[name] = number(value)
			user[name] = value // the reference takes the user's values first
		}
		for range 1 + random.IntN(700) {
			in.CandidateItemIds = append(in.CandidateItemIds, items[random.IntN(len(items))].ID)
		}
		in.Count = 4000
		out, err := s.Rank(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		got := map[int]float32{}
		for i, index := range out.GetIndices() {
			got[int(index)] = out.GetScores()[i]
		}
		for i, id := range in.GetCandidateItemIds() {
			var at int
			if _, err := fmt.Sscan(id, &at); err != nil {
				t.Fatal(err)
			}
			want, err := reference.Score(t.Context(), user, []values{items[at].Values})
			score, scored := got[i]
			if scored != (err == nil) || scored && score != want[0] {
				t.Fatalf("candidate %d of %v for %v: %v (%v), want %v (%v)", i, items[at], user, score, scored, want, err)
			}
		}
	}
}

func TestBundleOutsideTheService(t *testing.T) {
	t.Parallel()
	b, err := OpenBundle(t.Context(), tinyBundle())
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(b.ID(), b.Features()); got != "tiny/1[u_a u_b i_a i_b i_c boost place]" {
		t.Errorf("got %s", got)
	}
	if _, err := b.Score(t.Context(), nil, []values{{"i_a": 1, "i_b": 1}, {"i_a": 1}}); err == nil ||
		err.Error() != `item 1: feature "i_b" is missing and the manifest has no default` {
		t.Errorf("error is %v", err)
	}
	if _, err := OpenBundle(t.Context(), fstest.MapFS{}); err == nil {
		t.Error("an empty folder was opened")
	}
}
