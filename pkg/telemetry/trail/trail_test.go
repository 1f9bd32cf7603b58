package trail

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// sink keeps what it is sent, once it is let to.
type sink struct {
	mu    sync.Mutex
	spans []sdktrace.ReadOnlySpan
	hold  chan struct{} // nil, or closed when spans may be taken
	fail  error
}

func (s *sink) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.spans = append(s.spans, spans...)
	return nil
}

func (s *sink) Shutdown(context.Context) error { return nil }

// names are those of the spans that came, with their parents' names.
func (s *sink) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	byID := map[trace.SpanID]string{}
	for _, span := range s.spans {
		byID[span.SpanContext().SpanID()] = span.Name()
	}
	var names []string
	for _, span := range s.spans {
		names = append(names, byID[span.Parent().SpanID()]+"/"+span.Name())
	}
	slices.Sort(names)
	return names
}

// provide returns a provider that samples nothing by itself, its tracer, and what sends all that is queued.
func provide(t *testing.T, cfg Config, ratio float64, out *sink) (*Provider, trace.Tracer, func()) {
	t.Helper()
	p := New(cfg, Deps{Ratio: ratio, Resource: resource.Empty(), Exporter: out, Lost: func(context.Context, int, error) {}})
	ended := false
	end := func() {
		if ended {
			return
		}
		ended = true
		if err := p.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(end)
	return p, p.Tracer("test"), end
}

// family records a trail of a parent with two children, one of which outlives it, and calls do in the parent.
func family(ctx context.Context, tracer trace.Tracer, do func(context.Context)) {
	ctx, parent := tracer.Start(ctx, "parent")
	_, first := tracer.Start(ctx, "first")
	first.End()
	do(ctx)
	_, second := tracer.Start(ctx, "second")
	parent.End()
	second.End()
}

func TestKeptLate(t *testing.T) {
	t.Parallel()
	out := &sink{}
	p, tracer, end := provide(t, Defaults(), 0, out)
	family(t.Context(), tracer, func(ctx context.Context) {
		if span, ok := Sampled(ctx); ok || span.SpanContext().IsSampled() {
			t.Error("sampled before anybody had it kept")
		}
		for range 2 {
			if !Keep(ctx) {
				t.Error("not kept")
			}
		}
		if _, ok := Sampled(ctx); !ok {
			t.Error("what calls carry does not say that the trace is kept")
		}
	})
	family(t.Context(), tracer, func(context.Context) {}) // forgotten
	end()
	if got := fmt.Sprint(out.names()); got != "[/parent parent/first parent/second]" {
		t.Errorf("got %s", got)
	}
	if stats := p.Stats(); stats != (Stats{Late: 1, Sent: 3}) {
		t.Errorf("got %+v", stats)
	}
	for _, span := range out.spans {
		if !span.SpanContext().IsSampled() || span.SpanContext().TraceID() != out.spans[0].SpanContext().TraceID() {
			t.Errorf("%s has context %+v", span.Name(), span.SpanContext())
		}
	}
}

func TestCallersDecisionAndRatio(t *testing.T) {
	t.Parallel()
	out := &sink{}
	p, tracer, end := provide(t, Defaults(), 1, out)
	caller := trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, Remote: true}
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(caller))
	_, left := tracer.Start(ctx, "left out by the caller")
	left.End()
	caller.TraceFlags = trace.FlagsSampled
	ctx = trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(caller))
	_, span := tracer.Start(ctx, "the caller's")
	span.End()
	_, own := tracer.Start(t.Context(), "ours")
	own.End()
	end()
	if got := fmt.Sprint(out.names()); got != "[/ours /the caller's]" {
		t.Fatalf("got %s", got)
	}
	if parent := out.spans[0].Parent(); parent.SpanID() != caller.SpanID || !parent.IsRemote() {
		t.Errorf("the parent is %+v", parent)
	}
	if got := out.spans[0].SpanContext().TraceID(); got != caller.TraceID {
		t.Errorf("the trace is %v", got)
	}
	if stats := p.Stats(); stats.Sampled != 2 || stats.Open != 0 {
		t.Errorf("got %+v", stats)
	}
}

// A span that has ended does not change, whatever begins under it.
func TestChildrenOfASpanThatHasEndedAreNotCounted(t *testing.T) {
	t.Parallel()
	out := &sink{}
	_, tracer, end := provide(t, Defaults(), 1, out)
	ctx, parent := tracer.Start(t.Context(), "parent")
	for range 2 {
		_, child := tracer.Start(ctx, "child")
		child.End()
		parent.End()
	}
	end()
	if got := fmt.Sprint(out.names()); got != "[/parent parent/child parent/child]" {
		t.Fatalf("got %s", got)
	}
	for _, span := range out.spans {
		if span.Name() == "parent" && span.ChildSpanCount() != 1 {
			t.Errorf("%d children, want the one that was there", span.ChildSpanCount())
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := Defaults()
		cfg.PerSecond, cfg.Burst = 2, 3
		p, tracer, _ := provide(t, cfg, 0, &sink{})
		storm := func() (keptOnes int) {
			for range 100 {
				family(t.Context(), tracer, func(ctx context.Context) {
					if Keep(ctx) {
						keptOnes++
					}
				})
			}
			return keptOnes
		}
		for i, want := range []int{3, 1, 3} { // the burst, half a second's, no more than the burst
			if got := storm(); got != want {
				t.Errorf("storm %d: %d were kept, expected %d", i, got, want)
			}
			time.Sleep([]time.Duration{500 * time.Millisecond, time.Hour, 0}[i])
		}
		if stats := p.Stats(); stats.Late != 7 || stats.Refused != 293 || stats.Open != 0 {
			t.Errorf("got %+v", stats)
		}
	})
}

func TestBounds(t *testing.T) {
	t.Parallel()
	out := &sink{}
	cfg := Defaults()
	cfg.Open, cfg.Spans = 2, 5
	p, tracer, end := provide(t, cfg, 0, out)
	first, root := tracer.Start(t.Context(), "root")
	for range 6 { // four fit
		ctx, span := tracer.Start(first, "child")
		if !span.SpanContext().IsValid() || span.SpanContext().TraceID() != root.SpanContext().TraceID() {
			t.Error("calls under a span that had no room would leave the trace")
		}
		_, under := tracer.Start(ctx, "under it")
		under.End()
		span.End()
	}
	_, second := tracer.Start(t.Context(), "second")
	third, third1 := tracer.Start(t.Context(), "third")
	if third1.IsRecording() || !third1.SpanContext().IsValid() || Keep(third) {
		t.Error("the third trace is recorded, or has no id")
	}
	second.End()
	_, fourth := tracer.Start(t.Context(), "fourth")
	if !fourth.IsRecording() {
		t.Error("there was room for the fourth")
	}
	fourth.End()
	Keep(first)
	root.End()
	end()
	if len(out.spans) != 5 {
		t.Errorf("got %v", out.names())
	}
	if stats := p.Stats(); stats.Unrecorded != 1 || stats.Truncated == 0 || stats.Open != 0 {
		t.Errorf("got %+v", stats)
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := Defaults()
		p, tracer, _ := provide(t, cfg, 0, &sink{})
		ctx, root := tracer.Start(t.Context(), "root")
		time.Sleep(cfg.Age + 1)
		_, child := tracer.Start(ctx, "child")
		if child.IsRecording() || root.IsRecording() || Keep(ctx) {
			t.Error("it is still recorded")
		}
		root.End()
		if stats := p.Stats(); stats.Outlived != 1 || stats.Open != 0 {
			t.Errorf("got %+v", stats)
		}
	})
}

func TestNothingIsRecordedWithoutTokens(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.PerSecond = 0
	p, tracer, _ := provide(t, cfg, 0, &sink{})
	ctx, root := tracer.Start(t.Context(), "root")
	_, child := tracer.Start(ctx, "child")
	if root.IsRecording() || child.IsRecording() || Keep(ctx) || child.SpanContext().TraceID() != root.SpanContext().TraceID() {
		t.Error("recorded, or not one trace")
	}
	if stats := p.Stats(); stats != (Stats{}) {
		t.Errorf("got %+v", stats)
	}
}

func TestQueueIsBoundedAndNeverWaits(t *testing.T) {
	t.Parallel()
	out := &sink{hold: make(chan struct{})}
	cfg := Defaults()
	cfg.Queue = 10
	p, tracer, end := provide(t, cfg, 1, out)
	for range 1000 {
		_, span := tracer.Start(t.Context(), "span")
		span.End()
	}
	if stats := p.Stats(); stats.Queued != 10 || stats.Overflow != 990 {
		t.Errorf("got %+v", stats)
	}
	close(out.hold)
	end()
	if stats := p.Stats(); stats.Sent != 10 || stats.Queued != 0 || len(out.spans) != 10 {
		t.Errorf("got %+v, %d spans", stats, len(out.spans))
	}
}

func TestLostSpansAreCounted(t *testing.T) {
	t.Parallel()
	out := &sink{fail: errors.New("refused")}
	p, tracer, end := provide(t, Defaults(), 1, out)
	family(t.Context(), tracer, func(context.Context) {})
	end()
	if stats := p.Stats(); stats.Lost != 3 || stats.Sent != 0 || stats.Queued != 0 {
		t.Errorf("got %+v", stats)
	}
}

func TestDetachedWorkIsATraceOfItsOwn(t *testing.T) {
	t.Parallel()
	out := &sink{}
	_, tracer, end := provide(t, Defaults(), 0, out)
	var cause trace.SpanContext
	family(t.Context(), tracer, func(ctx context.Context) {
		Keep(ctx)
		cause = trace.SpanContextFromContext(ctx)
		_, detached := tracer.Start(ctx, "detached", trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(ctx)))
		detached.End()
	})
	end()
	if got := fmt.Sprint(out.names()); got != "[/detached /parent parent/first parent/second]" {
		t.Fatalf("got %s", got)
	}
	for _, span := range out.spans {
		if span.Name() == "detached" && (span.SpanContext().TraceID() == cause.TraceID() || !span.Links()[0].SpanContext.Equal(cause)) {
			t.Errorf("trace %v, links %+v", span.SpanContext().TraceID(), span.Links())
		}
	}
}

func TestSpanSaysWhatItWasTold(t *testing.T) {
	t.Parallel()
	out := &sink{}
	_, tracer, end := provide(t, Defaults(), 1, out)
	shared := []attribute.KeyValue{attribute.Int("a", 1), attribute.Int("b", 2)}
	_, span := tracer.Start(t.Context(), "old", trace.WithSpanKind(trace.SpanKindClient))
	span.SetAttributes(shared...)
	span.SetAttributes(attribute.Int("a", 3))
	span.SetName("new")
	span.AddEvent("event", trace.WithAttributes(attribute.Int("c", 4)))
	span.RecordError(fmt.Errorf("user u1 is unknown"))
	span.RecordError(nil)
	span.AddLink(trace.Link{})
	span.SetStatus(codes.Error, "why")
	span.SetStatus(codes.Unset, "")
	for range 100 {
		span.AddEvent("more")
		span.AddLink(trace.Link{SpanContext: span.SpanContext()})
		span.SetAttributes(attribute.Int("many", 1), attribute.Int("most", 1))
	}
	span.End()
	span.SetAttributes(attribute.Int("late", 1))
	span.AddEvent("late")
	span.End()
	end()
	got := out.spans[0]
	if got.Name() != "new" || got.SpanKind() != trace.SpanKindClient || got.Status() != (sdktrace.Status{Code: codes.Error, Description: "why"}) {
		t.Errorf("name %s, kind %v, status %+v", got.Name(), got.SpanKind(), got.Status())
	}
	attributes := attribute.NewSet(got.Attributes()...)
	if text := attributes.Encoded(attribute.DefaultEncoder()); text != "a=3,b=2,many=1,most=1" || len(got.Attributes()) != 4 {
		t.Errorf("attributes %s", text)
	}
	if shared[0].Value.AsInt64() != 1 {
		t.Error("what the caller gave was changed")
	}
	if len(got.Events()) != maxEvents || len(got.Links()) != maxLinks || got.DroppedEvents() != 70 || got.DroppedLinks() != 92 || got.DroppedAttributes() != 139 {
		t.Errorf("%d events, %d links, dropped %d, %d and %d attributes", len(got.Events()), len(got.Links()),
			got.DroppedEvents(), got.DroppedLinks(), got.DroppedAttributes())
	}
	if text := fmt.Sprint(got.Events()); strings.Contains(text, "u1") {
		t.Errorf("an error's text is in the span: %s", text)
	}
	if got.InstrumentationScope().Name != "test" || got.EndTime().Before(got.StartTime()) {
		t.Errorf("scope %v, from %v to %v", got.InstrumentationScope(), got.StartTime(), got.EndTime())
	}
}

// Spans of one trail start, end and are kept on many goroutines at once: each comes exactly once, or the trail is forgotten.
func TestRace(t *testing.T) {
	t.Parallel()
	out := &sink{}
	cfg := Defaults()
	cfg.PerSecond, cfg.Burst = 10_000, 10_000
	p, tracer, end := provide(t, cfg, 0, out)
	const trails, children = 200, 8
	for range trails {
		ctx, root := tracer.Start(t.Context(), "root")
		var group sync.WaitGroup
		for i := range children {
			group.Go(func() {
				_, span := tracer.Start(ctx, "child")
				span.SetAttributes(attribute.Int("i", i))
				if i == 3 {
					Keep(ctx)
				}
				span.AddEvent("event")
				span.End()
			})
		}
		group.Go(func() { root.SetAttributes(attribute.Bool("root", true)) })
		group.Wait()
		root.End()
	}
	end()
	if stats := p.Stats(); stats.Sent != trails*(children+1) || stats.Late != trails || stats.Open != 0 {
		t.Errorf("got %+v", stats)
	}
}

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	if err := Defaults().Validate(); err != nil {
		t.Error(err)
	}
	for rate, sound := range map[float64]bool{0: true, 0.001: true, 10_000: true, 1e-10: false, 0.0009: false, 10_001: false, math.NaN(): false} {
		cfg := Defaults()
		if cfg.PerSecond = rate; (cfg.Validate() == nil) != sound {
			t.Errorf("%v a second: %v", rate, cfg.Validate())
		}
	}
	err := Config{PerSecond: -1}.Validate()
	for _, key := range []string{"per_second", "burst", "open", "spans", "age", "queue"} {
		if err == nil || !strings.Contains(err.Error(), key+": is ") {
			t.Errorf("%s is not named in %v", key, err)
		}
	}
}

func BenchmarkForgotten(b *testing.B) {
	p := New(Defaults(), Deps{Resource: resource.Empty(), Exporter: &sink{}})
	defer func() { _ = p.Shutdown(context.Background()) }()
	tracer := p.Tracer("test")
	b.ReportAllocs()
	for b.Loop() {
		family(context.Background(), tracer, func(context.Context) {})
	}
}
