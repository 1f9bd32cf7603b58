package snapshot

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// neighbours finds what is bought together with each item, and uses the history up.
//
// A user who ever bought i and j in one basket counts 1 for the pair, and one who bought them within the window counts
// the window's weight; so one user adds at most 1 to c(i,j). With n(i) users who bought i,
//
//	similarity = c / sqrt(n(i) n(j)) * c / (c + shrinkage)
//
// which is the cosine of the items' buyers, shrunk where few users support it, after Koren and Bell, "Advances in
// Collaborative Filtering" (Recommender Systems Handbook). The work is at most the sum over users of the square of the
// items looked at, which the configuration bounds.
func neighbours(ctx context.Context, cfg NeighbourConfig, h *history) ([][]Entry, error) {
	h.trim(cfg)
	m := newMatcher(cfg, h)
	lists := make([][]Entry, len(h.items))
	for i := range lists {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		lists[i] = m.list(int32(i))
	}
	return lists, nil
}

// matcher counts, for one item at a time, the users who bought others with it.
type matcher struct {
	cfg     NeighbourConfig
	h       *history
	start   []int   // the pairs of item i are h.pairs[holders[k]], k in start[i]:start[i+1]
	holders []int32 // by item
	baskets []uint32
	windows []uint32
	touched []int32
	best    list
}

func newMatcher(cfg NeighbourConfig, h *history) *matcher {
	m := &matcher{
		cfg: cfg, h: h, start: make([]int, len(h.items)+1), holders: make([]int32, len(h.pairs)),
		baskets: make([]uint32, len(h.items)), windows: make([]uint32, len(h.items)), best: list{length: cfg.Length},
	}
	for i := range h.pairs {
		m.start[h.pairs[i].item+1]++
	}
	for i := range h.items {
		m.start[i+1] += m.start[i]
	}
	next := slices.Clone(m.start)
	for i := range h.pairs {
		item := h.pairs[i].item
		m.holders[next[item]] = int32(i)
		next[item]++
	}
	return m
}

// buyers is n(item).
func (m *matcher) buyers(item int32) float64 { return float64(m.start[item+1] - m.start[item]) }

func (m *matcher) list(item int32) []Entry {
	for _, holder := range m.holders[m.start[item]:m.start[item+1]] {
		own := &m.h.pairs[holder]
		basket := m.h.of(own.user)
		for k := range basket {
			if other := &basket[k]; other.item != item {
				m.count(own, other)
			}
		}
	}
	for _, other := range m.touched {
		c := float64(m.baskets[other]) + float64(m.cfg.WindowWeight*float64(m.windows[other]))
		if c > 0 {
			cosine := c / math.Sqrt(m.buyers(item)*m.buyers(other))
			m.best.offer(scored{other, cosine * (c / (c + m.cfg.Shrinkage))})
		}
		m.baskets[other], m.windows[other] = 0, 0
	}
	m.touched = m.touched[:0]
	return m.best.take(1)
}

func (m *matcher) count(own, other *pair) {
	counts := m.windows
	switch gap := own.gap(other); {
	case gap == 0:
		counts = m.baskets
	case gap > m.cfg.Window.Microseconds():
		return
	}
	if m.baskets[other.item] == 0 && m.windows[other.item] == 0 {
		m.touched = append(m.touched, other.item)
	}
	counts[other.item]++
}

// gap returns the shortest time between purchases of the two items, in microseconds.
func (p *pair) gap(q *pair) int64 {
	shortest := int64(math.MaxInt64)
	for _, a := range p.times {
		for _, b := range q.times {
			if a != never && b != never {
				shortest = min(shortest, max(a-b, b-a))
			}
		}
	}
	return shortest
}

// trim drops the purchases of baskets that are too large, and all but each user's latest items.
func (h *history) trim(cfg NeighbourConfig) {
	kept := h.pairs[:0]
	var times []int64
	for user := range h.segments {
		pairs := h.pairs[h.start[user]:h.start[user+1]]
		h.start[user] = int32(len(kept)) //nolint:gosec // no more than there were
		times = h.dropLargeBaskets(pairs, cfg.BasketItems, times[:0])
		pairs = slices.DeleteFunc(pairs, func(p pair) bool { return p.times[0] == never })
		if len(pairs) > cfg.HistoryItems {
			h.counts.LongHistories++
			slices.SortFunc(pairs, func(a, b pair) int {
				return cmp.Or(cmp.Compare(b.times[0], a.times[0]), cmp.Compare(a.item, b.item))
			})
			pairs = pairs[:cfg.HistoryItems]
		}
		kept = append(kept, pairs...)
	}
	h.pairs = kept
	h.start[len(h.segments)] = int32(len(kept)) //nolint:gosec // no more than there were
}

// dropLargeBaskets takes the times of baskets with more than the most items out of one user's pairs. A basket is what one
// user bought at one time. It returns the scratch it was given.
func (h *history) dropLargeBaskets(pairs []pair, most int, times []int64) []int64 {
	if len(pairs) <= most {
		return times
	}
	for i := range pairs {
		for _, at := range pairs[i].times {
			if at != never {
				times = append(times, at)
			}
		}
	}
	slices.Sort(times)
	large := times[:0]
	for at := 0; at < len(times); {
		end := at + 1
		for end < len(times) && times[end] == times[at] {
			end++
		}
		if end-at > most {
			large = append(large, times[at])
		}
		at = end
	}
	h.counts.LargeBaskets += uint64(len(large))
	for i := range pairs {
		pairs[i].drop(large)
	}
	return times
}

// drop forgets the purchases at the given times, which are ascending.
func (p *pair) drop(times []int64) {
	left := [keptTimes]int64{never, never, never, never}
	n := 0
	for _, at := range p.times {
		if _, found := slices.BinarySearch(times, at); !found {
			left[n] = at
			n++
		}
	}
	p.times = left
}
