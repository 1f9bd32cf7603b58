package budget

import (
	"math"
	"testing"
	"testing/quick"
	"time"
)

func TestGrantTable(t *testing.T) {
	t.Parallel()
	share := Share{Share: 0.5, Floor: 2 * time.Millisecond, Ceiling: 20 * time.Millisecond}
	tests := []struct {
		name string
		left time.Duration
		want time.Duration
		ok   bool
	}{
		{"half", 10 * time.Millisecond, 5 * time.Millisecond, true},
		{"raised to the floor", 3 * time.Millisecond, 2 * time.Millisecond, true},
		{"cut to the ceiling", time.Second, 20 * time.Millisecond, true},
		{"just the floor", 2 * time.Millisecond, 2 * time.Millisecond, true},
		{"under the floor", 2*time.Millisecond - 1, 0, false},
		{"nothing left", 0, 0, false},
		{"overdrawn", -time.Second, 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ok := share.Grant(test.left)
			if got != test.want || ok != test.ok {
				t.Errorf("Grant(%v) = %v, %v; want %v, %v", test.left, got, ok, test.want, test.ok)
			}
		})
	}
}

func TestGrantNeverExceedsWhatIsLeftOrTheCeiling(t *testing.T) {
	t.Parallel()
	property := func(share float64, floor, ceiling, left int32) bool {
		s := Share{Share: math.Abs(math.Mod(share, 1)), Floor: time.Duration(floor), Ceiling: time.Duration(ceiling)}
		if len(s.Faults("x")) > 0 {
			return true
		}
		grant, ok := s.Grant(time.Duration(left))
		if !ok {
			return grant == 0 && time.Duration(left) < s.Floor
		}
		return grant <= time.Duration(left) && grant >= s.Floor && (s.Ceiling == 0 || grant <= s.Ceiling)
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}

func TestGrantGrowsWithWhatIsLeft(t *testing.T) {
	t.Parallel()
	s := Share{Share: 0.3, Floor: time.Millisecond, Ceiling: 40 * time.Millisecond}
	last := time.Duration(0)
	for left := time.Millisecond; left < 300*time.Millisecond; left += 100 * time.Microsecond {
		grant, ok := s.Grant(left)
		if !ok || grant < last {
			t.Fatalf("Grant(%v) = %v, %v after %v", left, grant, ok, last)
		}
		last = grant
	}
}

func TestFaultsNameKeyValueAndExpectation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		share Share
		want  string
	}{
		{Share{Share: 0, Floor: 1}, "feature.share: is 0, expected more than 0 and at most 1"},
		{Share{Share: math.NaN(), Floor: 1}, "feature.share: is NaN, expected more than 0 and at most 1"},
		{Share{Share: 1.5, Floor: 1}, "feature.share: is 1.5, expected more than 0 and at most 1"},
		{Share{Share: 1, Floor: -time.Second}, "feature.floor: is -1s, expected more than 0s"},
		{
			Share{Share: 1, Floor: time.Second, Ceiling: time.Millisecond},
			"feature.ceiling: is 1ms, expected 0s (none) or at least the floor of 1s",
		},
	}
	for _, test := range tests {
		faults := test.share.Faults("feature")
		if len(faults) != 1 || faults[0].String() != test.want {
			t.Errorf("Faults(%+v) = %v, want one: %s", test.share, faults, test.want)
		}
	}
	if faults := (Share{Share: 1, Floor: 1}).Faults("x"); len(faults) != 0 {
		t.Errorf("a sound share has faults: %v", faults)
	}
}
