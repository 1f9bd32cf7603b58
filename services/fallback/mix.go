package fallback

import (
	"sync"

	"google.golang.org/protobuf/types/known/timestamppb"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/services/fallback/internal/snapshot"
)

// mixer answers from one snapshot.
type mixer struct {
	snapshot *Snapshot
	shares   Shares
	version  string
	builtAt  *timestamppb.Timestamp // shared by all responses, and never changed
	scratch  sync.Pool              // of *scratch, sized for the snapshot
}

func newMixer(s *Snapshot, shares Shares) *mixer {
	m := &mixer{snapshot: s, shares: shares, version: s.Version(), builtAt: timestamppb.New(s.BuiltAt())}
	m.scratch.New = func() any { return newScratch(s) }
	return m
}

// stream is one source: its lists, read one after the other.
type stream struct {
	source repliv1.Source
	share  float64
	lists  [2][]snapshot.Entry
	credit float64
}

// advance skips what is taken, and returns false when nothing is left.
func (s *stream) advance(taken *scratch) bool {
	for i := range s.lists {
		for len(s.lists[i]) > 0 {
			if !taken.has(s.lists[i][0].Item) {
				return true
			}
			s.lists[i] = s.lists[i][1:]
		}
	}
	return false
}

// next returns the best entry that is left, after advance has found one.
func (s *stream) next() snapshot.Entry {
	if len(s.lists[0]) > 0 {
		return s.lists[0][0]
	}
	return s.lists[1][0]
}

// sourceCounts is how many items of an answer each source gave, by repliv1.Source.
type sourceCounts [repliv1.Source_SOURCE_NEIGHBOUR + 1]int64

// suggest mixes an answer. The sources take turns by smooth weighted round-robin, as in nginx: at every place each source
// that has items left earns its share, and the one with the most credit gives its best item and pays what all earned.
//
// An item's score is its weight in the list it came from, where the best has 1, and at most that of the item before it.
func (m *mixer) suggest(request *fallbackv1.SuggestRequest) (*fallbackv1.SuggestResponse, sourceCounts) {
	scratch := m.scratch.Get().(*scratch)
	defer m.scratch.Put(scratch)
	scratch.begin(request)

	everybody, segment := m.snapshot.Everybody(), m.snapshot.Segment(request.GetSegment())
	popular, trending := [2][]snapshot.Entry{segment.Popular}, [2][]snapshot.Entry{segment.Trending}
	if segment != everybody {
		popular[1], trending[1] = everybody.Popular, everybody.Trending
	}
	all := [...]stream{
		{source: repliv1.Source_SOURCE_NEIGHBOUR, share: m.shares.Neighbours, lists: scratch.neighbours()},
		{source: repliv1.Source_SOURCE_TRENDING, share: m.shares.Trending, lists: trending},
		{source: repliv1.Source_SOURCE_POPULAR, share: m.shares.Popular, lists: popular},
	}
	response := &fallbackv1.SuggestResponse{Segment: segment.Name, SnapshotVersion: m.version, SnapshotTime: m.builtAt}
	return response, interleave(response, all[:], scratch, int(request.GetCount()))
}

// interleave fills the response with at most count items.
func interleave(response *fallbackv1.SuggestResponse, streams []stream, taken *scratch, count int) sourceCounts {
	var counts sourceCounts
	reserve(response, streams, count)
	last := float32(1)
	for len(response.ItemIds) < count {
		turn := pick(streams, taken)
		if turn == nil {
			break
		}
		entry := turn.next()
		taken.take(entry.Item)
		last = min(last, entry.Score)
		response.ItemIds = append(response.ItemIds, taken.snapshot.ID(entry.Item))
		response.Scores = append(response.Scores, last)
		response.Sources = append(response.Sources, turn.source)
		counts[turn.source]++
	}
	return counts
}

// pick lets the streams that have items left earn their shares, and returns the one with the most credit, which has paid;
// nil when none has items left.
func pick(streams []stream, taken *scratch) *stream {
	var turn *stream
	earned := 0.0
	for i := range streams {
		s := &streams[i]
		if s.share == 0 || !s.advance(taken) {
			continue
		}
		s.credit += s.share
		earned += s.share
		if turn == nil || s.credit > turn.credit {
			turn = s
		}
	}
	if turn != nil {
		turn.credit -= earned
	}
	return turn
}

// reserve makes room for as many items as there can be.
func reserve(response *fallbackv1.SuggestResponse, streams []stream, count int) {
	available := 0
	for i := range streams {
		if streams[i].share > 0 {
			available += len(streams[i].lists[0]) + len(streams[i].lists[1])
		}
	}
	n := min(count, available)
	response.ItemIds = make([]string, 0, n)
	response.Scores = make([]float32, 0, n)
	response.Sources = make([]repliv1.Source, 0, n)
}
