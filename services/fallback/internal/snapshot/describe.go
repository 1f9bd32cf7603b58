package snapshot

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Info is what a snapshot says of itself, for people and for JSON.
type Info struct {
	// Version is the first 8 bytes of the checksum in hexadecimal.
	Version string `json:"version"`
	// Checksum is the SHA-256 of the file without its trailer, in hexadecimal.
	Checksum string `json:"checksum"`
	// BuiltAt is the time of the build.
	BuiltAt time.Time `json:"built_at"`
	// From and To are the times of the first and last event that counted.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Items is the number of items.
	Items int `json:"items"`
	// WithNeighbours is the number of items that have neighbours.
	WithNeighbours int `json:"with_neighbours"`
	// Neighbours is the length of all lists of neighbours together.
	Neighbours int `json:"neighbours"`
	// Segments are everybody, then the segments by name.
	Segments []SegmentInfo `json:"segments"`
	// Counts says what the snapshot was built from.
	Counts Counts `json:"counts"`
}

// SegmentInfo gives the lengths of a segment's lists. The name is empty for everybody.
type SegmentInfo struct {
	Name     string `json:"name"`
	Popular  int    `json:"popular"`
	Trending int    `json:"trending"`
}

// Version returns the first 8 bytes of the checksum in hexadecimal.
func (s *Snapshot) Version() string { return hex.EncodeToString(s.checksum[:8]) }

// Info returns what the snapshot says of itself.
func (s *Snapshot) Info() Info {
	info := Info{
		Version: s.Version(), Checksum: hex.EncodeToString(s.checksum[:]), BuiltAt: s.builtAt, From: s.from, To: s.to,
		Items: len(s.items), Counts: s.counts,
	}
	for _, entries := range s.neighbours {
		info.Neighbours += len(entries)
		if len(entries) > 0 {
			info.WithNeighbours++
		}
	}
	for i := range s.segments {
		segment := &s.segments[i]
		info.Segments = append(info.Segments, SegmentInfo{segment.Name, len(segment.Popular), len(segment.Trending)})
	}
	return info
}

// Describe writes what the snapshot holds, with the first top items of each list. Its error is the writer's.
func (s *Snapshot) Describe(w io.Writer, top int) error {
	info, c := s.Info(), s.counts
	var text bytes.Buffer // which takes everything, so that one error is left: the writer's
	t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("version", "%s", info.Version)
	row("checksum", "%s", info.Checksum)
	row("built at", "%s", info.BuiltAt.Format(time.RFC3339))
	row("window", "%s to %s", info.From.Format(time.RFC3339), info.To.Format(time.RFC3339))
	row("events", "%d counted, %d of other types, %d after the build", c.Events, c.OtherTypes, c.AfterNow)
	row("users", "%d, %d pairs with items", c.Users, c.Pairs)
	row("items", "%d, %d with neighbours (%d in all)", info.Items, info.WithNeighbours, info.Neighbours)
	row("left out", "%d segments, %d large baskets, the ends of %d long histories",
		c.SegmentsLeftOut, c.LargeBaskets, c.LongHistories)
	for i := range s.segments {
		segment := &s.segments[i]
		name := segment.Name
		if name == "" {
			name = "(everybody)"
		}
		row(name, "%d popular: %s", len(segment.Popular), s.first(segment.Popular, top))
		row("", "%d trending: %s", len(segment.Trending), s.first(segment.Trending, top))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := text.WriteTo(w)
	return err
}

func (s *Snapshot) first(entries []Entry, n int) string {
	var b strings.Builder
	for _, e := range entries[:max(0, min(n, len(entries)))] {
		fmt.Fprintf(&b, "%s (%.3f) ", s.items[e.Item], e.Score)
	}
	return strings.TrimSpace(b.String())
}
