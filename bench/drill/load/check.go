package load

import (
	"fmt"
	"math"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// checks knows the catalogue: whatever a peer made up must not come through.
type checks struct{ items map[string]struct{} }

func newChecks(items []string) checks {
	c := checks{items: make(map[string]struct{}, len(items))}
	for _, item := range items {
		c.items[item] = struct{}{}
	}
	return c
}

// fault says what is wrong with an answer; empty when nothing is.
func (c checks) fault(request *repliv1.RecommendRequest, response *repliv1.RecommendResponse) string {
	if response.GetTier() == repliv1.Tier_TIER_UNSPECIFIED {
		return "no tier"
	}
	if response.GetTier() != repliv1.Tier_TIER_PERSONALIZED && len(response.GetDegradations()) == 0 {
		return response.GetTier().String() + " without a reason"
	}
	items := response.GetItems()
	if len(items) > int(request.GetCount()) {
		return fmt.Sprintf("%d items, %d were asked for", len(items), request.GetCount())
	}
	seen := make(map[string]struct{}, len(items))
	for _, item := range items {
		if _, known := c.items[item.GetItemId()]; !known {
			return "an item that is not in the catalogue"
		}
		if _, twice := seen[item.GetItemId()]; twice {
			return "an item twice"
		}
		seen[item.GetItemId()] = struct{}{}
		if score := float64(item.GetScore()); math.IsNaN(score) || math.IsInf(score, 0) {
			return "a score that is not finite"
		}
	}
	return ""
}
