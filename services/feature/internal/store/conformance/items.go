package conformance

import (
	"fmt"
	"slices"
	"testing"

	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

func popular(ids ...string) []views.Row {
	rows := make([]views.Row, len(ids))
	for i, id := range ids {
		rows[i] = views.Row{EntityID: id, Values: []views.Value{number(1)}, EventTime: noon}
	}
	return rows
}

// drain follows the feed from a version to its end.
func (s *suite) drain(t *testing.T, since uint64) (ids []string, page store.Page) {
	t.Helper()
	for {
		page, err := s.Changes(t.Context(), since)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.IDs) == 0 {
			if page.Next != since {
				t.Fatalf("an empty page moves from %d to %d", since, page.Next)
			}
			slices.Sort(ids)
			return ids, page
		}
		if page.Next <= since || page.Next > page.Head {
			t.Fatalf("page moves from %d to %d, head %d", since, page.Next, page.Head)
		}
		ids, since = append(ids, page.IDs...), page.Next
	}
}

func changes(t *testing.T, s *suite) {
	if ids, page := s.drain(t, 0); len(ids) != 0 || page.Head != 0 {
		t.Fatalf("an empty store has %v, %+v", ids, page)
	}
	s.write(t, "user_stats", userStats("1", 1, 1, "a"))
	if _, page := s.drain(t, 0); page.Head != 0 {
		t.Fatalf("users entered the index of items: %+v", page)
	}
	s.write(t, "item_stats", popular("i1", "i2")...)
	ids, first := s.drain(t, 0)
	if !slices.Equal(ids, []string{"i1", "i2"}) || first.Head != first.Next {
		t.Fatalf("feed: %v, %+v", ids, first)
	}
	s.write(t, "item_facts", views.Row{EntityID: "i3", Values: []views.Value{text("x"), integer(1)}})
	if ids, _ := s.drain(t, first.Next); !slices.Equal(ids, []string{"i3"}) {
		t.Fatalf("feed since %d: %v", first.Next, ids)
	}
	if ids, _ := s.drain(t, 0); !slices.Equal(ids, []string{"i1", "i2", "i3"}) {
		t.Fatalf("feed from the start: %v", ids)
	}
}

func writingAgain(t *testing.T, s *suite) {
	s.write(t, "item_stats", popular("i1", "i2")...)
	before := s.read(t, views.Item, "i1")
	_, page := s.drain(t, 0)
	s.write(t, "item_stats", popular("i1")...)
	same(t, s.read(t, views.Item, "i1"), before.Values...)
	if ids, again := s.drain(t, page.Next); !slices.Equal(ids, []string{"i1"}) || again.Head <= page.Head {
		t.Fatalf("feed: %v, %+v after %+v", ids, again, page)
	}
	if ids, _ := s.drain(t, 0); !slices.Equal(ids, []string{"i1", "i2"}) {
		t.Fatalf("feed from the start: %v", ids)
	}
}

func manyChanges(t *testing.T, s *suite) {
	const n = 12_345 // more than a page
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("i%05d", i))
	}
	s.write(t, "item_stats", popular(want...)...)
	if ids, _ := s.drain(t, 0); !slices.Equal(ids, want) {
		t.Fatalf("%d ids, want %d, each once", len(ids), n)
	}
}

func scan(t *testing.T, s *suite) {
	s.write(t, "user_stats", userStats("1", 1, 1, "a"), userStats("2", 1, 1, "a"))
	want := []string{"*", "[i]", `\`, "i1", "i2", "i2shop", "item:4", "ü"}
	s.write(t, "item_stats", popular(want...)...)
	s.write(t, "item_facts", views.Row{EntityID: "i1", Values: []views.Value{text("x"), integer(1)}})
	ids, err := s.Scan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	slices.Sort(want)
	if !slices.Equal(ids, want) {
		t.Fatalf("scan: %q, want %q", ids, want)
	}
}
