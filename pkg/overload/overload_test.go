package overload

import (
	"context"
	"math"
	"runtime"
	"runtime/metrics"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

const ms = time.Millisecond

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fill admits requests until one is not, and returns how many were.
func fill(l *Limiter, p Priority) int {
	for n := 0; ; n++ {
		if l.Admit(p) != Full {
			return n
		}
	}
}

func TestAdmissionByPriority(t *testing.T) {
	t.Parallel()
	for p, want := range map[Priority]int{Default: 40, Critical: 51, Sheddable: 20} {
		l := New(Config{Min: 1, Max: 40, Burst: 40, Delay: ms, Shed: 4 * ms, Window: 10 * ms}, nil)
		if got := fill(l, p); got != want {
			t.Errorf("priority %d: %d admitted, want %d", p, got, want)
		}
		l.Done()
		if l.Admit(p) != Full || l.Admit(p) != Cheap {
			t.Errorf("priority %d: not exactly one place became free", p)
		}
	}
}

func TestOnlySheddableRequestsAreRefusedAndOnlyAboveTheSecondLimit(t *testing.T) {
	t.Parallel()
	l := New(Defaults(), nil)
	for _, c := range []struct {
		delay time.Duration
		want  map[Priority]Level
	}{
		{6 * ms, map[Priority]Level{Sheddable: Full, Default: Full, Critical: Full}},
		{21 * ms, map[Priority]Level{Sheddable: Refuse, Default: Full, Critical: Full}},
		{0, map[Priority]Level{Sheddable: Full, Default: Full, Critical: Full}},
	} {
		l.adjust(c.delay)
		for p, want := range c.want {
			if got := l.Admit(p); got != want {
				t.Errorf("delay %v, priority %d: level %d, want %d", c.delay, p, got, want)
			} else if got == Full {
				l.Done()
			}
		}
	}
}

// The queue of a server that can do 100 requests at a time: those above wait. Whatever the load, the limit comes near to what
// the server can do, and back to the greatest when the load is gone.
func TestTheLimitFollowsTheQueue(t *testing.T) {
	t.Parallel()
	l := New(Defaults(), nil)
	queue := func() time.Duration { return time.Duration(max(0, l.Stats().Working-100)) * ms / 2 }
	for range 1000 {
		fill(l, Default) // three times as much as it can do, and more: nobody is turned away but by the limit
		l.adjust(queue())
		for l.Stats().Working > 0 {
			l.Done()
		}
	}
	if limit := l.Stats().Limit; limit < 70 || limit > 125 {
		t.Errorf("under overload the limit is %d, the server can do 100", limit)
	}
	for range 300 {
		fill(l, Default)
		l.adjust(0)
		for l.Stats().Working > 0 {
			l.Done()
		}
	}
	if limit := l.Stats().Limit; limit != Defaults().Max {
		t.Errorf("with room the limit is %d, want %d", limit, Defaults().Max)
	}
}

// A flood that comes to a server at rest finds a limit of a few times what is usual there: all of it would be too late.
func TestAtRestTheLimitIsAFewTimesWhatIsUsual(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	least := cfg.Burst * runtime.GOMAXPROCS(0)
	l := New(cfg, nil)
	if limit := l.Stats().Limit; limit != least {
		t.Errorf("a new limit is %d, want %d", limit, least)
	}
	quiet := func(working int, d time.Duration) {
		for range int(d / cfg.Window) {
			for range working {
				l.Admit(Default)
			}
			for range working {
				l.Done()
			}
			l.adjust(0)
		}
	}
	usual := least / 2
	quiet(usual, 10*time.Second)
	if limit := l.Stats().Limit; limit != headroom*usual {
		t.Errorf("with %d at work the limit is %d, want %d", usual, limit, headroom*usual)
	}
	quiet(1, 3*time.Minute)
	if limit := l.Stats().Limit; limit > least+1 {
		t.Errorf("after a quiet time the limit is %d, want %d", limit, least)
	}
}

// A dependency that becomes slow has many more requests at work than before, and none of them is in the way.
func TestTheLimitGrowsFastWhereNothingWaits(t *testing.T) {
	t.Parallel()
	l := New(Defaults(), nil)
	for range 10 {
		fill(l, Default) // none of them ends
		l.adjust(0)
	}
	if limit, want := l.Stats().Limit, min(Defaults().Max, 32*Defaults().Burst); limit < want {
		t.Errorf("after ten windows the limit is %d, want at least %d", limit, want)
	}
}

func TestNoLimitFallsBelowTheLeast(t *testing.T) {
	t.Parallel()
	l := New(Defaults(), nil)
	for range 100 {
		l.adjust(time.Hour)
	}
	if got := fill(l, Default); got != Defaults().Min {
		t.Errorf("%d admitted, want the least: %d", got, Defaults().Min)
	}
}

func TestRunAdjustsEachWindowUntilItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		l := New(Defaults(), func() time.Duration { asked++; return time.Second })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second+ms)
		defer cancel()
		if err := l.Run(ctx); err != nil {
			t.Error(err)
		}
		if asked != 50 || l.Stats().Limit != Defaults().Min || l.Stats().Delay != time.Second {
			t.Errorf("asked %d times, %+v", asked, l.Stats())
		}
	})
}

func TestQueueMeasuresLateTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := NewQueue()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Run(ctx); err != nil {
			t.Error(err)
		}
		if len(q.late) < 225 {
			t.Errorf("%d looks in a second", len(q.late))
		}
		for i := range q.late { // in a bubble no timer is late
			q.late[i] = time.Duration(i) * ms
		}
		if got := q.Delay(); got < 80*ms || len(q.late) != 0 {
			t.Errorf("delay %v, want that of the ninth of ten; %d looks left", got, len(q.late))
		}
	})
}

func TestQuantileOfNewCounts(t *testing.T) {
	t.Parallel()
	before := []uint64{5, 0, 7, 0}
	h := &metrics.Float64Histogram{Counts: []uint64{5, 90, 17, 0}, Buckets: []float64{math.Inf(-1), 0.001, 0.01, 0.1, math.Inf(1)}}
	if got := quantileSince(h, before); got != 10*ms {
		t.Errorf("90 of 100 in the second bucket: %v, want its bound of 10ms", got)
	}
	h.Counts = []uint64{5, 90, 17, 1}
	if got := quantileSince(h, before); got != 100*ms {
		t.Errorf("one in the last bucket, which has no end: %v, want its beginning", got)
	}
	if got := quantileSince(h, before); got != 0 {
		t.Errorf("nothing new: %v", got)
	}
}

func TestValidateNamesEachFault(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for name, change := range map[string]func(*Config){
		"min": func(c *Config) { c.Min = 0 }, "max": func(c *Config) { c.Max = c.Min - 1 }, "delay": func(c *Config) { c.Delay = 0 },
		"shed": func(c *Config) { c.Shed = c.Delay - 1 }, "window": func(c *Config) { c.Window = ms },
	} {
		c := Defaults()
		change(&c)
		if c.Validate() == nil {
			t.Errorf("a wrong %s is accepted", name)
		}
	}
}
