package conformance

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
)

func click(id string, at time.Time) views.Event {
	return views.Event{
		ID: id, UserID: "42", ItemID: "i7", Type: "purchase", Quantity: 1.5,
		Revenue: views.Money{Currency: "USD", Micros: 1_990_000}, Time: at,
	}
}

func (s *suite) events(t *testing.T, from, to time.Time) []views.Event {
	t.Helper()
	var events []views.Event
	for event, err := range s.Events(t.Context(), from, to) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	slices.SortFunc(events, func(a, b views.Event) int { return a.Time.Compare(b.Time) })
	return events
}

func (s *suite) writeEvents(t *testing.T, events ...views.Event) {
	t.Helper()
	if err := s.WriteEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

func eventWindow(t *testing.T, s *suite) {
	from, to := noon.Add(10*time.Minute), noon.Add(2*time.Hour)
	inside := []views.Event{
		click("first", from), click("later", from.Add(30*time.Minute)), click("next hour", noon.Add(time.Hour)),
		click("last", to.Add(-time.Nanosecond)),
	}
	s.writeEvents(t, append(inside, click("before", from.Add(-1)), click("after", to), click("long ago", noon.AddDate(-1, 0, 0)))...)
	s.writeEvents(t, inside...)
	s.writeEvents(t)
	if got := s.events(t, from, to); !slices.Equal(got, inside) {
		t.Fatalf("events:\n got %+v\nwant %+v", got, inside)
	}
	if got := s.events(t, noon.AddDate(-2, 0, 0), noon.AddDate(1, 0, 0)); len(got) != len(inside)+3 {
		t.Fatalf("%d events in all, want %d", len(got), len(inside)+3)
	}
	if got := s.events(t, to.AddDate(1, 0, 0), to.AddDate(2, 0, 0)); len(got) != 0 {
		t.Fatalf("events of an empty window: %+v", got)
	}
}

func eventStop(t *testing.T, s *suite) {
	const n = 2500 // more than a batch and a page
	events := make([]views.Event, n)
	for i := range events {
		events[i] = click(fmt.Sprint("e", i), noon.Add(time.Duration(i)*time.Second))
	}
	s.writeEvents(t, events...)
	if got := s.events(t, noon, noon.Add(time.Hour)); !slices.Equal(got, events) {
		t.Fatalf("%d events, want %d, each once", len(got), n)
	}
	seen := 0
	for _, err := range s.Events(t.Context(), noon, noon.Add(time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen == 10 {
			break
		}
	}
	if seen != 10 {
		t.Fatalf("saw %d events, want 10", seen)
	}
}

func journal(t *testing.T, s *suite) {
	if done, err := s.Load(t.Context(), "load 1"); err != nil || done != 0 {
		t.Fatalf("a new load is at %d, %v", done, err)
	}
	for _, done := range []int64{5, 1 << 40} {
		if err := s.Save(t.Context(), "load 1", done); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Load(t.Context(), "load 1"); err != nil || got != done {
			t.Fatalf("load is at %d, %v, want %d", got, err, done)
		}
	}
	if done, err := s.Load(t.Context(), "load 2"); err != nil || done != 0 {
		t.Fatalf("another load is at %d, %v", done, err)
	}
}
