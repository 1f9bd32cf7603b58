package telemetry

import (
	"slices"
	"strconv"
	"sync"
	"testing"
)

func TestValuesBeyondTheBoundAreOne(t *testing.T) {
	t.Parallel()
	created := map[string]int{}
	b := NewBounded(2, func(value string) string { created[value]++; return "<" + value + ">" })
	for _, step := range []struct {
		value, want string
		others      int64
	}{
		{"home", "<home>", 0},
		{"other", "<other>", 0},
		{"cart", "<cart>", 0},
		{"third", "<other>", 1},
		{"home", "<home>", 1},
		{"third", "<other>", 2},
		{"", "<other>", 3},
		{"other", "<other>", 3},
		{"cart", "<cart>", 3},
	} {
		if got := b.Of(step.value); got != step.want || b.Others() != step.others {
			t.Errorf("%q: got %s and %d others, want %s and %d", step.value, got, b.Others(), step.want, step.others)
		}
	}
	if all := slices.Sorted(b.All()); !slices.Equal(all, []string{"<cart>", "<home>", "<other>"}) {
		t.Errorf("all are %v", all)
	}
	if len(created) != 3 || created["home"] != 1 || created["cart"] != 1 || created["other"] != 1 {
		t.Errorf("made %v", created)
	}
}

func TestManyAtOnceShareTheRoom(t *testing.T) {
	t.Parallel()
	const callers, values, room = 8, 2000, 50
	b := NewBounded(room, func(value string) *string { return &value })
	var named [callers]map[string]*string
	var wait sync.WaitGroup
	for c := range callers {
		wait.Go(func() {
			named[c] = map[string]*string{}
			for i := range values {
				value := strconv.Itoa((i*7 + c*131) % values)
				if got := b.Of(value); *got == value {
					named[c][value] = got
				} else if *got != Other {
					t.Errorf("%s became %s", value, *got)
				}
			}
		})
	}
	wait.Wait()
	all := map[string]*string{}
	for _, mine := range named {
		for value, got := range mine {
			if all[value] == nil {
				all[value] = got
			}
			if all[value] != got {
				t.Errorf("%s was made twice", value)
			}
		}
	}
	if len(all) != room {
		t.Errorf("%d values have a name, want %d", len(all), room)
	}
	if known := *b.known.Load(); len(known) != room+1 {
		t.Errorf("%d values are kept, want %d and one", len(known), room)
	}
}

func TestKnownValuesAllocateNothing(t *testing.T) {
	b := NewBounded(1, func(value string) *string { return &value })
	b.Of("home")
	if n := testing.AllocsPerRun(100, func() { b.Of("home"); b.Of("elsewhere") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
