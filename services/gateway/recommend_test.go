package gateway

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

const ms = time.Millisecond

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mesh is a gateway among fakes, in virtual time.
type mesh struct {
	users     *fakeUsers
	ranker    *fakeRanker
	suggester *fakeSuggester
	service   *Service
}

func newMesh(t testing.TB) *mesh {
	t.Helper()
	m := &mesh{
		users: &fakeUsers{behaviour: behaviour{takes: ms}, response: &featurev1.GetUserResponse{
			Status:  featurev1.UserStatus_USER_STATUS_FOUND,
			Row:     &featurev1.Row{SchemaFingerprint: 7, Numbers: []float32{1}, Statuses: []byte{1}},
			Segment: "family",
		}},
		ranker:    &fakeRanker{behaviour: behaviour{takes: ms}},
		suggester: &fakeSuggester{behaviour: behaviour{takes: ms}},
	}
	service, err := New(Defaults(), Deps{
		Users: m.users, Ranker: m.ranker, Suggester: m.suggester, Signals: telemetry.Discard(), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	m.service = service
	return m
}

// remember runs the refresher long enough for the gateway to hold its last good lists.
func (m *mesh) remember(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.service.Run(ctx) }()
	for end := time.Now().Add(time.Minute); m.service.lists.List("") == nil && time.Now().Before(end); {
		time.Sleep(ms)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// recommend asks with a deadline and returns the answer and how long it took.
func (m *mesh) recommend(
	t *testing.T, deadline time.Duration, request *repliv1.RecommendRequest,
) (*repliv1.RecommendResponse, time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	started := time.Now()
	response, err := m.service.Recommend(ctx, request)
	if err != nil {
		t.Fatalf("Recommend: %v", err)
	}
	return response, time.Since(started)
}

func ask(count uint32) *repliv1.RecommendRequest {
	return &repliv1.RecommendRequest{UserId: "u1", Count: count}
}

func ids(items []*repliv1.Item) []string {
	var ids []string
	for _, item := range items {
		ids = append(ids, item.GetItemId())
	}
	return ids
}

func TestPersonalised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		response, took := m.recommend(t, 50*ms, ask(3))
		if response.GetTier() != repliv1.Tier_TIER_PERSONALIZED || len(response.GetDegradations()) != 0 {
			t.Errorf("tier %v, degradations %v", response.GetTier(), response.GetDegradations())
		}
		if got, want := ids(response.GetItems()), []string{"p199", "p198", "p197"}; !slices.Equal(got, want) {
			t.Errorf("items %v, want %v", got, want)
		}
		if took != 2*ms {
			t.Errorf("took %v: features and fallback are asked together, then ranking: 2ms", took)
		}
		c := response.GetCoverage()
		if c.GetCandidates() != 200 || c.GetScored() != 200 || c.GetUnscored() != 0 {
			t.Errorf("coverage %v", c)
		}
		if len(response.GetRecommendationId()) != 22 || response.GetModel() != "test/1" || response.GetSnapshotTime() == nil {
			t.Errorf("response %v", response)
		}
	})
}

func TestStaticWhenOnlyMemoryIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.remember(t)
		m.ranker.calls = 0 // it was asked what it knows of the list
		m.users.takes, m.ranker.err, m.suggester.err = time.Hour, errRefused, errRefused
		response, _ := m.recommend(t, 10*ms, ask(5))
		if response.GetTier() != repliv1.Tier_TIER_STATIC {
			t.Errorf("tier %v", response.GetTier())
		}
		if got, want := ids(response.GetItems()), []string{"p0", "p1", "p2", "p3", "p4"}; !slices.Equal(got, want) {
			t.Errorf("items %v, want %v", got, want)
		}
		if m.ranker.calls != 0 {
			t.Error("ranking was asked without features")
		}
	})
}

func TestAGatewayThatHasSeenNothingStillReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.users.err, m.ranker.err, m.suggester.err = errRefused, errRefused, errRefused
		request := ask(5)
		request.CandidateItemIds = []string{"mine", "mine", "yours"}
		response, _ := m.recommend(t, 50*ms, request)
		if response.GetTier() != repliv1.Tier_TIER_STATIC {
			t.Errorf("tier %v", response.GetTier())
		}
		if got, want := ids(response.GetItems()), []string{"mine", "yours"}; !slices.Equal(got, want) {
			t.Errorf("items %v, want the caller's own %v", got, want)
		}
		if response.GetCoverage().GetDuplicates() != 1 {
			t.Errorf("coverage %v", response.GetCoverage())
		}
	})
}

func TestCallersCandidatesExclusionsAndContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.users.response.CandidateItemIds = []string{"stored", "p3"}
		request := ask(500)
		request.CandidateItemIds = []string{"mine", "p1", "p2", "never"}
		request.ExcludeItemIds = []string{"p2", "never"}
		request.ContextItemIds = []string{"p0"}
		response, _ := m.recommend(t, 50*ms, request)

		sources := map[string]repliv1.Source{}
		for _, item := range response.GetItems() {
			sources[item.GetItemId()] = item.GetSource()
		}
		if len(sources) != len(response.GetItems()) {
			t.Error("an item came back twice")
		}
		want := map[string]repliv1.Source{
			"mine": repliv1.Source_SOURCE_CALLER, "stored": repliv1.Source_SOURCE_USER,
			"p1": repliv1.Source_SOURCE_POPULAR, "p3": repliv1.Source_SOURCE_POPULAR,
		}
		for id, source := range want {
			if sources[id] != source {
				t.Errorf("%s came from %v, want %v", id, sources[id], source)
			}
		}
		for _, id := range []string{"p0", "p2", "never"} {
			if _, ok := sources[id]; ok {
				t.Errorf("%s came back", id)
			}
		}
		c := response.GetCoverage()
		if c.GetDuplicates() != 2 || c.GetExcluded() != 4 || c.GetCandidates() != 300 {
			t.Errorf("coverage %v, want 2 duplicates (p1, p3), 4 excluded (p0, p2 twice, never), 300 candidates", c)
		}
		if got := m.suggester.last; !slices.Equal(got.GetContextItemIds(), []string{"p0"}) || got.GetCount() != 500 {
			t.Errorf("fallback was asked %v", got)
		}
	})
}

func TestPartialAnswers(t *testing.T) {
	t.Run("views outside their freshness", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := newMesh(t)
			m.users.response.OutsideMaxAgeViews = []string{"user_stats"}
			response, _ := m.recommend(t, 50*ms, ask(3))
			if response.GetTier() != repliv1.Tier_TIER_PARTIAL ||
				response.GetDegradations()[0].GetReason() != repliv1.Reason_REASON_OUTSIDE_MAX_AGE {
				t.Errorf("response %v", response)
			}
		})
	})
	t.Run("only some candidates could be scored", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			m := newMesh(t)
			m.ranker.say = func(*rankingv1.RankRequest) *rankingv1.RankResponse {
				return &rankingv1.RankResponse{Indices: []uint32{7}, Scores: []float32{0.5}, Scored: 1, Unknown: 4, Model: "m/1"}
			}
			response, _ := m.recommend(t, 50*ms, ask(3))
			if response.GetTier() != repliv1.Tier_TIER_PARTIAL {
				t.Errorf("tier %v", response.GetTier())
			}
			if got, want := ids(response.GetItems()), []string{"p7", "p0", "p1"}; !slices.Equal(got, want) {
				t.Errorf("items %v: the scored one first, then the safe order %v", got, want)
			}
			if c := response.GetCoverage(); c.GetScored() != 1 || c.GetUnscored() != 195 || c.GetUnknown() != 4 {
				t.Errorf("coverage %v", c)
			}
		})
	})
}

func TestNewUserIsRankedAndSaidToBeNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.users.response.Status = featurev1.UserStatus_USER_STATUS_NOT_FOUND
		m.users.response.Segment = ""
		response, _ := m.recommend(t, 50*ms, ask(3))
		if response.GetTier() != repliv1.Tier_TIER_PERSONALIZED || !response.GetNewUser() {
			t.Errorf("response %v", response)
		}
		m.ranker.err = fault.Status(fault.New(fault.NotReady, "NO_DEFAULT", "feature u_age has no default")).Err()
		response, _ = m.recommend(t, 50*ms, ask(3))
		if response.GetTier() != repliv1.Tier_TIER_SIMPLE ||
			response.GetDegradations()[0].GetReason() != repliv1.Reason_REASON_NO_DEFAULT {
			t.Errorf("response %v", response)
		}
	})
}

func TestSegmentIsRememberedForTheNextAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.recommend(t, 50*ms, ask(3))
		if got := m.suggester.last.GetSegment(); got != "" {
			t.Errorf("the first time the segment is unknown, not %q", got)
		}
		m.ranker.err = errRefused
		response, _ := m.recommend(t, 50*ms, ask(3))
		if response.GetTier() != repliv1.Tier_TIER_SIMPLE || response.GetSegment() != "family" {
			t.Errorf("response %v", response)
		}
		request := ask(3)
		request.SegmentHint = "gourmet"
		m.recommend(t, 50*ms, request)
		if got := m.suggester.last.GetSegment(); got != "gourmet" {
			t.Errorf("the caller's hint comes first, not %q", got)
		}
	})
}

func TestACallerThatGivesUpCancelsTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.users.takes, m.suggester.takes = time.Hour, time.Hour
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*ms, cancel)
		started := time.Now()
		_, err := m.service.Recommend(ctx, ask(3))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want context.Canceled", err)
		}
		if took := time.Since(started); took != 3*ms {
			t.Errorf("gave up after %v, want 3ms", took)
		}
		if m.users.running+m.suggester.running != 0 {
			t.Error("work went on")
		}
	})
}

// What is cut off by a caller that gives up was not slow: it is abandoned, and nothing else is said of it.
func TestACallerThatGivesUpSaysNothingOfTheComponents(t *testing.T) {
	for name, test := range map[string]struct {
		hang   func(*mesh) *behaviour
		ranked int
	}{
		"features": {func(m *mesh) *behaviour { return &m.users.behaviour }, 0},
		"list":     {func(m *mesh) *behaviour { return &m.suggester.behaviour }, 0},
		"ranking":  {func(m *mesh) *behaviour { return &m.ranker.behaviour }, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			m, set := measured(t)
			m.recommend(t, 50*ms, ask(3))
			m.service.quality.Observe(time.Hour, true) // else it could not be seen to rise
			factor, usual, calls := m.service.quality.Value(), m.service.usual.Value(), m.ranker.calls
			test.hang(m).become(time.Hour)
			ctx, cancel := context.WithTimeout(t.Context(), 50*ms)
			defer cancel()
			time.AfterFunc(3*ms, cancel)
			if _, err := m.service.Recommend(ctx, ask(3)); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v, want context.Canceled", name, err)
			}
			if got := m.ranker.calls - calls; got != test.ranked {
				t.Errorf("%s: the ranker was asked %d times, want %d", name, got, test.ranked)
			}
			if m.service.quality.Value() != factor || m.service.usual.Value() != usual {
				t.Errorf("%s: the quality factor is %v, was %v; ranking usually takes %v, was %v",
					name, m.service.quality.Value(), factor, m.service.usual.Value(), usual)
			}
			tally, minute := m.service.report.tally, m.service.history.Last(time.Now(), time.Minute)
			if tally.outcomes.by[abandoned].Load() != 1 || minute.Abandoned != 1 {
				t.Errorf("%s: abandoned %d, %d", name, tally.outcomes.by[abandoned].Load(), minute.Abandoned)
			}
			for i := range tally.cancelled.by {
				if n := tally.cancelled.by[i].Load(); n != 0 {
					t.Errorf("%s: %d calls of %s were cancelled at their soft deadline", name, n, peers[i])
				}
			}
			if reasons := stepReasons(figures(t, set)); !slices.Equal(reasons, []string{"none"}) {
				t.Errorf("%s: steps ended with %v", name, reasons)
			}
		})
	}
}

// stepReasons are those that steps ended with, each once, by the page of figures.
func stepReasons(page string) (found []string) {
	count := regexp.MustCompile(`(?m)^repli_gateway_step_duration_seconds_count{.*repli_degradation_reason="(\w+)"`)
	for _, match := range count.FindAllStringSubmatch(page, -1) {
		found = append(found, match[1])
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// When ranking has been slow for long, it is skipped at once instead of waited for, and tried again later.
func TestRankingIsSkippedWhileItIsUsuallyTooSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.ranker.takes = 80 * ms
		for range 10 {
			m.recommend(t, 200*ms, ask(3))
		}
		response, took := m.recommend(t, 50*ms, ask(3))
		if took != ms || response.GetDegradations()[0].GetReason() != repliv1.Reason_REASON_SKIPPED_NO_BUDGET {
			t.Errorf("took %v: %v", took, response)
		}
		m.ranker.takes = ms
		for n := 0; response.GetTier() != repliv1.Tier_TIER_PERSONALIZED; n++ {
			if response, _ = m.recommend(t, 50*ms, ask(3)); n > 1000 {
				t.Fatal("ranking is never tried again")
			}
		}
	})
}

func TestAFeatureThatTheModelCannotTakeIsTheCallersFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.ranker.err = fault.Status(fault.Invalid("request_features.hour", "is a text, expected a number")).Err()
		_, err := m.service.Recommend(t.Context(), ask(3))
		if s := fault.Status(err); s.Code() != codes.InvalidArgument || !strings.Contains(s.Message(), "request_features.hour") {
			t.Errorf("err = %v", err)
		}
		m.ranker.err = fault.Status(fault.Invalid("user", "2 statuses, expected 3")).Err()
		response, _ := m.recommend(t, 50*ms, ask(3))
		if response.GetTier() != repliv1.Tier_TIER_SIMPLE ||
			response.GetDegradations()[0].GetReason() != repliv1.Reason_REASON_ERROR {
			t.Errorf("a fault between services reached the caller: %v", response)
		}
	})
}
