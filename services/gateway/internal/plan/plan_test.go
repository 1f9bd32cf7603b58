package plan

import (
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/repli-mesh/repli/pkg/budget"
)

const ms = time.Millisecond

func TestDefaultsAreSound(t *testing.T) {
	t.Parallel()
	if faults := Defaults().Faults(); len(faults) > 0 {
		t.Fatal(faults)
	}
}

func TestStart(t *testing.T) {
	t.Parallel()
	c := Defaults()
	tests := []struct {
		name        string
		left        time.Duration
		hasDeadline bool
		want        Plan
	}{
		{"no deadline", 0, false, Plan{100 * ms, 85 * ms, 42500 * time.Microsecond, 41500 * time.Microsecond}},
		{"the promise", 10 * ms, true, Plan{10 * ms, 7 * ms, 3500 * time.Microsecond, 2500 * time.Microsecond}},
		{"cut to the maximum", time.Hour, true, Plan{time.Second, 980 * ms, 100 * ms, 100 * ms}},
		{"time for the fallback only", 5 * ms, true, Plan{5 * ms, 2 * ms, 2 * ms, 0}},
		{"time for nothing", 4 * ms, true, Plan{Deadline: 4 * ms, Total: ms}},
		{"less than the reserve", ms, true, Plan{Deadline: ms}},
		{"a deadline that has passed", -time.Second, true, Plan{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := c.Start(test.left, test.hasDeadline); got != test.want {
				t.Errorf("Start(%v, %v) = %+v, want %+v", test.left, test.hasDeadline, got, test.want)
			}
		})
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	c := Defaults()
	p := c.Start(50*ms, true) // reserve 7.5 ms, total 42.5 ms
	tests := []struct {
		name         string
		elapsed, p50 time.Duration
		want         time.Duration
		ok           bool
	}{
		{"all that is left", 2500 * time.Microsecond, ms, 40 * ms, true},
		{"under its floor", 41 * ms, 0, 0, false},
		{"under its p50", 32500 * time.Microsecond, 11 * ms, 0, false},
		{"p50 just fits", 32500 * time.Microsecond, 10 * ms, 10 * ms, true},
		{"overdrawn", 60 * ms, 0, 0, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ok := c.Rank(p, test.elapsed, test.p50)
			if got != test.want || ok != test.ok {
				t.Errorf("Rank(%v, %v) = %v, %v; want %v, %v", test.elapsed, test.p50, got, ok, test.want, test.ok)
			}
		})
	}
}

// However long the first steps take within their grants, ranking ends inside the total, and at every promised deadline
// there is time for all three.
func TestNoPlanExceedsItsDeadline(t *testing.T) {
	t.Parallel()
	property := func(reserve, feature, fallback, ranking uint8, leftMicros uint32, used float64) bool {
		c := Defaults()
		c.Reserve.Share = (float64(reserve) + 1) / 1024
		c.Feature.Share = (float64(feature) + 1) / 256
		c.Fallback.Share = (float64(fallback) + 1) / 256
		c.Ranking.Share = (float64(ranking) + 1) / 256
		if len(c.Faults()) > 0 {
			return true
		}
		left := time.Duration(leftMicros%2_000_000) * time.Microsecond
		p := c.Start(left, true)
		if p.Total > p.Deadline || p.Deadline > left || p.Feature > p.Total || p.Fallback > p.Total {
			return false
		}
		if left >= c.Promise && (p.Fallback <= 0 || p.Feature <= 0) {
			return false
		}
		elapsed := max(p.Feature, p.Fallback)
		grant, ok := c.Rank(p, elapsed, 0)
		return !ok || elapsed+grant <= p.Total
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 50_000}); err != nil {
		t.Error(err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"negative reserve", func(c *Config) { c.Reserve.Floor = -ms }, "reserve.floor: is -1ms"},
		{"zero share", func(c *Config) { c.Feature.Share = 0 }, "feature.share: is 0"},
		{"outer under inner", func(c *Config) { c.Max = 20 * ms }, "max: is 20ms, expected at least the default of 100ms"},
		{"default under promise", func(c *Config) { c.Default = 5 * ms }, "default: is 5ms, expected at least the promise"},
		{"no promise", func(c *Config) { c.Promise = 0 }, "promise: is 0s, expected more than 0s"},
		{
			"floors do not fit", func(c *Config) { c.Ranking.Floor = 7 * ms },
			"promise: is 10ms, expected at least 12ms = reserve 3ms + the longer floor of fallback and feature 2ms + ranking floor 7ms",
		},
		{
			"the promise is under the reserve", func(c *Config) { c.Promise, c.Reserve.Floor = 8*ms, 9*ms },
			"promise: is 8ms, expected at least 13ms = reserve 9ms + the longer floor of fallback and feature 2ms + ranking floor 2ms",
		},
		{"ceiling under floor", func(c *Config) { c.Ranking = budget.Share{Share: 1, Floor: 2, Ceiling: 1} }, "ranking.ceiling: is 1ns"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := Defaults()
			test.change(&c)
			faults := c.Faults()
			if len(faults) != 1 || !strings.Contains(faults[0].String(), test.want) {
				t.Errorf("faults = %v, want one with %q", faults, test.want)
			}
		})
	}
}
