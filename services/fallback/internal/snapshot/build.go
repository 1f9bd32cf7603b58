package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
)

// ErrNoEvents says that no event was left to count: a snapshot of nothing would replace a useful one.
var ErrNoEvents = errors.New("no event to count")

// Build makes a snapshot of the events as of now; events after now and of types that are not counted are left out.
//
// segmentOf returns a user's segment, empty for none, and is called once for each user; nil means no segments. The order
// of the events does not matter. Memory grows with the distinct pairs of user and item, not with the events.
//
// Errors: the configuration's, the events' own, an event that names no user, item or time, a segment or item id longer
// than the API allows or not UTF-8, ErrNoEvents, and the context's.
func Build(
	ctx context.Context, cfg Config, events iter.Seq2[views.Event, error], segmentOf func(userID string) string, now time.Time,
) (*Snapshot, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("build snapshot: %w", err)
	}
	if segmentOf == nil {
		segmentOf = func(string) string { return "" }
	}
	s, err := build(ctx, cfg, events, segmentOf, now.UTC().Truncate(time.Microsecond))
	if err != nil {
		return nil, fmt.Errorf("build snapshot: %w", err)
	}
	return s, nil
}

func build(
	ctx context.Context, cfg Config, events iter.Seq2[views.Event, error], segmentOf func(string) string, now time.Time,
) (*Snapshot, error) {
	h, err := record(ctx, cfg, events, segmentOf, now)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{builtAt: now, from: time.UnixMicro(h.from).UTC(), to: time.UnixMicro(h.to).UTC(), items: h.items}
	if s.segments, err = segmentLists(ctx, cfg, h, now); err != nil {
		return nil, err
	}
	if s.neighbours, err = neighbours(ctx, cfg.Neighbours, h); err != nil {
		return nil, err
	}
	s.counts = h.counts
	s.seal()
	_, s.checksum = s.encode()
	return s, nil
}

// segmentLists makes everybody's lists and those of the largest segments.
func segmentLists(ctx context.Context, cfg Config, h *history, now time.Time) ([]Segment, error) {
	everybody := make([]int32, len(h.segments))
	members := map[string][]int32{}
	for i, name := range h.segments {
		user := int32(i)
		everybody[i] = user
		if name != "" {
			members[name] = append(members[name], user)
		}
	}
	names := largest(members, cfg.MaxSegments)
	h.counts.SegmentsLeftOut = uint64(len(members) - len(names)) //nolint:gosec // names are some of the members
	t := newTally(cfg, h, now)
	segments := []Segment{t.segment("", everybody)}
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		segments = append(segments, t.segment(name, members[name]))
	}
	return segments, nil
}

// largest returns the names of at most n segments, those with the most users, in ascending order.
func largest(members map[string][]int32, n int) []string {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(members[b]), len(members[a])), cmp.Compare(a, b))
	})
	names = names[:min(n, len(names))]
	slices.Sort(names)
	return names
}
