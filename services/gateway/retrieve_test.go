package gateway

import (
	"slices"
	"testing"
	"testing/synctest"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// finds is a ranker that finds items which are better than all candidates.
func finds(scanned uint64, named ...string) func(*rankingv1.RankRequest) *rankingv1.RankResponse {
	return func(in *rankingv1.RankRequest) *rankingv1.RankResponse {
		given := uint32(len(in.GetCandidateItemIds()))
		out := &rankingv1.RankResponse{
			Model: "test/1", RetrievedItemIds: named, Retrieved: 50, Scored: given + 50, Scanned: scanned, Scannable: 1000,
		}
		for i := range in.GetCount() {
			at := given + i
			if i >= uint32(len(named)) {
				at = i - uint32(len(named))
			}
			out.Indices = append(out.Indices, at)
			out.Scores = append(out.Scores, float32(in.GetCount()-i))
		}
		return out
	}
}

func TestWhatTheRankerFinds(t *testing.T) {
	for _, test := range []struct {
		scanned uint64
		tier    repliv1.Tier
	}{{1000, repliv1.Tier_TIER_PERSONALIZED}, {999, repliv1.Tier_TIER_PARTIAL}} {
		synctest.Test(t, func(t *testing.T) {
			m := newMesh(t)
			m.ranker.say = finds(test.scanned, "r1", "r2")
			request := ask(3)
			request.ExcludeItemIds, request.ContextItemIds = []string{"no"}, []string{"seen"}
			response, _ := m.recommend(t, 50*ms, request)
			if got := ids(response.GetItems()); !slices.Equal(got, []string{"r1", "r2", "p0"}) || response.GetTier() != test.tier {
				t.Errorf("%v in %v, want r1, r2 and p0 in %v", got, response.GetTier(), test.tier)
			}
			if s := response.GetItems()[0].GetSource(); s != repliv1.Source_SOURCE_RETRIEVED {
				t.Errorf("source is %v", s)
			}
			c := response.GetCoverage()
			if c.GetCandidates() != 250 || c.GetScored() != 250 || c.GetUnscored() != 0 || c.GetRetrieved() != 50 {
				t.Errorf("coverage %v", c)
			}
			if d := response.GetDegradations(); test.tier == repliv1.Tier_TIER_PARTIAL && (len(d) != 1 ||
				d[0].GetComponent() != repliv1.Component_COMPONENT_RANKING || d[0].GetReason() != repliv1.Reason_REASON_CATALOGUE_NOT_SEARCHED) {
				t.Errorf("degradations %v", d)
			}
			if in := m.ranker.last; !in.GetRetrieve() || !slices.Equal(in.GetExcludeItemIds(), []string{"no", "seen"}) {
				t.Errorf("the ranker was asked %v without %v", in.GetRetrieve(), in.GetExcludeItemIds())
			}
		})
	}
}

func TestWhatTheRankerMustNotFind(t *testing.T) {
	for name, say := range map[string]func(*rankingv1.RankRequest) *rankingv1.RankResponse{
		"excluded":          finds(1000, "r1", "no"),
		"a candidate":       finds(1000, "r1", "p7"),
		"twice":             finds(1000, "r1", "r1"),
		"nameless":          finds(1000, ""),
		"more than scanned": finds(1001, "r1"),
		"more named than found": func(in *rankingv1.RankRequest) *rankingv1.RankResponse {
			out := finds(1000, "r1")(in)
			out.Retrieved = 0
			return out
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMesh(t)
				m.ranker.say = say
				request := ask(3)
				request.ExcludeItemIds = []string{"no"}
				response, _ := m.recommend(t, 50*ms, request)
				if got := ids(response.GetItems()); response.GetTier() != repliv1.Tier_TIER_SIMPLE || !slices.Equal(got, []string{"p0", "p1", "p2"}) {
					t.Errorf("%v in %v, want the safe answer", got, response.GetTier())
				}
				if d := response.GetDegradations(); d[0].GetReason() != repliv1.Reason_REASON_INVALID_ANSWER {
					t.Errorf("degradations %v", d)
				}
				if c := response.GetCoverage(); c.GetCandidates() != 200 || c.GetRetrieved() != 0 {
					t.Errorf("coverage %v", c)
				}
			})
		})
	}
}
