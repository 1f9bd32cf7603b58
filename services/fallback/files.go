package fallback

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
)

// Files are what a snapshot can be built from.
type Files struct {
	// Project declares the columns of events, and which feature of users is their segment.
	Project *views.Project
	// Users hold the segments; none means that there are no segments.
	Users []dataset.Source
	// Events are what users did.
	Events []dataset.Source
}

// BuildFromFiles makes a snapshot of files as of `now`; a zero time means as of the latest event, which suits data that
// end in the past. Errors are those of Build and of reading the files, with file and line.
func BuildFromFiles(ctx context.Context, cfg BuildConfig, files Files, now time.Time) (*Snapshot, error) {
	if now.IsZero() {
		latest, err := Latest(files.events(ctx))
		if err != nil {
			return nil, err
		}
		now = latest
	}
	segments, err := files.segments(ctx)
	if err != nil {
		return nil, err
	}
	segmentOf := func(userID string) string { return segments[userID] }
	return Build(ctx, cfg, files.events(ctx), segmentOf, now)
}

// Latest returns the time of the latest event, ErrNoEvents when there is none, or the events' own error.
func Latest(events iter.Seq2[views.Event, error]) (time.Time, error) {
	var latest time.Time
	for event, err := range events {
		if err != nil {
			return time.Time{}, err
		}
		if event.Time.After(latest) {
			latest = event.Time
		}
	}
	if latest.IsZero() {
		return time.Time{}, ErrNoEvents
	}
	return latest, nil
}

// events yields the events of all files, one after another.
func (f Files) events(ctx context.Context) iter.Seq2[views.Event, error] {
	return func(yield func(views.Event, error) bool) {
		for _, source := range f.Events {
			for record, err := range dataset.Events(ctx, f.Project, source) {
				if !yield(record.Event, err) {
					return
				}
			}
		}
	}
}

// segments returns the segment of every user that has one.
func (f Files) segments(ctx context.Context) (map[string]string, error) {
	segments := map[string]string{}
	view, feature := segmentFeature(f.Project)
	if view == nil {
		return segments, nil
	}
	for _, source := range f.Users {
		for record, err := range dataset.Rows(ctx, f.Project, source, view) {
			if err != nil {
				return nil, fmt.Errorf("segments: %w", err)
			}
			if value := record.Row.Values[feature]; value.Status == views.Present {
				segments[record.Row.EntityID] = value.Text
			}
		}
	}
	return segments, nil
}

// segmentFeature finds the feature whose role is segment: its view and its place there. Nil when there is none.
func segmentFeature(project *views.Project) (*views.View, int) {
	for _, view := range project.ViewsOf(views.User) {
		for i, feature := range view.Features {
			if feature.Role == views.Segment {
				return view, i
			}
		}
	}
	return nil, 0
}
