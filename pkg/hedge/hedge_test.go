package hedge

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/repli-mesh/repli/pkg/typical"
)

const ms = time.Millisecond

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server takes its time, call by call, and says which call it answered.
type server struct {
	takes   []time.Duration
	fails   []error
	calls   atomic.Int32
	running atomic.Int32
}

func (s *server) ask(ctx context.Context) (int, error) {
	s.running.Add(1)
	defer s.running.Add(-1)
	i := int(s.calls.Add(1)) - 1
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-time.After(s.takes[i]):
		if i < len(s.fails) && s.fails[i] != nil {
			return 0, s.fails[i]
		}
		return i, nil
	}
}

// seasoned returns a hedger that knows calls of 4 ms and has tokens.
func seasoned() *Hedger {
	h := New(Defaults(), time.Now)
	h.slow.Observe(4 * ms)
	h.tokens.Store(burst * unit)
	return h
}

func TestTheFirstOfTwoCopiesCounts(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name  string
		takes []time.Duration
		fails []error
		want  int
		err   error
		took  time.Duration
		calls int32
		stats Stats
	}{
		{"quick enough", []time.Duration{3 * ms}, nil, 0, nil, 3 * ms, 1, Stats{}},
		{"the copy is faster", []time.Duration{time.Hour, 2 * ms}, nil, 1, nil, 6 * ms, 2, Stats{Sent: 1, Won: 1}},
		{"the first is faster after all", []time.Duration{5 * ms, time.Hour}, nil, 0, nil, 5 * ms, 2, Stats{Sent: 1}},
		{"a first that fails early is not tried again", []time.Duration{ms}, []error{boom}, 0, boom, ms, 1, Stats{}},
		{"the first fails late, the copy answers", []time.Duration{5 * ms, 3 * ms}, []error{boom}, 1, nil, 7 * ms, 2, Stats{Sent: 1, Won: 1}},
		{"the copy fails, the first answers", []time.Duration{9 * ms, ms}, []error{nil, boom}, 0, nil, 9 * ms, 2, Stats{Sent: 1}},
		{"both fail", []time.Duration{5 * ms, 3 * ms}, []error{boom, errors.New("other")}, 0, boom, 7 * ms, 2, Stats{Sent: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, h := &server{takes: c.takes, fails: c.fails}, seasoned()
				started := time.Now()
				got, err := Do(t.Context(), h, s.ask)
				if got != c.want || !errors.Is(err, c.err) || time.Since(started) != c.took || s.calls.Load() != c.calls {
					t.Errorf("answer of call %d, %v, after %v and %d calls; want call %d, %v, %v and %d",
						got, err, time.Since(started), s.calls.Load(), c.want, c.err, c.took, c.calls)
				}
				if h.Stats() != c.stats || s.running.Load() != 0 {
					t.Errorf("stats %+v, want %+v; %d calls still run", h.Stats(), c.stats, s.running.Load())
				}
			})
		})
	}
}

func TestCopiesAreATenthOfTheCallsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Defaults(), time.Now)
		const calls = 1000
		for range calls { // a store that has become slow for everybody, before the estimate knows
			h.slow = typical.At(quantile)
			h.slow.Observe(2 * ms)
			if _, err := Do(t.Context(), h, func(context.Context) (int, error) {
				time.Sleep(5 * ms)
				return 0, nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if sent := h.Stats().Sent; sent == 0 || sent > calls/10 {
			t.Errorf("%d copies for %d calls", sent, calls)
		}
	})
}

func TestACallerThatGivesUpEndsBothCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := &server{takes: []time.Duration{time.Hour, time.Hour}}, seasoned()
		ctx, cancel := context.WithTimeout(t.Context(), 20*ms)
		defer cancel()
		started := time.Now()
		_, err := Do(ctx, h, s.ask)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != 20*ms || s.running.Load() != 0 {
			t.Errorf("%v after %v, %d calls still run", err, time.Since(started), s.running.Load())
		}
	})
}

func TestValidateNamesTheFault(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	for _, c := range []Config{{Budget: -0.1, MinDelay: ms}, {Budget: 1.1, MinDelay: ms}, {Budget: 0.1}} {
		if c.Validate() == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}

func TestCopiesAreEventsOfTheCallersSpan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spans := tracetest.NewSpanRecorder()
		ctx, span := trace.NewTracerProvider(trace.WithSpanProcessor(spans)).Tracer("test").Start(t.Context(), "request")
		s := &server{takes: []time.Duration{100 * ms, ms}}
		if _, err := Do(ctx, seasoned(), s.ask); err != nil {
			t.Fatal(err)
		}
		span.End()
		var names []string
		for _, event := range spans.Ended()[0].Events() {
			names = append(names, event.Name)
		}
		if len(names) != 2 || names[0] != "repli.hedge.sent" || names[1] != "repli.hedge.won" {
			t.Errorf("events %v", names)
		}
	})
}
