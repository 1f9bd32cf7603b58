package gateway

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

func TestGarbageFromPeersIsNamedAndNeverPassedOn(t *testing.T) {
	nan := float32(math.NaN())
	rankings := map[string]*rankingv1.RankResponse{
		"index out of range":  {Indices: []uint32{4000000000}, Scores: []float32{1}, Scored: 1},
		"index twice":         {Indices: []uint32{1, 1}, Scores: []float32{1, 1}, Scored: 2},
		"lengths differ":      {Indices: []uint32{1}, Scores: []float32{1, 1}, Scored: 1},
		"not a number":        {Indices: []uint32{1}, Scores: []float32{nan}, Scored: 1},
		"not sorted":          {Indices: []uint32{1, 2}, Scores: []float32{1, 2}, Scored: 2},
		"more than asked for": {Indices: []uint32{1, 2, 3, 4}, Scores: []float32{4, 3, 2, 1}, Scored: 4},
		"counts do not add":   {Indices: []uint32{1}, Scores: []float32{1}, Scored: 1, Unknown: 500},
		"fewer than scored":   {Indices: []uint32{1}, Scores: []float32{1}, Scored: 200},
	}
	for name, garbage := range rankings {
		t.Run("ranking: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMesh(t)
				m.ranker.say = func(*rankingv1.RankRequest) *rankingv1.RankResponse { return garbage }
				checkGarbage(t, m, repliv1.Component_COMPONENT_RANKING, repliv1.Tier_TIER_SIMPLE)
			})
		})
	}
	popular := []repliv1.Source{repliv1.Source_SOURCE_POPULAR}
	lists := map[string]*fallbackv1.SuggestResponse{
		"lengths differ": {ItemIds: []string{"a"}, Sources: popular},
		"infinite":       {ItemIds: []string{"a"}, Scores: []float32{float32(math.Inf(1))}, Sources: popular},
		"empty id":       {ItemIds: []string{""}, Scores: []float32{1}, Sources: popular},
		"too many": {
			ItemIds: make([]string, 3000), Scores: make([]float32, 3000), Sources: make([]repliv1.Source, 3000),
		},
	}
	for name, garbage := range lists {
		t.Run("fallback: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMesh(t)
				m.remember(t)
				m.suggester.say = func(*fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse { return garbage }
				checkGarbage(t, m, repliv1.Component_COMPONENT_FALLBACK, repliv1.Tier_TIER_PARTIAL)
			})
		})
	}
	users := map[string]*featurev1.GetUserResponse{
		"no status": {Row: &featurev1.Row{}},
		"no row":    {Status: featurev1.UserStatus_USER_STATUS_FOUND},
		"lengths differ": {
			Status: featurev1.UserStatus_USER_STATUS_FOUND, Row: &featurev1.Row{Numbers: []float32{1, 2}, Statuses: []byte{1}},
		},
		"too many candidates": {
			Status: featurev1.UserStatus_USER_STATUS_FOUND, Row: &featurev1.Row{}, CandidateItemIds: make([]string, 501),
		},
	}
	for name, garbage := range users {
		t.Run("feature: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMesh(t)
				m.users.response = garbage
				checkGarbage(t, m, repliv1.Component_COMPONENT_FEATURE, repliv1.Tier_TIER_SIMPLE)
			})
		})
	}
}

func checkGarbage(t *testing.T, m *mesh, component repliv1.Component, tier repliv1.Tier) {
	t.Helper()
	response, _ := m.recommend(t, 50*ms, ask(3))
	if response.GetTier() != tier || len(response.GetItems()) != 3 {
		t.Errorf("tier %v with %d items, want %v with 3", response.GetTier(), len(response.GetItems()), tier)
	}
	first := response.GetDegradations()[0]
	if first.GetComponent() != component || first.GetReason() != repliv1.Reason_REASON_INVALID_ANSWER {
		t.Errorf("degradation %v, want %v INVALID_ANSWER", first, component)
	}
}

// A fallback service whose items are nobody's: what the ranker knows is ranked, and nothing else comes back.
func TestItemsThatAreNobodysAreNotPassedOn(t *testing.T) {
	strangers := func(in *fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse {
		response := &fallbackv1.SuggestResponse{}
		for i := range int(in.GetCount()) {
			response.ItemIds = append(response.ItemIds, fmt.Sprintf("stranger%d", i))
			response.Scores = append(response.Scores, 1)
			response.Sources = append(response.Sources, repliv1.Source_SOURCE_POPULAR)
		}
		return response
	}
	for _, c := range []struct {
		name     string
		own      []string // the caller's candidates, which the ranker knows
		tier     repliv1.Tier
		first    string
		returned int
	}{
		{"nothing is known", nil, repliv1.Tier_TIER_STATIC, "p0", 3},
		{"the caller's own are known", []string{"mine0", "mine1", "mine2", "mine3"}, partial, "mine3", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMesh(t)
				m.remember(t)
				m.suggester.say = strangers
				m.ranker.say = func(in *rankingv1.RankRequest) *rankingv1.RankResponse {
					n := len(in.GetCandidateItemIds())
					response := &rankingv1.RankResponse{Scored: uint32(len(c.own)), Unknown: uint32(n - len(c.own)), Model: "test/1"}
					for i := range min(len(c.own), int(in.GetCount())) {
						response.Indices = append(response.Indices, uint32(n-1-i))
						response.Scores = append(response.Scores, float32(-i))
					}
					return response
				}
				request := ask(3)
				request.CandidateItemIds = c.own
				response, _ := m.recommend(t, 50*ms, request)
				if response.GetTier() != c.tier || len(response.GetItems()) != c.returned || response.GetItems()[0].GetItemId() != c.first {
					t.Errorf("response %v", response)
				}
				if d := response.GetDegradations()[0]; d.GetComponent() != repliv1.Component_COMPONENT_FALLBACK || d.GetReason() != garbage {
					t.Errorf("degradations %v", response.GetDegradations())
				}
				if strings.Contains(response.String(), "stranger") {
					t.Errorf("a stranger is in %v", response)
				}
				m.remember(t) // the lists are renewed from strangers
				if list := m.service.lists.List(""); list.GetItemIds()[0] != "p0" {
					t.Errorf("the last good list is now %v", list)
				}
			})
		})
	}
}
