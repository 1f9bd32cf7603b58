package load_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/load"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

const shopYAML = `
project: demo
entities:
  user: {join_key: user_id, type: string}
  item: {join_key: item_id, type: string}
views:
  - name: user_stats
    entity: user
    features: [{name: u_age, dtype: float32, range: [0, 150]}]
  - name: user_taste
    entity: user
    features: [{name: u_taste, dtype: string, nullable: true}]
  - name: item_stats
    entity: item
    features: [{name: i_price, dtype: float32}]
events: {id: event_id, user: user_id, item: item_id, type: type, quantity: quantity, revenue: revenue, currency: USD, time: ts}
`

func shop(t testing.TB) *views.Project {
	t.Helper()
	project, err := views.Parse("views.yaml", []byte(shopYAML))
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func source(t testing.TB, name, content string) dataset.Source {
	t.Helper()
	s, err := dataset.FromFS(fstest.MapFS{name: {Data: []byte(content)}}, name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// onDisk returns a file that a test can change.
func onDisk(t testing.TB, name, content string) (dataset.Source, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := dataset.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s, path
}

func usersCSV(from, to int) string {
	var b strings.Builder
	b.WriteString("user_id,u_age,u_taste\n")
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "u%d,%d,t%d\n", i, i%90, i)
	}
	return b.String()
}

func itemsCSV(n int) string {
	var b strings.Builder
	b.WriteString("item_id,i_price\n")
	for i := range n {
		fmt.Fprintf(&b, "i%d,%d.5\n", i, i)
	}
	return b.String()
}

func eventsCSV(n int) string {
	var b strings.Builder
	b.WriteString("event_id,user_id,item_id,type,quantity,revenue,ts\n")
	for i := range n {
		fmt.Fprintf(&b, "e%d,u%d,i%d,purchase,1,2.5,2026-01-01T00:00:%02dZ\n", i, i, i, i%60)
	}
	return b.String()
}

// whole is users in two files, items and events, of 60 + 35 + 20 + 30 records.
func whole(t testing.TB) load.Input {
	return load.Input{
		Project: shop(t),
		Users:   []dataset.Source{source(t, "users-1.csv", usersCSV(0, 60)), source(t, "users-2.csv", usersCSV(60, 95))},
		Items:   []dataset.Source{source(t, "items.csv", itemsCSV(20))},
		Events:  []dataset.Source{source(t, "events.csv", eventsCSV(30))},
	}
}

const wholeRecords = 60 + 35 + 20 + 30

// recorder is a sink and a journal in memory.
type recorder struct {
	mu     sync.Mutex
	stored map[string]string // what was written, by view or "event", and id
	writes []string          // the same keys, each time one is written
	calls  int
	before func(ctx context.Context, call int) error // of each call, counted from 1, outside of the lock
	done   map[string]int64
	saved  []int64
	onLoad func()
}

func newRecorder() *recorder {
	return &recorder{stored: map[string]string{}, done: map[string]int64{}}
}

func (r *recorder) call(ctx context.Context) error {
	r.mu.Lock()
	r.calls++
	call := r.calls
	r.mu.Unlock()
	if r.before == nil {
		return nil
	}
	return r.before(ctx, call)
}

func (r *recorder) put(key, value string) {
	r.stored[key] = value
	r.writes = append(r.writes, key)
}

func (r *recorder) WriteRows(ctx context.Context, view *views.View, rows []views.Row) error {
	if err := r.call(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, row := range rows {
		if err := view.Check(row); err != nil {
			return err
		}
		r.put(view.Name+"/"+row.EntityID, fmt.Sprintf("%+v", row))
	}
	return nil
}

func (r *recorder) WriteEvents(ctx context.Context, events []views.Event) error {
	if err := r.call(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, event := range events {
		r.put("event/"+event.ID, fmt.Sprintf("%+v", event))
	}
	return nil
}

func (r *recorder) Load(_ context.Context, id string) (int64, error) {
	if r.onLoad != nil {
		r.onLoad()
	}
	return r.done[id], nil
}

func (r *recorder) Save(_ context.Context, id string, done int64) error {
	r.done[id] = done
	r.saved = append(r.saved, done)
	return nil
}

// count returns how many keys were written that start with the prefix.
func (r *recorder) count(prefix string) int {
	n := 0
	for key := range r.stored {
		if strings.HasPrefix(key, prefix) {
			n++
		}
	}
	return n
}

func config(batchRows, workers int) load.Config {
	cfg := load.Defaults()
	cfg.BatchRows, cfg.Workers = batchRows, workers
	return cfg
}

// unbroken returns what a load stores that nothing disturbs.
func unbroken(t testing.TB) map[string]string {
	t.Helper()
	r := newRecorder()
	if _, err := load.Run(t.Context(), whole(t), r, r, load.Defaults(), nil); err != nil {
		t.Fatal(err)
	}
	return r.stored
}

func sameStored(t *testing.T, got, want map[string]string) {
	t.Helper()
	if maps.Equal(got, want) {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if got[key] != want[key] {
			t.Errorf("%s is %q, want %q", key, got[key], want[key])
		}
	}
	t.Errorf("%d keys, want %d", len(got), len(want))
}
