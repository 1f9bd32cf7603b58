//go:build refdata

package fallback

import (
	"bytes"
	"encoding/csv"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/reftest"
	"github.com/repli-mesh/repli/pkg/views"
)

// rows reads a file of the reference data as maps from column to value.
func rows(t *testing.T, name string) []map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(reftest.Dir(t), name))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := make([]map[string]string, len(lines)-1)
	for i, line := range lines[1:] {
		all[i] = map[string]string{}
		for column, value := range line {
			all[i][lines[0][column]] = value
		}
	}
	return all
}

func purchases(t *testing.T, name string) []views.Event {
	t.Helper()
	var events []views.Event
	for _, row := range rows(t, name) {
		at, err := time.Parse(time.RFC3339, row["ts"])
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, views.Event{
			ID: row["event_id"], UserID: row["user_id"], ItemID: row["item_id"], Type: row["type"], Time: at,
		})
	}
	return events
}

func TestSnapshotOfTheReferenceData(t *testing.T) {
	segments, names := map[string]string{}, map[string]bool{"": true}
	for _, row := range rows(t, "users.csv") {
		segments[row["user_id"]] = row["segment"]
		names[row["segment"]] = true
	}
	events := purchases(t, "events.csv")
	users, items, at := map[string]bool{}, map[string]bool{}, time.Time{}
	for _, event := range events {
		users[event.UserID], items[event.ItemID] = true, true
		if event.Time.After(at) {
			at = event.Time
		}
	}
	s, err := Build(t.Context(), BuildDefaults(), sequence(events...), func(user string) string { return segments[user] }, at)
	if err != nil {
		t.Fatal(err)
	}
	info := s.Info()
	if c := info.Counts; c.Events != uint64(len(events)) || c.Users != uint64(len(users)) || c.AfterNow != 0 || info.Items != len(items) {
		t.Errorf("items %d, counts %+v, expected %d events, %d users, %d items", info.Items, c, len(events), len(users), len(items))
	}
	for segment, name := range slices.Sorted(maps.Keys(names)) {
		if info.Segments[segment].Name != name {
			t.Errorf("segment %d is %q, expected %q", segment, info.Segments[segment].Name, name)
		}
		for i, want := range mostBought(events, at, func(user string) bool { return name == "" || segments[user] == name }) {
			if got := s.ID(s.Segment(name).Popular[i].Item); got != want {
				t.Errorf("segment %q: popular item %d is %s, expected %s", name, i, got, want)
			}
		}
	}
	if float64(info.WithNeighbours) < 0.9*float64(info.Items) {
		t.Errorf("%d of %d items have neighbours", info.WithNeighbours, info.Items)
	}
	path := filepath.Join(t.TempDir(), "snapshot.bin")
	if err := s.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	again, err := ReadSnapshot(path)
	if err != nil || again.Version() != s.Version() {
		t.Errorf("read %v, %v, expected version %s", again, err, s.Version())
	}
}

// mostBought works out the ten most popular items the plain way: a map of latest purchases, and a sum of their weights.
func mostBought(events []views.Event, at time.Time, counts func(user string) bool) []string {
	latest := map[[2]string]time.Time{}
	for _, event := range events {
		key := [2]string{event.UserID, event.ItemID}
		if counts(event.UserID) && event.Time.After(latest[key]) {
			latest[key] = event.Time
		}
	}
	weights := map[string]float64{}
	for key, bought := range latest {
		weights[key[1]] += math.Pow(0.5, at.Sub(bought).Hours()/24/28)
	}
	items := slices.SortedFunc(maps.Keys(weights), func(a, b string) int {
		if weights[a] > weights[b] {
			return -1
		}
		return 1
	})
	return items[:10]
}
