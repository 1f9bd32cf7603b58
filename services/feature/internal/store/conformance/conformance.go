// Package conformance owns the tests that every store passes: what package store promises, as code.
package conformance

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// Declaration is the project that the suite stores; two views of each entity, all dtypes.
const Declaration = `
project: shop
entities:
  user: {join_key: user_id, type: int64}
  item: {join_key: item_id, type: string}
views:
  - name: user_stats
    entity: user
    freshness: 1h
    features:
      - {name: lines, dtype: float32, nullable: true}
      - {name: orders, dtype: int64, nullable: true}
      - {name: segment, dtype: string, nullable: true, role: segment}
  - name: user_picks
    entity: user
    features:
      - {name: picks, dtype: string_list, nullable: true, role: candidates}
  - name: item_stats
    entity: item
    features:
      - {name: popularity, dtype: float32}
  - name: item_facts
    entity: item
    features:
      - {name: aisle, dtype: string}
      - {name: stock, dtype: int64}
`

// Open makes an empty store of the project with the clock. The suite closes it.
type Open func(t *testing.T, project *views.Project, now func() time.Time) store.Store

// noon is the suite's time.
var noon = time.Date(2017, 11, 6, 12, 0, 0, 0, time.UTC)

// suite is one store under test.
type suite struct {
	store.Store
	project *views.Project
	now     time.Time
}

// Run runs the suite; open is called for each part.
func Run(t *testing.T, open Open) {
	t.Helper()
	for name, part := range map[string]func(*testing.T, *suite){
		"a written row is read back as it was":        writtenRow,
		"a read behind gives the same":                readBehind,
		"an unknown entity is NOT_FOUND":              unknownEntity,
		"a view without a row is NOT_FOUND":           viewWithoutRow,
		"old values are OUTSIDE_MAX_AGE":              oldValues,
		"null replaces a value":                       nullReplaces,
		"a view replaces its own features only":       ownFeaturesOnly,
		"many ids are read in their order":            manyIDs,
		"rows that cannot be stored are refused":      refusedRows,
		"items enter the index and the feed":          changes,
		"writing again changes only the version":      writingAgain,
		"a change feed of many versions has no holes": manyChanges,
		"a scan finds all items once":                 scan,
		"events come back once, in their window":      eventWindow,
		"a reader of events may stop":                 eventStop,
		"the journal remembers":                       journal,
		"a cancelled call ends":                       cancelled,
		"a closed store is unavailable":               closed,
	} {
		t.Run(name, func(t *testing.T) {
			project, err := views.Parse("views.yaml", []byte(Declaration))
			if err != nil {
				t.Fatal(err)
			}
			s := &suite{project: project, now: noon}
			s.Store = open(t, project, func() time.Time { return s.now })
			defer func() { _ = s.Close() }() // one part closes it itself
			part(t, s)
		})
	}
}

func (s *suite) view(t *testing.T, name string) *views.View {
	t.Helper()
	view, ok := s.project.View(name)
	if !ok {
		t.Fatalf("no view %s", name)
	}
	return view
}

func (s *suite) write(t *testing.T, view string, rows ...views.Row) {
	t.Helper()
	if err := s.Write(t.Context(), s.view(t, view), rows); err != nil {
		t.Fatalf("write %s: %v", view, err)
	}
}

func (s *suite) read(t *testing.T, entity views.Entity, id string) store.Record {
	t.Helper()
	records, err := s.Read(t.Context(), entity, []string{id})
	if err != nil || len(records) != 1 || records[0].Err != nil {
		t.Fatalf("read: %d records, %v", len(records), errors.Join(err, firstErr(records)))
	}
	return records[0]
}

func firstErr(records []store.Record) error {
	for _, r := range records {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

func number(n float32) views.Value      { return views.Value{Status: views.Present, Number: n} }
func integer(n int64) views.Value       { return views.Value{Status: views.Present, Integer: n} }
func text(s string) views.Value         { return views.Value{Status: views.Present, Text: s} }
func texts(s ...string) views.Value     { return views.Value{Status: views.Present, Texts: s} }
func null() views.Value                 { return views.Value{Status: views.NullValue} }
func status(s views.Status) views.Value { return views.Value{Status: s} }

func userStats(id string, lines float32, orders int64, segment string) views.Row {
	return views.Row{EntityID: id, Values: []views.Value{number(lines), integer(orders), text(segment)}, EventTime: noon}
}

func same(t *testing.T, r store.Record, want ...views.Value) {
	t.Helper()
	equal := func(a, b views.Value) bool {
		return a.Status == b.Status && a.Number == b.Number && a.Integer == b.Integer && a.Text == b.Text &&
			slices.Equal(a.Texts, b.Texts)
	}
	if !slices.EqualFunc(r.Values, want, equal) {
		t.Fatalf("values:\n got %+v\nwant %+v", r.Values, want)
	}
}

func reason(t *testing.T, err error, kind fault.Kind, want string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != kind || f.Reason != want {
		t.Fatalf("error %v, want kind %d with reason %q", err, kind, want)
	}
}

func cancelled(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Read(ctx, views.User, []string{"1"}); !errors.Is(err, context.Canceled) {
		t.Fatalf("read: %v", err)
	}
	if err := s.Write(ctx, s.view(t, "user_stats"), []views.Row{userStats("1", 1, 1, "a")}); !errors.Is(err, context.Canceled) {
		t.Fatalf("write: %v", err)
	}
}

func closed(t *testing.T, s *suite) {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Read(t.Context(), views.User, []string{"1"})
	reason(t, err, fault.Unavailable, store.ReasonUnreachable)
	_, err = s.ReadBehind(t.Context(), views.User, []string{"1"})
	reason(t, err, fault.Unavailable, store.ReasonUnreachable)
	reason(t, s.Probe(t.Context()), fault.Unavailable, store.ReasonUnreachable)
	reason(t, s.Save(t.Context(), "load", 1), fault.Unavailable, store.ReasonUnreachable)
}
