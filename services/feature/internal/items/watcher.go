package items

import "github.com/repli-mesh/repli/services/feature/internal/rows"

// Watcher learns what changes in a table. However slow it is, it holds no more than the ids of the items: changes of one
// item merge. For one goroutine.
type Watcher struct {
	table   *Table
	signal  chan struct{}
	version uint64

	// Guarded by the table's lock.
	pending map[string]struct{}
}

// Changed delivers when there is something to Take.
func (w *Watcher) Changed() <-chan struct{} { return w.signal }

// Version returns the version of what was taken last, at first of the whole table.
func (w *Watcher) Version() uint64 { return w.version }

// Take returns the current rows of the items that changed since the last call; absent stands for those that are gone.
func (w *Watcher) Take(absent rows.Row) []Item {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	items := make([]Item, 0, len(w.pending))
	for id := range w.pending {
		row, ok := w.table.rows[id]
		if !ok {
			row = absent
		}
		items = append(items, Item{ID: id, Row: row})
	}
	clear(w.pending)
	w.version = w.table.version
	return items
}

// Checked returns how many times the table was seen to be as current as the store.
func (w *Watcher) Checked() uint64 {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	return w.table.checked
}

// Close ends the watching.
func (w *Watcher) Close() {
	w.table.mu.Lock()
	defer w.table.mu.Unlock()
	delete(w.table.watchers, w)
}

// mark is called with the table's lock held and never blocks.
func (w *Watcher) mark(ids []string) {
	for _, id := range ids {
		w.pending[id] = struct{}{}
	}
	select {
	case w.signal <- struct{}{}:
	default:
	}
}
