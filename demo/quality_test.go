package demo

import (
	"cmp"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/repli-mesh/repli/demo/shop"
)

const (
	everyUser  = 10  // every tenth user is measured
	candidates = 200 // most popular items of the user's segment
	top        = 10
	halfLife   = 28 * 24 // hours in which a purchase loses half of its weight in popularity
	leastGain  = 1.5     // NDCG of a model / NDCG of popularity
)

// The models earn their place: ordering the same candidates they are far better than popularity, judged by true
// preference. NDCG's ideal is the user's best items of the whole catalogue, so what the candidates lack counts against
// both.
func TestModelsBeatPopularity(t *testing.T) {
	t.Parallel()
	q := demoQuality()
	popularity := q.measure(asTheyCome)
	popularity.log(t, "popularity")
	for _, name := range bundleNames {
		model := q.measure(newRanker(t, os.DirFS("bundles/"+name)).rank)
		model.log(t, name)
		if model.mean < leastGain*popularity.mean || model.low <= popularity.high {
			t.Errorf("%s: NDCG@10 is %.3f and popularity's %.3f, expected %.1f times and intervals apart",
				name, model.mean, popularity.mean, leastGain)
		}
	}
}

// Without the statistics the embedded model is still far better than popularity. Without the profile it knows no tastes,
// nor does popularity know the segment, which is part of the profile: there the model need only not lose.
func TestModelOnPartialRows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		gone    []string
		segment bool    // is known
		least   float64 // NDCG of the model / NDCG of popularity
	}{
		{"without " + shop.UserStats, []string{shop.UserStats}, true, leastGain},
		{"without " + shop.UserProfile, []string{shop.UserProfile}, false, 0.9},
		{"without a row", []string{shop.UserStats, shop.UserProfile}, false, 0.9},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			q, ranker := demoQuality(), newRanker(t, Bundle())
			if !test.segment {
				q = q.withoutSegments()
			}
			for _, view := range parseViews(t).Views {
				for _, feature := range view.Features {
					ranker.missing[feature.Name] = ranker.missing[feature.Name] || slices.Contains(test.gone, view.Name)
				}
			}
			popularity, model := q.measure(asTheyCome), q.measure(ranker.rank)
			popularity.log(t, "popularity")
			model.log(t, test.name)
			if model.mean < test.least*popularity.mean {
				t.Errorf("NDCG@10 is %.3f and popularity's %.3f, expected %.1f times", model.mean, popularity.mean, test.least)
			}
		})
	}
}

// asTheyCome leaves the candidates in the order of popularity.
func asTheyCome(_ int, items []int) []int { return items }

// quality measures orders of each user's candidates against the truth.
type quality struct {
	truth []truth
	lists map[string][]int // candidates per segment and, under "", of everybody; most popular first
}

// truth is a measured user and how relevant every item is to them.
type truth struct {
	user      int // position in users.csv
	segment   string
	relevance []float64
	ideal     float64 // the gain of the best order
}

// demoQuality is made once for all tests: it is read-only.
var demoQuality = sync.OnceValue(func() *quality {
	s := demoShop()
	q := &quality{lists: popular(s)}
	for u, user := range s.Users {
		if u%everyUser != 0 || user.Registered.After(shop.T()) {
			continue
		}
		relevance := make([]float64, len(s.Items))
		for i := range relevance {
			relevance[i] = s.Relevance(user.ID, s.Items[i].ID)
		}
		q.truth = append(q.truth, truth{u, user.Segment, relevance, gain(relevance, best(relevance))})
	}
	return q
})

// withoutSegments gives everybody the candidates of everybody.
func (q *quality) withoutSegments() *quality {
	lists := map[string][]int{}
	for segment := range q.lists {
		lists[segment] = q.lists[""]
	}
	return &quality{q.truth, lists}
}

// figure is a mean NDCG@10 with its 95 % bootstrap interval.
type figure struct {
	low, mean, high float64
	segments        map[string][]float64
}

func (f figure) log(t *testing.T, name string) {
	t.Helper()
	users := 0
	for _, segment := range shop.Segments {
		_, mean, _ := interval(f.segments[segment])
		t.Logf("NDCG@10 of %s: %s %.3f (%d users)", name, segment, mean, len(f.segments[segment]))
		users += len(f.segments[segment])
	}
	t.Logf("NDCG@10 of %s: all %.3f [%.3f, %.3f] (%d users)", name, f.mean, f.low, f.high, users)
}

func (q *quality) measure(rank func(user int, items []int) []int) figure {
	var all []float64
	segments := map[string][]float64{}
	for _, user := range q.truth {
		ndcg := gain(user.relevance, rank(user.user, q.lists[user.segment])) / user.ideal
		all, segments[user.segment] = append(all, ndcg), append(segments[user.segment], ndcg)
	}
	low, mean, high := interval(all)
	return figure{low, mean, high, segments}
}

// gain is the discounted cumulative gain of the top of an order.
func gain(relevance []float64, order []int) float64 {
	sum := 0.0
	for rank, i := range order[:top] {
		sum += relevance[i] / math.Log2(float64(rank)+2)
	}
	return sum
}

// popular lists, per segment and under "" for everybody, the items with most distinct buyers, each weighted by the age of their last purchase.
func popular(s *shop.Shop) map[string][]int {
	segment, item := map[string]string{}, map[string]int{}
	for _, user := range s.Users {
		segment[user.ID] = user.Segment
	}
	for i := range s.Items {
		item[s.Items[i].ID] = i
	}
	seen, weights := map[[2]string]bool{}, map[string][]float64{}
	for _, event := range slices.Backward(s.Events) {
		pair, of := [2]string{event.UserID, event.ItemID}, segment[event.UserID]
		if seen[pair] {
			continue
		}
		seen[pair] = true
		for _, group := range []string{of, ""} {
			if weights[group] == nil {
				weights[group] = make([]float64, len(s.Items))
			}
			weights[group][item[event.ItemID]] += math.Exp2(-shop.T().Sub(event.Time).Hours() / halfLife)
		}
	}
	lists := map[string][]int{}
	for of, weight := range weights {
		lists[of] = best(weight)[:candidates]
	}
	return lists
}

// best returns the positions of the values from the largest to the smallest.
func best(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	return order
}

// interval is the mean with the 95 % interval of a seeded bootstrap.
func interval(values []float64) (low, mean, high float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	means := make([]float64, 2000)
	for n := range means {
		for range values {
			means[n] += values[rng.IntN(len(values))] / float64(len(values))
		}
	}
	slices.Sort(means)
	for _, value := range values {
		mean += value / float64(len(values))
	}
	return means[50], mean, means[1949]
}
