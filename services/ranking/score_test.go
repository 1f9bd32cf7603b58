package ranking

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/typical"
)

// due is a context with a deadline on the tests' own clock.
type due struct {
	context.Context
	at time.Time
}

func (d due) Deadline() (time.Time, bool) { return d.at, true }

func TestWhatThereIsNoTimeForIsNotScored(t *testing.T) {
	t.Parallel()
	s := running(t, shop...)
	in := request(ada, slices.Repeat([]string{"low"}, 199)...)
	in.CandidateItemIds = append(in.CandidateItemIds, "high") // the best, at the end
	for _, c := range []struct {
		name   string
		ctx    context.Context
		pace   time.Duration
		scored uint32
	}{
		{"no deadline", t.Context(), time.Millisecond, 200},
		{"time enough", due{t.Context(), noon.Add(201 * time.Millisecond)}, time.Millisecond, 200},
		{"time for a part", due{t.Context(), noon.Add(101 * time.Millisecond)}, time.Millisecond, 100},
		{"time for hardly any", due{t.Context(), noon.Add(2 * time.Millisecond)}, time.Millisecond, leastItems},
		{"no time", due{t.Context(), noon.Add(-time.Hour)}, time.Millisecond, leastItems},
		{"nothing is known of the pace", due{t.Context(), noon.Add(2 * time.Millisecond)}, 0, 200},
	} {
		model := s.current.Load().serving
		model.pace = new(typical.Duration)
		model.pace.Observe(c.pace)
		out, err := s.Rank(c.ctx, in)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if out.GetScored() != c.scored || out.GetUnknown() != 0 || len(out.GetIndices()) != min(int(c.scored), int(in.GetCount())) {
			t.Errorf("%s: %d scored, %d unknown, %d in the answer; want %d scored", c.name, out.GetScored(), out.GetUnknown(), len(out.GetIndices()), c.scored)
		}
		if best := out.GetIndices()[0]; (best == 199) != (c.scored == 200) {
			t.Errorf("%s: the best is candidate %d", c.name, best)
		}
	}
}

func TestATurnThatWouldComeTooLateIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := turns{slots: make(chan struct{}, 1)}
		turns.usual.Observe(10 * time.Millisecond)
		if err := turns.take(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		long, cancel := context.WithTimeout(t.Context(), 15*time.Millisecond)
		defer cancel()
		waited := make(chan error)
		go func() { waited <- turns.take(long, time.Now()) }()
		synctest.Wait()
		started := time.Now()
		recorder := tracetest.NewSpanRecorder()
		traced, span := trace.NewTracerProvider(trace.WithSpanProcessor(recorder)).Tracer("test").Start(long, "Rank")
		err := turns.take(traced, time.Now()) // the second in the queue
		span.End()
		if events := recorder.Ended()[0].Events(); len(events) != 1 || events[0].Name != "repli.shed" {
			t.Errorf("its span has the events %v", events)
		}
		if fault.Reason(err) != "BUSY" || time.Since(started) != 0 {
			t.Errorf("after %v: %v, want BUSY at once", time.Since(started), err)
		}
		time.Sleep(10 * time.Millisecond)
		turns.give()
		if err := <-waited; err != nil {
			t.Errorf("the first in the queue: %v", err)
		}
		if err := turns.take(long, time.Now()); fault.Reason(err) != "BUSY" {
			t.Errorf("with 5 ms left for a turn in 10 ms: %v", err)
		}
		turns.give()
		if err := turns.take(long, time.Now()); err != nil {
			t.Errorf("a free turn: %v", err)
		}
	})
}
