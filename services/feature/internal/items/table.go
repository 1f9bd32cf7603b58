// Package items owns the item table: every item's packed row in memory, kept as the store has it, and shared by all who
// watch it.
//
// It reads the store through Source and never writes. It knows no RPC.
package items

import (
	"sync"
	"time"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/services/feature/internal/rows"
)

// Reasons of the faults of this package.
const (
	ReasonUnread   = "ITEMS_NOT_READ" // the store was not read yet
	ReasonWatchers = "TOO_MANY_WATCHERS"
	ReasonStopping = "STOPPING"
)

// Item is one row of the table. Its Row is never changed.
type Item struct {
	ID  string
	Row rows.Row
}

// Table is the current row of every item. Safe for concurrent use. It starts no goroutine.
type Table struct {
	limit int           // of watchers
	ready chan struct{} // closed when the store has been read once
	done  chan struct{} // closed when nobody keeps the table current any more

	mu       sync.Mutex
	rows     map[string]rows.Row
	version  uint64 // grows with every change
	checked  uint64 // how many times the table was found to be, or made, as current as the store
	read     bool
	closed   bool
	err      error     // of the last look at the store
	current  time.Time // of the last look that succeeded
	watchers map[*Watcher]struct{}
}

// NewTable returns an empty table that nobody has read yet, for at most so many watchers.
func NewTable(limit int) *Table {
	return &Table{
		limit: limit, ready: make(chan struct{}), done: make(chan struct{}), version: 1,
		rows: make(map[string]rows.Row), watchers: make(map[*Watcher]struct{}),
	}
}

// Ready is closed once the store has been read.
func (t *Table) Ready() <-chan struct{} { return t.ready }

// Done is closed when the table is no longer kept current.
func (t *Table) Done() <-chan struct{} { return t.done }

// Stats describes the table.
type Stats struct {
	Items    int
	Watchers int
	Version  uint64
	// Current is when the table was last as current as the store; zero: never.
	Current time.Time
}

// Stats returns the state of the table.
func (t *Table) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Stats{Items: len(t.rows), Watchers: len(t.watchers), Version: t.version, Current: t.current}
}

// Err returns why the last look at the store failed, or nil.
func (t *Table) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// update adds or replaces rows and removes the ids that are gone. What is the same already is no change.
func (t *Table) update(changed map[string]rows.Row, gone []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var ids []string
	for id, row := range changed {
		if old, ok := t.rows[id]; !ok || !old.Equal(row) {
			t.rows[id] = row
			ids = append(ids, id)
		}
	}
	for _, id := range gone {
		if _, ok := t.rows[id]; ok {
			delete(t.rows, id)
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	t.version++
	for w := range t.watchers {
		w.mark(ids)
	}
}

// missing returns the ids of the table that are not among the kept ones.
func (t *Table) missing(kept map[string]rows.Row) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var ids []string
	for id := range t.rows {
		if _, ok := kept[id]; !ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func (t *Table) row(id string) (rows.Row, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row, ok := t.rows[id]
	return row, ok
}

// looked notes how a look at the store ended, and when, and returns how the one before ended.
func (t *Table) looked(err error, at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := t.err
	t.err = err
	if err != nil {
		return before
	}
	t.checked++
	t.current = at
	if !t.read {
		t.read = true
		close(t.ready)
	}
	return before
}

// close ends all watching.
func (t *Table) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		close(t.done)
	}
}

// Watch returns the whole table and a watcher of what changes after it. The watcher has to be closed. It is a fault of
// kind Overloaded when there are as many watchers as there may be.
func (t *Table) Watch() (*Watcher, []Item, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.watchers) >= t.limit {
		return nil, nil, fault.New(fault.Overloaded, ReasonWatchers, "%d watchers are as many as there may be", t.limit)
	}
	w := &Watcher{table: t, pending: make(map[string]struct{}), signal: make(chan struct{}, 1), version: t.version}
	t.watchers[w] = struct{}{}
	all := make([]Item, 0, len(t.rows))
	for id, row := range t.rows {
		all = append(all, Item{ID: id, Row: row})
	}
	return w, all, nil
}
