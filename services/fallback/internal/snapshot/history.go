package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/repli-mesh/repli/pkg/views"
)

// keptTimes is how many purchases of one item by one user are remembered with their times, the latest ones.
const keptTimes = 4

// never fills the places of purchases that were not made.
const never = math.MinInt64

// pair is everything remembered of one user and one item: memory is bounded by pairs, however many events there are.
type pair struct {
	user, item int32
	times      [keptTimes]int64 // Unix microseconds, distinct, latest first
	periods    uint32           // bit k: bought in the k-th period before now, 0 being the recent one
}

// add notes a purchase; in which order purchases are added does not matter.
func (p *pair) add(at int64) {
	for i, t := range p.times {
		if at == t {
			return
		}
		if at > t {
			copy(p.times[i+1:], p.times[i:keptTimes-1])
			p.times[i] = at
			return
		}
	}
}

// history is what the events come down to.
type history struct {
	items    []string // ascending: indices order as ids do
	pairs    []pair   // by user, then item
	start    []int32  // the pairs of user u are pairs[start[u]:start[u+1]]
	segments []string // of each user; empty: none of their own
	from, to int64
	counts   Counts
}

// of returns the pairs of one user.
func (h *history) of(user int32) []pair { return h.pairs[h.start[user]:h.start[user+1]] }

// recorder turns events into a history.
type recorder struct {
	cfg       Config
	now       time.Time
	segmentOf func(string) string
	userOf    map[string]int32
	itemOf    map[string]int32
	pairOf    map[uint64]int32
	history
}

func record(
	ctx context.Context, cfg Config, events iter.Seq2[views.Event, error], segmentOf func(string) string, now time.Time,
) (*history, error) {
	r := &recorder{
		cfg: cfg, now: now, segmentOf: segmentOf,
		userOf: map[string]int32{}, itemOf: map[string]int32{}, pairOf: map[uint64]int32{},
		history: history{from: math.MaxInt64, to: math.MinInt64},
	}
	n := 0
	for event, err := range events {
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		n++
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("read events: %w", ctx.Err())
		}
		if err := r.note(&event); err != nil {
			return nil, fmt.Errorf("event %d (%q): %w", n, event.ID, err)
		}
	}
	if len(r.pairs) == 0 {
		return nil, fmt.Errorf("%w: %d events, %d of them of other types than %q and %d after %s", ErrNoEvents, n,
			r.counts.OtherTypes, cfg.Types, r.counts.AfterNow, now.UTC().Format(time.RFC3339))
	}
	r.arrange()
	return &r.history, nil
}

// note counts one event, or says why it is left out.
func (r *recorder) note(event *views.Event) error {
	if !slices.Contains(r.cfg.Types, event.Type) {
		r.counts.OtherTypes++
		return nil
	}
	if event.UserID == "" {
		return fmt.Errorf("user_id: is empty, expected an id")
	}
	if err := checkText("item_id", event.ItemID, 1, maxID); err != nil {
		return err
	}
	if event.Time.Unix() < 0 {
		return fmt.Errorf("time: is %s, expected 1970 or later", event.Time.UTC().Format(time.RFC3339))
	}
	if event.Time.After(r.now) {
		r.counts.AfterNow++
		return nil
	}
	user, err := r.user(event.UserID)
	if err != nil {
		return err
	}
	r.counts.Events++
	r.purchase(user, r.item(event.ItemID), event.Time)
	return nil
}

func (r *recorder) user(id string) (int32, error) {
	if user, ok := r.userOf[id]; ok {
		return user, nil
	}
	segment := r.segmentOf(id)
	if err := checkText("segment", segment, 0, maxSegment); err != nil {
		return 0, err
	}
	user := int32(len(r.segments)) //nolint:gosec // as many users do not fit into memory
	r.userOf[id] = user
	r.segments = append(r.segments, segment)
	return user, nil
}

func (r *recorder) item(id string) int32 {
	item, ok := r.itemOf[id]
	if !ok {
		item = int32(len(r.items)) //nolint:gosec // as many items do not fit into memory
		r.itemOf[id] = item
		r.items = append(r.items, id)
	}
	return item
}

func (r *recorder) purchase(user, item int32, at time.Time) {
	key := uint64(user)<<32 | uint64(item) //nolint:gosec // neither is negative
	slot, ok := r.pairOf[key]
	if !ok {
		slot = int32(len(r.pairs)) //nolint:gosec // as many pairs do not fit into memory
		r.pairOf[key] = slot
		r.pairs = append(r.pairs, pair{user: user, item: item, times: [keptTimes]int64{never, never, never, never}})
	}
	p := &r.pairs[slot]
	micros := at.UnixMicro()
	p.add(micros)
	if period := r.now.Sub(at) / r.cfg.Trend.Period; period <= time.Duration(r.cfg.Trend.PastPeriods) {
		p.periods |= 1 << period
	}
	r.from, r.to = min(r.from, micros), max(r.to, micros)
}

// arrange gives items their final indices and users their ranges of pairs, so that nothing depends on who came first.
func (r *recorder) arrange() {
	slices.Sort(r.items)
	rank := make([]int32, len(r.items))
	for i, id := range r.items {
		rank[r.itemOf[id]] = int32(i)
	}
	for i := range r.pairs {
		r.pairs[i].item = rank[r.pairs[i].item]
	}
	slices.SortFunc(r.pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.item, b.item))
	})
	r.start = make([]int32, len(r.segments)+1)
	for _, p := range r.pairs {
		r.start[p.user+1]++
	}
	for user := range r.segments {
		r.start[user+1] += r.start[user]
	}
	r.counts.Users, r.counts.Pairs = uint64(len(r.segments)), uint64(len(r.pairs))
}

// checkText refuses what a response could not carry.
func checkText(field, text string, low, high int) error {
	if len(text) < low || len(text) > high {
		return fmt.Errorf("%s: has %d bytes, expected %d to %d", field, len(text), low, high)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("%s: is %q, expected UTF-8", field, text)
	}
	return nil
}
