package gateway

import (
	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/drops"
	"github.com/repli-mesh/repli/services/gateway/internal/clients"
	"github.com/repli-mesh/repli/services/gateway/internal/quality"
)

// candidates are the distinct items that may be in the answer. Their order is that of the safe answer: the fallback's
// list first, then what is stored for the user, then what the caller brought.
type candidates struct {
	ids     []string
	sources []repliv1.Source
	// scores are the fallback's weights; the other sources have none.
	scores []float32
	// own counts the ids that the mesh itself vouches for; those after it came from the caller alone.
	own                  int
	duplicates, excluded uint32
	// withheld counts those that were taken out because ranking is slow.
	withheld int
	// seen knows every id that is in, with true, and every one that must stay out, with false.
	seen map[string]bool
	// left is nil for a request that does not want to know what was dropped.
	left *leftovers
}

// gather merges the three sources without repetition and without what the request excludes: the ids it names and the
// context items. At most `most` are taken from the list: one from the gateway's memory is longer than is asked for, so
// that something is left of it after exclusions.
func gather(
	request *repliv1.RecommendRequest, list *fallbackv1.SuggestResponse, most int, stored []string,
) *candidates {
	size := min(most, len(list.GetItemIds())) + len(stored) + len(request.GetCandidateItemIds())
	c := &candidates{
		ids:     make([]string, 0, size),
		sources: make([]repliv1.Source, 0, size),
		scores:  make([]float32, 0, min(most, len(list.GetItemIds()))),
		seen:    make(map[string]bool, size+len(request.GetExcludeItemIds())+len(request.GetContextItemIds())),
	}
	if request.GetDebug() {
		c.left = &leftovers{context: request.GetContextItemIds(), list: drops.New(mostDropped)}
	}
	for _, id := range request.GetExcludeItemIds() {
		c.seen[id] = false
	}
	for _, id := range request.GetContextItemIds() {
		c.seen[id] = false
	}
	for i, id := range list.GetItemIds() {
		if len(c.ids) == most {
			break
		}
		if c.add(id, list.GetSources()[i]) {
			c.scores = append(c.scores, list.GetScores()[i])
		}
	}
	for _, id := range stored {
		c.add(id, repliv1.Source_SOURCE_USER)
	}
	c.own = len(c.ids)
	for _, id := range request.GetCandidateItemIds() {
		c.add(id, repliv1.Source_SOURCE_CALLER)
	}
	return c
}

// withhold takes out, from the end, what the quality factor leaves no time for among the candidates that are not the
// fallback's: of those, fewer were asked for to begin with.
func (c *candidates) withhold(factor *quality.Factor) {
	listed := len(c.scores)
	keep := listed + factor.Of(len(c.ids)-listed, 0)
	c.withheld = len(c.ids) - keep
	for i := keep; i < len(c.ids) && c.left != nil; i++ {
		c.drop(c.item(i, 0), repliv1.DropReason_DROP_REASON_WITHHELD)
	}
	c.ids, c.sources, c.own = c.ids[:keep], c.sources[:keep], min(c.own, keep)
}

// join adds what the ranker found, which goes beyond the candidates that it was given. The first id that it should not have
// found, because it is in or must stay out, ends it: nothing is added then.
func (c *candidates) join(found []string) error {
	for i, id := range found {
		if _, met := c.seen[id]; met {
			c.ids, c.sources = c.ids[:len(c.ids)-i], c.sources[:len(c.sources)-i]
			return clients.Unwanted(id)
		}
		c.add(id, repliv1.Source_SOURCE_RETRIEVED)
	}
	return nil
}

func (c *candidates) add(id string, source repliv1.Source) bool {
	if in, met := c.seen[id]; met {
		if c.left != nil {
			c.reject(id, source, in)
		}
		if in {
			c.duplicates++
		} else {
			c.excluded++
		}
		return false
	}
	c.seen[id] = true
	c.ids = append(c.ids, id)
	c.sources = append(c.sources, source)
	return true
}

// item returns the i-th candidate with a score of the model.
func (c *candidates) item(i int, score float32) *repliv1.Item {
	return &repliv1.Item{ItemId: c.ids[i], Score: score, Source: c.sources[i]}
}

// safe returns the first candidates as they are, with the fallback's weights.
func (c *candidates) safe(count int) []*repliv1.Item {
	count = min(count, len(c.ids))
	items := make([]*repliv1.Item, count)
	for i := range items {
		score := float32(0)
		if i < len(c.scores) {
			score = c.scores[i]
		}
		items[i] = c.item(i, score)
	}
	return items
}
