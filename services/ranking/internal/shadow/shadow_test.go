package shadow

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/repli-mesh/repli/pkg/telemetry"
)

// bench is a runner with its figures, in virtual time.
type bench struct {
	*Runner
	reader *metric.ManualReader
}

// beside runs what a test does while a runner is at work.
func beside(t *testing.T, change func(*Config), test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := Defaults()
		change(&cfg)
		b := &bench{reader: metric.NewManualReader()}
		signals := telemetry.Discard()
		signals.Meter = metric.NewMeterProvider(metric.WithReader(b.reader))
		var err error
		if b.Runner, err = New(cfg, Deps{Signals: signals, Now: time.Now}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.Run(ctx) }()
		test(t, b)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// outcomes counts the requests by outcome.
func (b *bench) outcomes(t *testing.T) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := b.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if data, ok := m.Data.(metricdata.Sum[int64]); ok {
				for _, p := range data.DataPoints {
					outcome, _ := p.Attributes.Value(attribute.Key("outcome"))
					counts[outcome.AsString()] += p.Value
				}
			}
		}
	}
	return counts
}

func (b *bench) offer(t *testing.T, job Job) {
	t.Helper()
	started := time.Now()
	b.Offer(t.Context(), func() Job { return job })
	if waited := time.Since(started); waited > 0 {
		t.Errorf("an offer waited %v", waited)
	}
}

func TestAJobThatHangsTakesNothingButItsPlace(t *testing.T) {
	beside(t, func(c *Config) { c.Concurrent, c.Queue = 2, 3 }, func(t *testing.T, b *bench) {
		hang := func(ctx context.Context) (Difference, error) {
			<-ctx.Done()
			return Difference{}, ctx.Err()
		}
		for range 2 {
			b.offer(t, hang)
		}
		synctest.Wait()
		for range 10 {
			b.offer(t, hang)
		}
		if got := b.outcomes(t); got["dropped"] != 7 || got["failed"] != 0 || got["scored"] != 0 {
			t.Errorf("outcomes %v, expected 7 of 12 dropped: 2 are at work and 3 wait", got)
		}
		time.Sleep(time.Minute)
		if got := b.outcomes(t); got["failed"] != 5 {
			t.Errorf("outcomes %v, expected the other 5 to fail at their time-outs", got)
		}
	})
}

func TestWorkersRest(t *testing.T) {
	beside(t, func(c *Config) { c.Share = 0.1 }, func(t *testing.T, b *bench) {
		var working atomic.Int64
		for range 1000 {
			b.offer(t, func(context.Context) (Difference, error) {
				time.Sleep(10 * time.Millisecond)
				working.Add(10)
				return Difference{}, nil
			})
			time.Sleep(10 * time.Millisecond)
		}
		if got := working.Load(); got != 1000 {
			t.Errorf("worked %d ms of 10 s, expected a tenth", got)
		}
	})
}

func TestAPanicIsAFailure(t *testing.T) {
	beside(t, func(c *Config) { c.Share = 1 }, func(t *testing.T, b *bench) {
		b.offer(t, func(context.Context) (Difference, error) { panic("broken") })
		b.offer(t, func(context.Context) (Difference, error) { return Difference{}, errors.New("broken") })
		b.offer(t, func(context.Context) (Difference, error) { return Compare([]float32{1}, []float32{2}), nil })
		synctest.Wait()
		if got := b.outcomes(t); got["failed"] != 2 || got["scored"] != 1 {
			t.Errorf("outcomes %v, expected 2 failed and 1 scored", got)
		}
	})
}

func TestWhatIsDroppedIsNotPrepared(t *testing.T) {
	r, err := New(Config{Concurrent: 1, Queue: 1, Share: 1, Timeout: time.Second}, Deps{Signals: telemetry.Discard(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	prepared := 0
	for range 3 {
		r.Offer(t.Context(), func() Job { prepared++; return nil })
	}
	if prepared != 1 {
		t.Errorf("%d jobs were prepared, there is room for 1", prepared)
	}
}

func TestCompare(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	twelve := []float32{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	turned := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	for name, c := range map[string]struct {
		first, second []float32
		want          Difference
	}{
		"same":           {twelve, twelve, Difference{Compared: 12, Overlap: 1}},
		"turned":         {twelve, turned, Difference{Compared: 12, Mean: 6, Max: 11, Overlap: 0.8}},
		"few":            {[]float32{1, 2}, []float32{1, 4}, Difference{Compared: 2, Mean: 1, Max: 2, Overlap: 1}},
		"none":           {nil, nil, Difference{}},
		"nothing finite": {[]float32{nan, inf}, []float32{1, 1}, Difference{}},
		"half is finite": {[]float32{1, 3}, []float32{2, nan}, Difference{Compared: 1, Mean: 1, Max: 1, Overlap: 0.5}},
	} {
		if got := Compare(c.first, c.second); got != c.want {
			t.Errorf("%s: %+v, expected %+v", name, got, c.want)
		}
	}
}

func TestValidate(t *testing.T) {
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
	err := Config{Share: math.NaN()}.Validate()
	for _, want := range []string{
		"concurrent: is 0, expected 1 to 64", "queue: is 0, expected 1 to 10000", "share: is NaN, expected 0.001 to 1",
		"timeout: is 0s, expected 1ms to 1m",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, expected one with %s", err, want)
		}
	}
}
