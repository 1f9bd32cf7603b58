package conformance

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

func writtenRow(t *testing.T, s *suite) {
	s.write(t, "user_stats", userStats("42", 2.5, -7, "früh"))
	s.write(t, "user_picks", views.Row{EntityID: "42", Values: []views.Value{texts("i2", "i1")}})
	s.now = noon.Add(time.Minute)
	r := s.read(t, views.User, "42")
	same(t, r, number(2.5), integer(-7), text("früh"), texts("i2", "i1"))
	if !r.Times[0].Equal(noon) || !r.Times[1].Equal(noon) {
		t.Fatalf("times %v, want the event time, and the time of the write where there is none", r.Times)
	}
	if !r.Found() {
		t.Fatal("not found")
	}
}

// readBehind holds what a store reads, and what Layout.With says that it will read, against each other.
func readBehind(t *testing.T, s *suite) {
	layout := store.NewLayout(s.project, views.User)
	want := layout.Absent()
	for place, row := range []views.Row{
		{EntityID: "42", Values: []views.Value{number(2.5), null(), text("")}, EventTime: noon.Add(-time.Minute)},
		{EntityID: "42", Values: []views.Value{texts("i2", "i1")}},
	} {
		s.write(t, layout.Views[place].Name, row)
		want = layout.With(want, place, row, noon)
	}
	records, err := s.ReadBehind(t.Context(), views.User, []string{"7", "42"})
	if err != nil || len(records) != 2 || records[0].Found() {
		t.Fatalf("%+v, %v", records, err)
	}
	same(t, records[1], want.Values...)
	if !slices.EqualFunc(records[1].Times, want.Times, time.Time.Equal) {
		t.Fatalf("times %v, want %v", records[1].Times, want.Times)
	}
	if err := s.Probe(t.Context()); err != nil {
		t.Fatalf("probe: %v", err)
	}
}

func unknownEntity(t *testing.T, s *suite) {
	for _, id := range []string{"42", "no-integer", "042", ""} {
		r := s.read(t, views.User, id)
		missing := status(views.NotFound)
		same(t, r, missing, missing, missing, missing)
		if r.Found() {
			t.Fatalf("%q is found", id)
		}
	}
}

func viewWithoutRow(t *testing.T, s *suite) {
	s.write(t, "user_picks", views.Row{EntityID: "1", Values: []views.Value{texts()}})
	missing := status(views.NotFound)
	r := s.read(t, views.User, "1")
	same(t, r, missing, missing, missing, texts())
	if !r.Times[0].IsZero() || r.Times[1].IsZero() || !r.Found() {
		t.Fatalf("times %v", r.Times)
	}
}

func oldValues(t *testing.T, s *suite) {
	s.write(t, "user_stats", userStats("1", 1, 2, "a"))
	s.write(t, "user_picks", views.Row{EntityID: "1", Values: []views.Value{texts("i1")}, EventTime: noon})
	s.now = noon.Add(time.Hour)
	same(t, s.read(t, views.User, "1"), number(1), integer(2), text("a"), texts("i1"))
	s.now = noon.Add(time.Hour + time.Second)
	old := status(views.OutsideMaxAge)
	r := s.read(t, views.User, "1")
	same(t, r, old, old, old, texts("i1"))
	if !r.Times[0].Equal(noon) {
		t.Fatalf("the time of outdated values is %v, want %v", r.Times[0], noon)
	}
}

func nullReplaces(t *testing.T, s *suite) {
	s.write(t, "user_stats", userStats("1", 1, 2, "a"))
	s.write(t, "user_stats", views.Row{EntityID: "1", Values: []views.Value{null(), integer(0), text("")}, EventTime: noon})
	same(t, s.read(t, views.User, "1"), null(), integer(0), text(""), status(views.NotFound))
}

func ownFeaturesOnly(t *testing.T, s *suite) {
	s.write(t, "item_stats", views.Row{EntityID: "i7", Values: []views.Value{number(0.5)}})
	s.write(t, "item_facts", views.Row{EntityID: "i7", Values: []views.Value{text("fruit"), integer(3)}})
	s.write(t, "item_stats", views.Row{EntityID: "i7", Values: []views.Value{number(0.75)}})
	same(t, s.read(t, views.Item, "i7"), number(0.75), text("fruit"), integer(3))
}

func manyIDs(t *testing.T, s *suite) {
	const n = 1234 // more than a batch
	rows := make([]views.Row, n)
	ids := make([]string, 0, n+1)
	for i := range rows {
		rows[i] = views.Row{EntityID: fmt.Sprint("i", i), Values: []views.Value{number(float32(i))}}
		ids = append(ids, rows[i].EntityID)
	}
	s.write(t, "item_stats", rows...)
	records, err := s.Read(t.Context(), views.Item, append(ids, "unknown"))
	if err != nil || len(records) != n+1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for i, r := range records[:n] {
		same(t, r, number(float32(i)), status(views.NotFound), status(views.NotFound))
	}
	if records[n].Found() {
		t.Fatal("the unknown item is found")
	}
	if none, err := s.Read(t.Context(), views.Item, nil); err != nil || len(none) != 0 {
		t.Fatalf("no ids: %d records, %v", len(none), err)
	}
}

func refusedRows(t *testing.T, s *suite) {
	stats := s.view(t, "user_stats")
	for name, row := range map[string]views.Row{
		"id that is no int64": userStats("x", 1, 1, "a"),
		"no id":               userStats("", 1, 1, "a"),
		"too few values":      {EntityID: "1", Values: []views.Value{number(1)}},
	} {
		err := s.Write(t.Context(), stats, []views.Row{userStats("7", 1, 1, "a"), row})
		if reason(t, err, fault.InvalidArgument, ""); s.read(t, views.User, "7").Found() {
			t.Fatalf("%s: the row before it was written", name)
		}
	}
	stranger := &views.View{Name: "stranger", Entity: views.User}
	reason(t, s.Write(t.Context(), stranger, nil), fault.NotFound, "")
}
