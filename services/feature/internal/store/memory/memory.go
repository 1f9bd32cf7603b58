// Package memory owns a store that lives in the process: for tests, and for one process with everything in it.
//
// It keeps the rules of package store to the letter and keeps nothing beyond the life of the process.
package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// pageSize bounds the ids of a page of changes.
const pageSize = 10_000

// Store keeps rows and events in maps. Safe for concurrent use.
type Store struct {
	now     func() time.Time
	layouts map[views.Entity]*store.Layout

	mu      sync.RWMutex
	rows    map[views.Entity]map[string][]stored
	index   map[string]uint64 // item id to the version that wrote it
	head    uint64
	events  map[int64]map[string]views.Event // by hour since the epoch, then by id
	journal map[string]int64
	closed  bool
}

var _ store.Store = (*Store)(nil)

// stored is the row of one view; a zero time means none.
type stored struct {
	at     time.Time
	values []views.Value
}

// New returns an empty store of the project that reads the clock from now.
func New(project *views.Project, now func() time.Time) *Store {
	s := &Store{
		now:     now,
		layouts: make(map[views.Entity]*store.Layout),
		rows:    make(map[views.Entity]map[string][]stored),
		index:   make(map[string]uint64),
		events:  make(map[int64]map[string]views.Event),
		journal: make(map[string]int64),
	}
	for _, entity := range []views.Entity{views.User, views.Item} {
		s.layouts[entity] = store.NewLayout(project, entity)
		s.rows[entity] = make(map[string][]stored)
	}
	return s
}

// Read returns the records of the ids.
func (s *Store) Read(ctx context.Context, entity views.Entity, ids []string) ([]store.Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	layout, now := s.layouts[entity], s.now()
	records := make([]store.Record, len(ids))
	for i, id := range ids {
		records[i] = layout.Absent()
		rest := records[i].Values
		for v, row := range s.rows[entity][id] {
			view := layout.Views[v]
			values := rest[:len(view.Features)]
			rest = rest[len(values):]
			switch {
			case row.at.IsZero():
			case store.Outdated(view, row.at, now):
				records[i].Times[v] = row.at
				store.Mark(values, views.OutsideMaxAge)
			default:
				records[i].Times[v] = row.at
				copy(values, row.values)
			}
		}
	}
	return records, nil
}

// ReadBehind is Read: there is nothing to share.
func (s *Store) ReadBehind(ctx context.Context, entity views.Entity, ids []string) ([]store.Record, error) {
	return s.Read(ctx, entity, ids)
}

// Write stores rows of a view.
func (s *Store) Write(ctx context.Context, view *views.View, rows []views.Row) error {
	layout := s.layouts[view.Entity]
	place, err := layout.Place(view)
	if err != nil {
		return err
	}
	if err := layout.Check(view, rows); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	now := s.now()
	table := s.rows[view.Entity]
	for _, row := range rows {
		if table[row.EntityID] == nil {
			table[row.EntityID] = make([]stored, len(layout.Views))
		}
		values, at := store.Kept(row, now)
		table[row.EntityID][place] = stored{at: at, values: values}
	}
	if view.Entity == views.Item && len(rows) > 0 {
		s.head++
		for _, row := range rows {
			s.index[row.EntityID] = s.head
		}
	}
	return nil
}

// Changes returns items written after the version.
func (s *Store) Changes(ctx context.Context, since uint64) (store.Page, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	page := store.Page{Next: since, Head: s.head}
	if err := s.usable(ctx); err != nil || s.head <= since {
		return page, err
	}
	for id, version := range s.index {
		if version > since {
			page.IDs = append(page.IDs, id)
		}
	}
	slices.SortFunc(page.IDs, func(a, b string) int { return int(s.index[a]) - int(s.index[b]) }) //nolint:gosec // a counter
	page.IDs = s.whole(page.IDs)
	if n := len(page.IDs); n > 0 {
		page.Next = s.index[page.IDs[n-1]]
	}
	return page, nil
}

// whole cuts the ids to about a page, never between two of the same version.
func (s *Store) whole(ids []string) []string {
	end := min(pageSize, len(ids))
	for end > 0 && end < len(ids) && s.index[ids[end]] == s.index[ids[end-1]] {
		end++
	}
	return ids[:end]
}

// Scan returns the ids of all items.
func (s *Store) Scan(ctx context.Context) ([]string, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	return slices.Collect(maps.Keys(s.rows[views.Item])), nil
}

// Load returns how far a load came.
func (s *Store) Load(ctx context.Context, id string) (int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.journal[id], s.usable(ctx)
}

// Save stores how far a load came.
func (s *Store) Save(ctx context.Context, id string, done int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	s.journal[id] = done
	return nil
}

// Probe fails once the store is closed.
func (s *Store) Probe(ctx context.Context) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.usable(ctx)
}

// Close makes every later call fail.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// usable is called with the lock held.
func (s *Store) usable(ctx context.Context) error {
	if s.closed {
		return fault.New(fault.Unavailable, store.ReasonUnreachable, "the store is closed")
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
