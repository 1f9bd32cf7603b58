package snapshot

import (
	"math"
	"math/bits"
	"time"
)

// one is the weight of a purchase made at the newest time of the data. Weights are whole numbers so that their sum is
// the same in whatever order they are added; 32 bits leave room for as many users.
const one = 1 << 32

// tally adds up what the users of a segment bought.
//
// Popularity: each user adds 2^(-age/half-life) to an item, by the age of the user's latest purchase of it; so an item's
// weight is its number of distinct buyers with exponential decay, and one user can add at most 1. Age is counted from
// the newest purchase of the data: that scales all weights alike and keeps those of old data from vanishing. A purchase
// more than 32 half-lives older counts nothing.
//
// Trend (own derivation): r users bought the item in the recent period, and e did in an average period before it, a user
// counting once a period. If nothing changed, r is Poisson with mean e, whose standard deviation is sqrt(e); so
//
//	z = (r - e) / sqrt(e + smoothing)
//
// says by how many standard deviations the item is above its own past, and the smoothing keeps an item that never sold
// from trending on a few buyers. The past is as many periods as were configured, or as the data reaches back.
type tally struct {
	cfg      Config
	h        *history
	past     float64  // periods
	popular  []uint64 // by item
	recent   []uint32 // by item: users in the recent period
	earlier  []uint32 // by item: users, once a period, in the past
	touched  []int32
	bought   list
	trending list
}

func newTally(cfg Config, h *history, now time.Time) *tally {
	reach := now.Sub(time.UnixMicro(h.from)) / cfg.Trend.Period // the period of the oldest purchase
	return &tally{
		cfg: cfg, h: h, past: float64(min(int(reach), cfg.Trend.PastPeriods)),
		popular: make([]uint64, len(h.items)), recent: make([]uint32, len(h.items)), earlier: make([]uint32, len(h.items)),
		bought: list{length: cfg.PopularLength}, trending: list{length: cfg.TrendingLength},
	}
}

// segment makes the lists of the users, and leaves the tally empty.
func (t *tally) segment(name string, users []int32) Segment {
	for _, user := range users {
		for i := range t.h.of(user) {
			t.add(&t.h.of(user)[i])
		}
	}
	for _, item := range t.touched {
		if weight := t.popular[item]; weight > 0 {
			t.bought.offer(scored{item, float64(weight)})
		}
		if z := t.trend(item); z > 0 {
			t.trending.offer(scored{item, z})
		}
		t.popular[item], t.recent[item], t.earlier[item] = 0, 0, 0
	}
	t.touched = t.touched[:0]
	return Segment{Name: name, Popular: t.bought.take(t.bought.top()), Trending: t.trending.take(t.trending.top())}
}

func (t *tally) add(p *pair) {
	if t.popular[p.item] == 0 && t.recent[p.item] == 0 && t.earlier[p.item] == 0 {
		t.touched = append(t.touched, p.item)
	}
	age := float64(t.h.to - p.times[0])
	t.popular[p.item] += uint64(one * math.Exp2(-age/float64(t.cfg.HalfLife.Microseconds())))
	t.recent[p.item] += p.periods & 1
	t.earlier[p.item] += uint32(bits.OnesCount32(p.periods >> 1)) //nolint:gosec // at most 31
}

// trend returns z, and 0 where there is no past to compare with or too few bought the item.
func (t *tally) trend(item int32) float64 {
	recent := float64(t.recent[item])
	if t.past == 0 || recent < float64(t.cfg.Trend.MinBuyers) {
		return 0
	}
	expected := float64(t.earlier[item]) / t.past
	return (recent - expected) / math.Sqrt(expected+t.cfg.Trend.Smoothing)
}
