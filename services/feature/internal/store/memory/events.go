package memory

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
)

func hourOf(t time.Time) int64 { return t.Truncate(time.Hour).Unix() }

// WriteEvents stores events.
func (s *Store) WriteEvents(ctx context.Context, events []views.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	for _, event := range events {
		hour := hourOf(event.Time)
		if s.events[hour] == nil {
			s.events[hour] = make(map[string]views.Event)
		}
		s.events[hour][event.ID] = event
	}
	return nil
}

// Events yields the events of [from, to). Events that are written meanwhile may be among them.
func (s *Store) Events(ctx context.Context, from, to time.Time) iter.Seq2[views.Event, error] {
	return func(yield func(views.Event, error) bool) {
		for _, hour := range s.hours(from, to) {
			events, err := s.hour(ctx, hour)
			if err != nil {
				yield(views.Event{}, err)
				return
			}
			for _, event := range events {
				if !event.Time.Before(from) && event.Time.Before(to) && !yield(event, nil) {
					return
				}
			}
		}
	}
}

func (s *Store) hours(from, to time.Time) []int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	hours := slices.DeleteFunc(slices.Sorted(maps.Keys(s.events)), func(hour int64) bool {
		return hour < hourOf(from) || !time.Unix(hour, 0).Before(to)
	})
	return hours
}

func (s *Store) hour(ctx context.Context, hour int64) ([]views.Event, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Values(s.events[hour])), s.usable(ctx)
}
