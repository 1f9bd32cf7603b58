package shop

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// demoShop is generated once for all tests: it is read-only.
var demoShop = sync.OnceValue(func() *Shop { return Generate(Defaults()) })

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "new")
	if err := demoShop().Write(folder); err != nil {
		t.Fatal(err)
	}
	files, err := Generate(Defaults()).Files()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 5 {
		t.Errorf("Files: got %d files, expected 5", len(files))
	}
	for name, data := range files {
		written, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Error(err)
		}
		if !bytes.Equal(data, written) {
			t.Errorf("%s differs between two runs", name)
		}
	}
}

func TestAnotherSeedIsAnotherShop(t *testing.T) {
	t.Parallel()
	s := Generate(Config{Seed: 7})
	if n := len(s.Events); n == len(demoShop().Events) {
		t.Errorf("both shops have %d events", n)
	}
	if s.Items[0].Title == demoShop().Items[0].Title && s.Items[1].Title == demoShop().Items[1].Title {
		t.Error("both shops begin with the same items")
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	s := demoShop()
	if n := len(s.Events); n < 60_000 || n > 80_000 {
		t.Errorf("%d events before T, expected 60000 to 80000", n)
	}
	start := T().AddDate(0, 0, -Days)
	checkEvents(t, s, s.Events, start, T())
	checkEvents(t, s, s.Holdout, T(), T().AddDate(0, 0, HoldoutDays))
}

func checkEvents(t *testing.T, s *Shop, events []Event, from, to time.Time) {
	t.Helper()
	last := from
	inOrder := map[string]bool{}
	for _, e := range events {
		user, item := s.Users[s.userAt[e.UserID]], s.Items[s.itemAt[e.ItemID]]
		switch line := e.UserID + e.ItemID + e.Time.String(); {
		case e.Time.Before(last) || !e.Time.Before(to):
			t.Fatalf("event %s: time %s, expected in order and in %s to %s", e.ID, e.Time, from, to)
		case e.Time.Before(item.Listed) || e.Time.Before(user.Registered):
			t.Fatalf("event %s: item listed %s, user registered %s, bought %s", e.ID, item.Listed, user.Registered, e.Time)
		case e.Quantity < 1 || e.Cents < 1 || e.Cents > item.Cents*int64(e.Quantity):
			t.Fatalf("event %s: quantity %d for %d cents, price %d", e.ID, e.Quantity, e.Cents, item.Cents)
		case inOrder[line]:
			t.Fatalf("event %s: the order holds item %s twice", e.ID, e.ItemID)
		default:
			inOrder[line], last = true, e.Time
		}
	}
}

func TestRelevance(t *testing.T) {
	t.Parallel()
	s := demoShop()
	for _, user := range s.Users[:200] {
		best := 0.0
		for _, item := range s.Items {
			relevance := s.Relevance(user.ID, item.ID)
			if relevance <= 0 || relevance > 1 {
				t.Fatalf("relevance of %s: got %v, expected in (0, 1]", item.ID, relevance)
			}
			best = max(best, relevance)
		}
		if best != 1 {
			t.Errorf("best relevance of a user: got %v, expected 1", best)
		}
	}
	if got := s.Relevance("nobody", s.Items[0].ID); got != 0 {
		t.Errorf("relevance of an unknown user: got %v, expected 0", got)
	}
	if got := s.Relevance(s.Users[0].ID, "nothing"); got != 0 {
		t.Errorf("relevance of an unknown item: got %v, expected 0", got)
	}
}

// The holdout is drawn from the same preferences as the truth: what is bought must be far more relevant than the mean.
func TestHoldoutFollowsTruth(t *testing.T) {
	t.Parallel()
	s := demoShop()
	bought, mean := 0.0, 0.0
	for n, event := range s.Holdout {
		bought += s.Relevance(event.UserID, event.ItemID)
		mean += s.Relevance(event.UserID, s.Items[n%len(s.Items)].ID)
	}
	if bought < 5*mean {
		t.Errorf("mean relevance of bought items is %.1f times that of any item, expected 5 or more", bought/mean)
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	s, count := demoShop(), map[string]int{}
	for _, user := range s.Users {
		count[user.Segment]++
		if user.Registered.After(T()) && user.Segment != NewUser {
			t.Errorf("a user registered after T has segment %s, expected %s", user.Segment, NewUser)
		}
	}
	for _, segment := range Segments {
		if count[segment] < 200 {
			t.Errorf("segment %s: %d users, expected 200 or more", segment, count[segment])
		}
	}
	if len(count) != len(Segments) {
		t.Errorf("got segments %v, expected %v", count, Segments)
	}
}

func TestSeasonMatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		season string
		month  time.Month
		want   float64
	}{
		{"spring", time.March, 1},
		{"spring", time.February, 0},
		{"autumn", time.November, 1},
		{"winter", time.December, 1},
		{"winter", time.February, 1},
		{"winter", time.July, -1},
		{"summer", time.January, -1},
		{"summer", time.October, 0},
		{"", time.July, 0},
	} {
		at := time.Date(2025, test.month, 3, 0, 0, 0, 0, time.UTC)
		if got := seasonMatch(test.season, at); got != test.want {
			t.Errorf("seasonMatch(%q, %s): got %v, expected %v", test.season, test.month, got, test.want)
		}
	}
}

func TestWriteNamesTheFolderThatIsNone(t *testing.T) {
	t.Parallel()
	if err := demoShop().Write("shop.go"); err == nil || !strings.Contains(err.Error(), "shop.go") {
		t.Errorf("Write to a file: got error %v, expected one that names shop.go", err)
	}
}
