package breaker

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errDown = errors.New("down")

func judge(err error) Verdict {
	switch {
	case err == nil:
		return Success
	case errors.Is(err, errDown):
		return Failure
	default:
		return Neither
	}
}

// dependency is up or down.
type dependency struct {
	down, hangs atomic.Bool
	probes      atomic.Int64
}

func (d *dependency) probe(ctx context.Context) error {
	d.probes.Add(1)
	if d.hangs.Load() {
		<-ctx.Done()
		return errDown
	}
	if d.down.Load() {
		return errDown
	}
	return nil
}

// in runs the test in a bubble with a breaker that runs.
func in(t *testing.T, test func(t *testing.T, b *Breaker, d *dependency)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &dependency{}
		b := New(Defaults(), Deps{Judge: judge, Probe: d.probe, ProbeTimeout: 500 * time.Millisecond})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.Run(ctx) }()
		test(t, b, d)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// call makes n calls that end so, and returns how many were allowed.
func call(b *Breaker, n int, err error) (allowed int) {
	for range n {
		if done, ok := b.Allow(); ok {
			allowed++
			done(err)
		}
	}
	return allowed
}

func TestEnoughFailuresOpenAndAProbeCloses(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, b *Breaker, d *dependency) {
		d.down.Store(true)
		if n := call(b, 9, errDown); n != 9 || b.Open() {
			t.Fatalf("%d of 9 calls allowed, open: %v; nine calls are too few to tell", n, b.Open())
		}
		if n := call(b, 5, errDown); n != 1 || !b.Open() {
			t.Fatalf("%d of 5 calls allowed, open: %v; want 1 and open", n, b.Open())
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := d.probes.Load(); n < 6 || n > 10 || !b.Open() {
			t.Fatalf("%d probes in 2s, open: %v; want about one in 250ms", n, b.Open())
		}
		d.down.Store(false)
		time.Sleep(313 * time.Millisecond) // the longest pause there is
		synctest.Wait()
		if n := call(b, 1, nil); n != 1 || b.Open() {
			t.Fatal("the circuit is open after a good probe")
		}
		want := Stats{Opened: 1, Refused: 4, Probes: uint64(d.probes.Load())}
		if got := b.Stats(); got != want {
			t.Fatalf("stats %+v, want %+v", got, want)
		}
		probes := d.probes.Load()
		time.Sleep(time.Minute)
		if d.probes.Load() != probes {
			t.Fatal("a closed circuit is probed")
		}
	})
}

func TestOnlyAShareOfFailuresOpens(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, b *Breaker, _ *dependency) {
		for range 20 {
			call(b, 2, nil)
			call(b, 1, errDown)
		}
		if b.Open() {
			t.Fatal("a third of failures opened the circuit")
		}
		for range 20 { // the failures of then count no more
			time.Sleep(time.Second)
			call(b, 3, errDown)
		}
		if b.Open() {
			t.Fatal("fewer calls in a window than needed opened the circuit")
		}
	})
}

func TestWhatSaysNothingCountsAsNothing(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, b *Breaker, _ *dependency) {
		call(b, 1000, context.DeadlineExceeded)
		call(b, 9, errDown)
		if b.Open() {
			t.Fatal("calls that were cut short opened the circuit, or made up the number")
		}
		call(b, 1, errDown)
		if !b.Open() {
			t.Fatal("calls that were cut short hid the failures")
		}
	})
}

func TestHungProbesAreBoundedAndNeverTwo(t *testing.T) {
	t.Parallel()
	in(t, func(t *testing.T, b *Breaker, d *dependency) {
		d.hangs.Store(true)
		call(b, 10, errDown)
		time.Sleep(8 * time.Second)
		synctest.Wait()
		if n := d.probes.Load(); n < 8 || n > 13 {
			t.Fatalf("%d probes in 8s, each of 500ms after about 250ms", n)
		}
		d.hangs.Store(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if b.Open() {
			t.Fatal("not closed a second after the dependency came back")
		}
		call(b, 10, errDown)
		if !b.Open() || b.Stats().Opened != 2 {
			t.Fatal("a closed circuit does not open again")
		}
	})
}

func TestAllowAllocatesNothing(t *testing.T) {
	b := New(Defaults(), Deps{Judge: judge})
	if n := testing.AllocsPerRun(1000, func() { call(b, 1, nil) }); n > 0 {
		t.Fatalf("%v allocations a call", n)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"share":       func(c *Config) { c.Share = 1.5 },
		"calls":       func(c *Config) { c.Calls = 0 },
		"window":      func(c *Config) { c.Window = 0 },
		"probe_every": func(c *Config) { c.ProbeEvery = 0 },
	} {
		cfg := Defaults()
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one that names %s", err, name)
		}
	}
}
