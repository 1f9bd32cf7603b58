package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/protobuf/types/known/timestamppb"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/telemetry/trail"
)

// seen asks in a span of a trace that only something degraded can have kept, and returns the request's span as it came to the
// collector; nil when nothing came. Names are those of all spans.
func (m *mesh) seen(t *testing.T, deadline time.Duration, request *repliv1.RecommendRequest) (root sdktrace.ReadOnlySpan, names []string) {
	t.Helper()
	out := tracetest.NewInMemoryExporter()
	provider := trail.New(trail.Defaults(), trail.Deps{
		Resource: resource.Empty(), Exporter: kept{out}, Lost: func(context.Context, int, error) {},
	})
	m.service.report.tracer = provider.Tracer("test")
	ctx, span := m.service.report.tracer.Start(t.Context(), "request")
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	_, _ = m.service.Recommend(ctx, request)
	span.End()
	if err := provider.Shutdown(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, s := range out.GetSpans().Snapshots() {
		names = append(names, s.Name())
		if s.Name() == "request" {
			root = s
		}
	}
	slices.Sort(names)
	return root, names
}

// kept is an exporter that forgets nothing when it is shut down.
type kept struct{ *tracetest.InMemoryExporter }

func (kept) Shutdown(context.Context) error { return nil }

func told(span sdktrace.ReadOnlySpan) (attributes attribute.Set, events []string) {
	for _, event := range span.Events() {
		set := attribute.NewSet(event.Attributes...)
		events = append(events, strings.TrimSpace(event.Name+" "+set.Encoded(attribute.DefaultEncoder())))
	}
	return attribute.NewSet(span.Attributes()...), events
}

func TestHealthyAnswersAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		if _, names := m.seen(t, 50*ms, ask(3)); names != nil {
			t.Errorf("spans %v came", names)
		}
	})
}

func TestDegradedAnswersSayWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.users.become(time.Second)
		request := ask(3)
		request.SegmentHint = "gourmet"
		root, names := m.seen(t, 50*ms, request)
		if fmt.Sprint(names) != "[gateway.assemble gateway.gather gateway.plan request]" {
			t.Fatalf("spans %v came", names)
		}
		attributes, events := told(root)
		for key, want := range map[attribute.Key]string{
			"repli.tier": "simple", "repli.degradation.reason": "soft_deadline", "repli.model.version": "", "repli.coverage": "0",
			"repli.segment": "gourmet",
		} {
			if got, ok := attributes.Value(key); !ok || got.String() != want {
				t.Errorf("%s is %q, want %q", key, got.String(), want)
			}
		}
		plan := m.service.cfg.Budget.Start(50*ms, true)
		for key, want := range map[attribute.Key]time.Duration{"repli.budget.granted_ms": plan.Total, "repli.budget.spent_ms": plan.Feature} {
			if got, _ := attributes.Value(key); got.AsFloat64() != milliseconds(want) {
				t.Errorf("%s is %v, want %v", key, got.AsFloat64(), want)
			}
		}
		text := strings.Join(events, "\n")
		for _, want := range []string{
			"repli.cancelled repli.component=feature",
			"repli.step repli.budget.granted_ms=", "repli.component=fallback,repli.degradation.reason=none",
			"repli.degradation repli.budget.granted_ms=", "repli.component=ranking,repli.degradation.reason=skipped_dependency",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is missing in\n%s", want, text)
			}
		}
		if strings.Contains(fmt.Sprint(attributes.ToSlice(), text), ask(3).GetUserId()) {
			t.Errorf("the user is in %v, %s", attributes.ToSlice(), text)
		}
	})
}

// The ranker is asked after it is known that the answer will be degraded, and so is told that the trace is kept.
func TestTheRankerLearnsThatATraceIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.suggester.err = errRefused
		sampled := false
		request := ask(3)
		request.CandidateItemIds = []string{"a", "b"}
		m.service.ranking.call = func(ctx context.Context, request *rankingv1.RankRequest) (*rankingv1.RankResponse, error) {
			_, sampled = trail.Sampled(ctx)
			return m.ranker.answer(request), nil
		}
		if root, _ := m.seen(t, 50*ms, request); root == nil || !sampled {
			t.Errorf("the span is %v; what the ranker is sent is sampled: %v", root, sampled)
		}
	})
}

func TestShedAndRelievedRequestsAreSeenAsFarAsThereAreTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.remember(t)
		m.busy()
		root, _ := m.seen(t, 50*ms, ask(3))
		if root == nil {
			t.Fatal("a brownout's trace is forgotten while there are tokens")
		}
		if attributes, _ := told(root); !attributes.HasValue("repli.degradation.reason") {
			t.Errorf("attributes %v", attributes.ToSlice())
		}
	})
}

// PERSONALIZED answers of sampled traces say which model they are of, and refused requests that they were.
func TestSampledRequestsSayWhatBecameOfThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, spans := newMesh(t), tracetest.NewSpanRecorder()
		tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test")
		ask := func(priority repliv1.Priority) (attribute.Set, string) {
			ctx, span := tracer.Start(t.Context(), "request")
			ctx, cancel := context.WithTimeout(ctx, 50*ms)
			defer cancel()
			request := ask(3)
			request.Priority = priority
			_, _ = m.service.Recommend(ctx, request)
			span.End()
			ended := spans.Ended()
			attributes, events := told(ended[len(ended)-1])
			return attributes, strings.Join(events, "\n")
		}
		attributes, events := ask(repliv1.Priority_PRIORITY_SHEDDABLE)
		if model, _ := attributes.Value("repli.model.version"); model.AsString() != "test/1" || strings.Contains(events, "repli.shed") {
			t.Errorf("%v, %s", attributes.ToSlice(), events)
		}
		m.remember(t)
		m.overloaded(t)
		if attributes, events = ask(repliv1.Priority_PRIORITY_SHEDDABLE); events != "repli.shed" || attributes.HasValue("repli.tier") {
			t.Errorf("a refused request: %v, %s", attributes.ToSlice(), events)
		}
		if _, events = ask(repliv1.Priority_PRIORITY_DEFAULT); strings.Contains(events, "repli.shed") {
			t.Errorf("one that was answered: %s", events)
		}
	})
}

// No timestamp of a peer has a part in an answer: clocks may be as far apart as they like.
func TestClocksOfPeersChangeNoAnswer(t *testing.T) {
	for _, skew := range []time.Duration{-48 * time.Hour, -time.Second, time.Second, 48 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			plain, skewed := newMesh(t), newMesh(t)
			at := timestamppb.New(time.Now().Add(skew))
			skewed.users.response.ReadTime, skewed.users.response.EventTime = at, at
			skewed.ranker.say = func(in *rankingv1.RankRequest) *rankingv1.RankResponse {
				response := skewed.ranker.answer(in)
				response.ItemTableTime = at
				return response
			}
			skewed.suggester.say = func(in *fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse {
				other := &fakeSuggester{}
				response, _ := other.Suggest(t.Context(), in)
				response.SnapshotTime = at
				return response
			}
			want, _ := plain.recommend(t, 50*ms, ask(10))
			got, _ := skewed.recommend(t, 50*ms, ask(10))
			if fmt.Sprint(ids(got.GetItems())) != fmt.Sprint(ids(want.GetItems())) || got.GetTier() != want.GetTier() {
				t.Errorf("with clocks %v apart: %v, want %v", skew, got, want)
			}
		})
	}
}
