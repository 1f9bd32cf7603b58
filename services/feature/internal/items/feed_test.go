package items_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/items"
	"github.com/repli-mesh/repli/services/feature/internal/rows"
	"github.com/repli-mesh/repli/services/feature/internal/store"
	"github.com/repli-mesh/repli/services/feature/internal/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const declaration = `
project: shop
entities:
  user: {join_key: user_id, type: string}
  item: {join_key: item_id, type: string}
views:
  - name: stats
    entity: item
    freshness: 1h
    features: [{name: popularity, dtype: float32}]
`

// source is a memory store that can fail, lose what it had, have no index, and hold a corrupt item.
type source struct {
	mu      sync.Mutex
	store   *memory.Store
	err     error
	corrupt string
	noIndex bool
	scans   int
}

// change changes the source while a feed reads it.
func (s *source) change(how func(*source)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how(s)
}

func (s *source) fail(err error) { s.change(func(s *source) { s.err = err }) }

func (s *source) ReadItems(ctx context.Context, ids []string) ([]store.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	records, err := s.store.Read(ctx, views.Item, ids)
	for i, id := range ids {
		if id == s.corrupt {
			records[i] = store.Record{Err: fault.New(fault.Unavailable, store.ReasonCorrupt, "garbage")}
		}
	}
	return records, err
}

func (s *source) Changes(ctx context.Context, since uint64) (store.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.err != nil:
		return store.Page{}, s.err
	case s.noIndex:
		return store.Page{Next: since}, nil // and Head 0
	default:
		return s.store.Changes(ctx, since)
	}
}

func (s *source) Scan(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scans++
	return s.store.Scan(ctx)
}

// world is a feed at work in a bubble of testing/synctest.
type world struct {
	*source
	t       *testing.T
	project *views.Project
	layout  *rows.Layout
	table   *items.Table
	feed    *items.Feed
	stop    func()
}

func newWorld(t *testing.T) *world {
	project, err := views.Parse("views.yaml", []byte(declaration))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, project: project, layout: rows.New(project, views.Item), table: items.NewTable(2)}
	w.source = &source{store: memory.New(project, time.Now)}
	cfg := items.Defaults()
	cfg.ChunkRows = 2
	w.feed = items.NewFeed(cfg, w.source, w.layout, w.table, telemetry.Discard().Logger, time.Now)
	return w
}

func (w *world) start() {
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.feed.Run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	w.stop = func() {
		cancel()
		<-done
	}
	synctest.Wait()
}

func (w *world) write(popularity float32, ids ...string) {
	w.t.Helper()
	view, _ := w.project.View("stats")
	var rows []views.Row
	for _, id := range ids {
		rows = append(rows, views.Row{EntityID: id, Values: []views.Value{{Status: views.Present, Number: popularity}}})
	}
	if err := w.store.Write(w.t.Context(), view, rows); err != nil {
		w.t.Fatal(err)
	}
}

// wait lets time pass and the feed come to rest.
func wait(d time.Duration) {
	time.Sleep(d) // of the bubble
	synctest.Wait()
}

func text(all []items.Item) []string {
	var lines []string
	for _, item := range all {
		lines = append(lines, fmt.Sprint(item.ID, "=", item.Row.Numbers[0], " ", views.Status(item.Row.Statuses[0])))
	}
	slices.Sort(lines)
	return lines
}

func (w *world) holds(want ...string) {
	w.t.Helper()
	watcher, all, err := w.table.Watch()
	if err != nil {
		w.t.Fatal(err)
	}
	watcher.Close()
	if got := text(all); !slices.Equal(got, want) {
		w.t.Fatalf("table: %q, want %q", got, want)
	}
}

func run(t *testing.T, name string, test func(t *testing.T, w *world)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, newWorld(t)) })
	})
}

func TestFeed(t *testing.T) {
	t.Parallel()
	run(t, "reads the whole table and follows changes", func(t *testing.T, w *world) {
		w.write(1, "a", "b", "c", "d", "e")
		w.start()
		defer w.stop()
		w.holds("a=1 PRESENT", "b=1 PRESENT", "c=1 PRESENT", "d=1 PRESENT", "e=1 PRESENT")
		w.write(2, "b", "f")
		wait(time.Second)
		w.holds("a=1 PRESENT", "b=2 PRESENT", "c=1 PRESENT", "d=1 PRESENT", "e=1 PRESENT", "f=2 PRESENT")
		if w.scans != 0 {
			t.Fatalf("%d scans of a store with an index", w.scans)
		}
	})
	run(t, "a kick spares the wait", func(_ *testing.T, w *world) {
		w.start()
		defer w.stop()
		w.write(1, "a")
		w.feed.Kick()
		synctest.Wait()
		w.holds("a=1 PRESENT")
	})
	run(t, "an empty store has an empty table", func(t *testing.T, w *world) {
		w.start()
		defer w.stop()
		select {
		case <-w.table.Ready():
		default:
			t.Fatal("not ready")
		}
		w.holds()
	})
	run(t, "without an index it scans, now and then, until there is one", func(t *testing.T, w *world) {
		w.change(func(s *source) { s.noIndex = true })
		w.write(1, "a")
		w.start()
		defer w.stop()
		w.holds("a=1 PRESENT")
		w.write(2, "a", "b")
		wait(9 * time.Minute)
		w.holds("a=1 PRESENT")
		wait(time.Minute)
		w.holds("a=2 PRESENT", "b=2 PRESENT")
		if w.scans != 2 {
			t.Fatalf("%d scans, want 2", w.scans)
		}
		w.change(func(s *source) { s.noIndex = false })
		w.write(3, "a")
		wait(time.Second)
		w.holds("a=3 PRESENT", "b=2 PRESENT")
	})
	run(t, "values grow old by the next rescan", func(_ *testing.T, w *world) {
		w.write(1, "a")
		w.start()
		defer w.stop()
		wait(time.Hour + 10*time.Minute)
		w.holds("a=0 OUTSIDE_MAX_AGE")
	})
	run(t, "an unreadable item keeps its row", func(_ *testing.T, w *world) {
		w.write(1, "a", "b")
		w.change(func(s *source) { s.corrupt = "never read" })
		w.start()
		defer w.stop()
		w.change(func(s *source) { s.corrupt = "a" })
		w.write(2, "a", "b")
		wait(time.Second)
		w.holds("a=1 PRESENT", "b=2 PRESENT")
		wait(10 * time.Minute)
		w.holds("a=1 PRESENT", "b=2 PRESENT")
	})
	run(t, "a fault leaves the table as it is", func(t *testing.T, w *world) {
		w.fail(fault.New(fault.Unavailable, store.ReasonTimeout, "slow"))
		w.start()
		defer w.stop()
		select {
		case <-w.table.Ready():
			t.Fatal("ready before the store was read")
		default:
		}
		if fault.Reason(w.table.Err()) != store.ReasonTimeout {
			t.Fatalf("the table does not say why: %v", w.table.Err())
		}
		w.write(1, "a")
		w.fail(nil)
		wait(time.Second)
		w.holds("a=1 PRESENT")
		current := w.table.Stats().Current
		w.fail(fault.New(fault.Unavailable, store.ReasonTimeout, "slow"))
		wait(time.Minute)
		w.holds("a=1 PRESENT")
		if got := w.table.Stats().Current; !got.Equal(current) {
			t.Fatalf("the table claims to be current at %v, was at %v", got, current)
		}
	})
	run(t, "a store that lost everything leaves the last table, until it is time to look for what is gone", func(_ *testing.T, w *world) {
		w.write(1, "a", "b")
		w.write(2, "c")
		w.start()
		defer w.stop()
		w.change(func(s *source) { s.store = memory.New(w.project, time.Now) })
		wait(time.Second)
		w.holds("a=1 PRESENT", "b=1 PRESENT", "c=2 PRESENT")
		w.write(3, "a")
		wait(time.Second)
		w.holds("a=3 PRESENT", "b=1 PRESENT", "c=2 PRESENT")
		wait(10 * time.Minute)
		w.holds("a=3 PRESENT")
	})
	run(t, "evictions that take the index, too, take no item out of the table at once", func(_ *testing.T, w *world) {
		w.write(1, "a", "b", "c")
		w.start()
		defer w.stop()
		w.change(func(s *source) { s.store, s.noIndex = memory.New(w.project, time.Now), true })
		w.write(2, "b")
		wait(time.Minute)
		w.holds("a=1 PRESENT", "b=2 PRESENT", "c=1 PRESENT")
		wait(10 * time.Minute)
		w.holds("b=2 PRESENT")
	})
	run(t, "the end of the feed is the end of watching", func(t *testing.T, w *world) {
		w.start()
		w.stop()
		<-w.table.Done()
	})
}

func TestWatcher(t *testing.T) {
	t.Parallel()
	run(t, "changes of one item merge", func(t *testing.T, w *world) {
		w.write(0, "a", "b")
		w.start()
		defer w.stop()
		watcher, _, err := w.table.Watch()
		if err != nil {
			t.Fatal(err)
		}
		defer watcher.Close()
		before := watcher.Version()
		for i := range 100 {
			w.write(float32(i+1), "a")
			wait(time.Second)
		}
		<-watcher.Changed()
		if got := text(watcher.Take(w.layout.Absent())); !slices.Equal(got, []string{"a=100 PRESENT"}) {
			t.Fatalf("taken: %q", got)
		}
		if watcher.Version() != before+100 {
			t.Fatalf("version %d after %d and 100 changes", watcher.Version(), before)
		}
		select {
		case <-watcher.Changed():
			t.Fatal("more to take")
		default:
		}
	})
	run(t, "the same rows again are no change", func(t *testing.T, w *world) {
		w.write(1, "a")
		w.start()
		defer w.stop()
		watcher, _, _ := w.table.Watch()
		defer watcher.Close()
		w.write(1, "a")
		wait(time.Second)
		select {
		case <-watcher.Changed():
			t.Fatal("a change")
		default:
		}
		if watcher.Checked() < 2 {
			t.Fatalf("checked %d times", watcher.Checked())
		}
	})
	run(t, "an item that is gone is sent as absent", func(t *testing.T, w *world) {
		w.write(1, "a", "b")
		w.start()
		defer w.stop()
		watcher, _, _ := w.table.Watch()
		defer watcher.Close()
		w.change(func(s *source) { s.store = memory.New(w.project, time.Now) })
		w.write(1, "a")
		wait(10 * time.Minute)
		<-watcher.Changed()
		if got := text(watcher.Take(w.layout.Absent())); !slices.Equal(got, []string{"b=0 NOT_FOUND"}) {
			t.Fatalf("taken: %q", got)
		}
	})
	run(t, "there are only so many", func(t *testing.T, w *world) {
		for range 2 {
			if _, _, err := w.table.Watch(); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := w.table.Watch(); fault.Reason(err) != items.ReasonWatchers {
			t.Fatalf("error %v", err)
		}
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	if err := items.Defaults().Validate(); err != nil {
		t.Fatal(err)
	}
	if err := (items.Config{Poll: -1}).Validate(); err == nil {
		t.Fatal("accepted")
	}
}
