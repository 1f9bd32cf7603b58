package fallback

import (
	"context"
	"iter"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/fallback/internal/snapshot"
)

// Snapshot is the immutable data of one build: popular and trending lists by segment, and each item's neighbours.
type Snapshot = snapshot.Snapshot

// Info is what a snapshot says of itself.
type Info = snapshot.Info

// BuildConfig says how a snapshot is built.
type BuildConfig = snapshot.Config

var (
	// ErrNoEvents says that Build found no event to count.
	ErrNoEvents = snapshot.ErrNoEvents
	// ErrCorrupt says that ReadSnapshot found a file that is not a whole and consistent snapshot of this format.
	ErrCorrupt = snapshot.ErrCorrupt
)

// BuildDefaults suits a shop that people visit weekly.
func BuildDefaults() BuildConfig { return snapshot.Defaults() }

// Build makes a snapshot of the events as of now. segmentOf returns a user's segment, empty for none; nil means no
// segments. The order of the events does not matter.
//
// Errors: the configuration's, the events' own, an event that names no user, item or time, a segment or item id longer
// than the API allows or not UTF-8, ErrNoEvents, and the context's.
func Build(
	ctx context.Context, cfg BuildConfig, events iter.Seq2[views.Event, error], segmentOf func(userID string) string,
	now time.Time,
) (*Snapshot, error) {
	return snapshot.Build(ctx, cfg, events, segmentOf, now)
}

// ReadSnapshot reads a snapshot's file and checks all of it; ErrCorrupt is in the error of a bad one.
func ReadSnapshot(path string) (*Snapshot, error) { return snapshot.Read(path) }
