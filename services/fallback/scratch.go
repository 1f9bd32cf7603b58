package fallback

import (
	"cmp"
	"math"
	"slices"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	"github.com/repli-mesh/repli/services/fallback/internal/snapshot"
)

// scratch is the working memory of one answer, kept for the next: arrays over all items in place of maps. What the last
// answer left in the marks is void because its generation is over.
type scratch struct {
	snapshot   *Snapshot
	generation int32
	marks      []int32   // by item: the generation in which it was taken
	sums       []float32 // by item: the similarities to the context; all 0 between answers
	merged     []snapshot.Entry
}

func newScratch(s *Snapshot) *scratch {
	return &scratch{snapshot: s, marks: make([]int32, s.Len()), sums: make([]float32, s.Len())}
}

// take marks an item.
func (s *scratch) take(item int32) { s.marks[item] = s.generation }

// has says whether the item was taken for this answer.
func (s *scratch) has(item int32) bool { return s.marks[item] == s.generation }

// begin forgets the last answer, takes what must not be in this one and merges the neighbours of the context.
func (s *scratch) begin(request *fallbackv1.SuggestRequest) {
	if s.generation == math.MaxInt32 {
		clear(s.marks)
		s.generation = 0
	}
	s.generation++
	s.merged = s.merged[:0]
	for _, id := range request.GetContextItemIds() {
		if item, ok := s.snapshot.Index(id); ok && !s.has(item) {
			s.take(item)
			s.merge(s.snapshot.Neighbours(item))
		}
	}
	for _, id := range request.GetExcludeItemIds() {
		if item, ok := s.snapshot.Index(id); ok {
			s.take(item)
		}
	}
}

// merge adds up the similarities by item.
func (s *scratch) merge(neighbours []snapshot.Entry) {
	for _, entry := range neighbours {
		if s.sums[entry.Item] == 0 {
			s.merged = append(s.merged, snapshot.Entry{Item: entry.Item})
		}
		s.sums[entry.Item] += entry.Score
	}
}

// neighbours returns what was merged, best first, with 1 for the best.
func (s *scratch) neighbours() [2][]snapshot.Entry {
	for i := range s.merged {
		entry := &s.merged[i]
		entry.Score, s.sums[entry.Item] = s.sums[entry.Item], 0
	}
	slices.SortFunc(s.merged, func(a, b snapshot.Entry) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	if len(s.merged) > 0 && s.merged[0].Score > 0 {
		top := s.merged[0].Score
		for i := range s.merged {
			s.merged[i].Score /= top
		}
	}
	return [2][]snapshot.Entry{s.merged}
}
