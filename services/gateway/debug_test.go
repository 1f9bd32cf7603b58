package gateway

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// asking is a request with a debug.
func asking(count uint32) *repliv1.RecommendRequest {
	request := ask(count)
	request.Debug = true
	return request
}

// steps is what a debug says of the steps, one text each.
func steps(d *repliv1.Debug) []string {
	var list []string
	for _, s := range d.GetSteps() {
		list = append(list, strings.TrimSpace(fmt.Sprint(name(s.GetComponent(), "COMPONENT_"), " ", name(s.GetReason(), "REASON_"), " ",
			s.GetStarted().AsDuration(), " ", s.GetGranted().AsDuration(), " ", s.GetSpent().AsDuration(), " ", s.GetItems())))
	}
	return list
}

// name is the lower-case name of an enumeration's value without its prefix.
func name(value fmt.Stringer, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(value.String(), prefix))
}

// dropped is what a debug says of the candidates, one text each, and of their number.
func dropped(d *repliv1.Debug) (named, counts []string) {
	for _, c := range d.GetDropped() {
		named = append(named, c.GetItemId()+" "+name(c.GetReason(), "DROP_REASON_")+" "+name(c.GetSource(), "SOURCE_"))
	}
	for _, c := range d.GetDropCounts() {
		counts = append(counts, fmt.Sprint(name(c.GetReason(), "DROP_REASON_"), " ", c.GetCandidates()))
	}
	return named, counts
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestDebugIsTheWaterfall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		if response, _ := m.recommend(t, 50*ms, ask(3)); response.GetDebug() != nil {
			t.Error("nobody asked for a debug")
		}
		ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: [16]byte{1}, SpanID: [8]byte{2}}))
		m.users.response.CandidateItemIds = []string{"stored"}
		response, err := m.service.Recommend(ctx, asking(3))
		if err != nil {
			t.Fatal(err)
		}
		d := response.GetDebug()
		if d.GetDeadline().AsDuration() != 100*ms || d.GetBudget().AsDuration() != 85*ms || d.GetSpent().AsDuration() != 2*ms ||
			d.GetRememberedList() || d.GetTraceId() != "01"+strings.Repeat("0", 30) || d.GetUser() == nil || d.GetUser().GetRemembered() {
			t.Errorf("debug %v", d)
		}
		expect(t, "steps", steps(d), "fallback unspecified 0s 42.5ms 1ms 200", "feature unspecified 0s 41.5ms 1ms 1", "ranking unspecified 1ms 84ms 1ms 201")
		if !m.ranker.last.GetDebug() {
			t.Error("the ranker was not asked for its part")
		}
	})
}

func TestDebugSaysWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.remember(t)
		m.users.takes, m.suggester.err = time.Hour, errRefused
		response, _ := m.recommend(t, 50*ms, asking(3))
		d := response.GetDebug()
		if response.GetTier() != repliv1.Tier_TIER_STATIC || !d.GetRememberedList() || d.GetUser() != nil {
			t.Errorf("response %v", response)
		}
		expect(t, "steps", steps(d), "fallback unavailable 0s 21.25ms 1ms 0", "feature soft_deadline 0s 20.25ms 20.25ms 0", "ranking skipped_dependency 0s 0s 0s 0")
		if s := d.GetSteps(); s[1].GetAtFault() != repliv1.Component_COMPONENT_FEATURE || s[2].GetStarted() != nil {
			t.Errorf("steps %v", s)
		}
		_, counts := dropped(d)
		expect(t, "counts", counts, "below_cut 197")
	})
}

func TestDebugNamesTheCandidatesThatWereDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.users.response.CandidateItemIds = []string{"stored", "p3"}
		m.ranker.say = func(in *rankingv1.RankRequest) *rankingv1.RankResponse {
			out := m.ranker.answer(in)
			out.Scored, out.Unknown, out.Indices, out.Scores = 1, 1, []uint32{5}, []float32{0.5}
			out.Debug = &rankingv1.RankDebug{
				Dropped: []*repliv1.DroppedCandidate{
					{ItemId: "p1", Reason: repliv1.DropReason_DROP_REASON_UNKNOWN},
					{ItemId: "mine", Reason: repliv1.DropReason_DROP_REASON_NO_TIME},
				},
				DropCounts: []*repliv1.DropCount{
					{Reason: repliv1.DropReason_DROP_REASON_UNKNOWN, Candidates: 1}, {Reason: repliv1.DropReason_DROP_REASON_NO_TIME, Candidates: 200},
				},
				Defaulted: []*repliv1.DefaultedFeature{{Name: "u_age"}}, DefaultedCount: 1,
			}
			return out
		}
		request := asking(2)
		request.CandidateItemIds = []string{"mine", "p2", "never"}
		request.ExcludeItemIds, request.ContextItemIds = []string{"never"}, []string{"p0"}
		response, _ := m.recommend(t, 50*ms, request)
		named, counts := dropped(response.GetDebug())
		expect(t, "items", ids(response.GetItems()), "p6", "p1") // p1 has no score and fills the answer: it was not dropped
		expect(t, "dropped", named, "p0 context popular", "p3 duplicate user", "p2 duplicate caller", "never excluded caller", "mine no_time caller")
		expect(t, "counts", counts, "excluded 1", "context 1", "duplicate 2", "no_time 200")
		if d := response.GetDebug(); d.GetDefaultedCount() != 1 || d.GetDefaulted()[0].GetName() != "u_age" {
			t.Errorf("debug %v", d)
		}
	})
}

// A ranker that says nonsense about candidates still ranks; what it says is left out.
func TestDebugOfNoUseCostsNoTier(t *testing.T) {
	for what, debug := range map[string]*rankingv1.RankDebug{
		"an id that is too long": {Dropped: []*repliv1.DroppedCandidate{{ItemId: strings.Repeat("x", 129)}}},
		"too many":               {Dropped: make([]*repliv1.DroppedCandidate, 501)},
		"too many features":      {Defaulted: make([]*repliv1.DefaultedFeature, 201)},
		"too many reasons":       {DropCounts: make([]*repliv1.DropCount, 65)},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMesh(t)
			m.ranker.say = func(in *rankingv1.RankRequest) *rankingv1.RankResponse {
				out := m.ranker.answer(in)
				out.Debug = debug
				return out
			}
			response, _ := m.recommend(t, 50*ms, asking(3))
			if _, counts := dropped(response.GetDebug()); response.GetTier() != personalized || !slices.Equal(counts, []string{"below_cut 197"}) {
				t.Errorf("%s: tier %v, counts %v", what, response.GetTier(), counts)
			}
		})
	}
}

func TestDebugIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.ranker.err = errRefused
		request := asking(1)
		for i := range 2000 {
			request.CandidateItemIds = append(request.CandidateItemIds, fmt.Sprint("mine", i))
		}
		response, _ := m.recommend(t, 50*ms, request)
		named, counts := dropped(response.GetDebug())
		if len(named) != mostDropped {
			t.Errorf("%d are named", len(named))
		}
		expect(t, "counts", counts, "below_cut 2199")
	})
}

func TestDebugOfABrownout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.remember(t)
		m.busy()
		request := asking(3)
		request.ExcludeItemIds, request.CandidateItemIds = []string{"p1"}, []string{"mine"}
		response, _ := m.recommend(t, 50*ms, request)
		d := response.GetDebug()
		if response.GetTier() != simple || !d.GetRememberedList() || d.GetDeadline() != nil || len(d.GetSteps()) != 0 {
			t.Errorf("response %v", response)
		}
		named, _ := dropped(d)
		expect(t, "dropped", named, "p1 excluded popular", "mine below_cut caller")
	})
}

func TestDebugNamesWhatTheQualityFactorWithheld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		for range 5000 {
			m.service.quality.Observe(time.Second, true)
		}
		request := asking(1)
		for i := range 20 {
			request.CandidateItemIds = append(request.CandidateItemIds, fmt.Sprint("mine", i))
		}
		response, _ := m.recommend(t, 50*ms, request)
		named, counts := dropped(response.GetDebug())
		if named[0] != "mine2 withheld caller" || !slices.Contains(counts, "withheld 18") {
			t.Errorf("dropped %q, counts %q", named, counts)
		}
	})
}
