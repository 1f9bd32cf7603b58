package segments

import (
	"strconv"
	"testing"
)

func TestRemembersAndForgetsNothingByItself(t *testing.T) {
	t.Parallel()
	m, err := New(100)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Segment("u1"); got != "" {
		t.Errorf("a user never seen is in %q", got)
	}
	m.Remember("u1", "family")
	m.Remember("u1", "")
	if got := m.Segment("u1"); got != "family" {
		t.Errorf("segment = %q, want family", got)
	}
	m.Remember("u1", "gourmet")
	if got := m.Segment("u1"); got != "gourmet" {
		t.Errorf("segment = %q, want gourmet", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	m, err := New(100)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10_000 {
		m.Remember(strconv.Itoa(i), "family")
	}
	m.users.CleanUp()
	if n := m.users.EstimatedSize(); n > 100 {
		t.Errorf("remembers %d users, at most 100 expected", n)
	}
}
