package fallback

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/views"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func bought(user, item string, days int) views.Event {
	return views.Event{ID: "e", UserID: user, ItemID: item, Type: "purchase", Quantity: 1, Time: now.AddDate(0, 0, -days)}
}

func sequence(events ...views.Event) iter.Seq2[views.Event, error] {
	return func(yield func(views.Event, error) bool) {
		for _, event := range events {
			if !yield(event, nil) {
				return
			}
		}
	}
}

// bySuffix puts users into three segments, and every fourth into none.
func bySuffix(user string) string {
	return []string{"", "heavy", "light", "new"}[user[len(user)-1]%4]
}

// shop is the snapshot of a random shop: the same for the same seed.
func shop(tb testing.TB, seed uint64, users, items, baskets int) *Snapshot {
	tb.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	var events []views.Event
	for range baskets {
		user, days := fmt.Sprintf("u%d", r.IntN(users)), r.IntN(90)
		for range 1 + r.IntN(4) {
			events = append(events, bought(user, fmt.Sprintf("i%d", int(float64(items)*r.Float64()*r.Float64())), days))
		}
	}
	return built(tb, bySuffix, events...)
}

func built(tb testing.TB, segmentOf func(string) string, events ...views.Event) *Snapshot {
	tb.Helper()
	s, err := Build(tb.Context(), BuildDefaults(), sequence(events...), segmentOf, now)
	if err != nil {
		tb.Fatalf("Build: %v", err)
	}
	return s
}

func serving(tb testing.TB, shares Shares, s *Snapshot) *Service {
	tb.Helper()
	cfg := Defaults()
	cfg.Shares = shares
	service, err := New(cfg, Deps{Signals: telemetry.Discard(), Snapshot: s})
	if err != nil {
		tb.Fatalf("New: %v", err)
	}
	return service
}

func suggested(tb testing.TB, service *Service, request *fallbackv1.SuggestRequest) *fallbackv1.SuggestResponse {
	tb.Helper()
	response, err := service.Suggest(tb.Context(), request)
	if err != nil {
		tb.Fatalf("Suggest: %v", err)
	}
	return response
}

// line writes an answer as "item:first letter of source".
func line(response *fallbackv1.SuggestResponse) string {
	var parts []string
	for i, id := range response.GetItemIds() {
		parts = append(parts, id+":"+strings.TrimPrefix(response.GetSources()[i].String(), "SOURCE_")[:1])
	}
	return strings.Join(parts, " ")
}

// corner is a tiny shop, of which everything is known: popular are p1 to p6 and n1 to n3 are bought with c, but nothing
// else is bought together; t1 and t2 are trending.
func corner(t *testing.T) *Snapshot {
	t.Helper()
	var events []views.Event
	for item := range 6 {
		for buyer := range 9 - item {
			events = append(events, bought(fmt.Sprintf("p%d/%d", item, buyer), fmt.Sprintf("p%d", item+1), 10))
		}
	}
	for item, buyers := range []int{4, 3, 2} {
		for buyer := range buyers {
			user := fmt.Sprintf("n%d/%d", item, buyer)
			events = append(events, bought(user, fmt.Sprintf("n%d", item+1), 20), bought(user, "c", 20))
		}
	}
	for item, buyers := range []int{3, 2} {
		for buyer := range buyers {
			events = append(events, bought(fmt.Sprintf("t%d/%d", item, buyer), fmt.Sprintf("t%d", item+1), 1))
		}
	}
	return built(t, func(user string) string { return map[bool]string{true: "small"}[strings.HasPrefix(user, "p5/")] }, events...)
}

func TestSuggestMixesByShares(t *testing.T) {
	t.Parallel()
	s := corner(t)
	context := []string{"c"}
	for name, test := range map[string]struct {
		shares  Shares
		request *fallbackv1.SuggestRequest
		want    string
	}{
		"popular only": {
			Shares{Popular: 1}, &fallbackv1.SuggestRequest{Count: 4}, "p1:P p2:P c:P p3:P",
		},
		"a source that is off gives nothing": {
			Shares{Popular: 1}, &fallbackv1.SuggestRequest{Count: 3, ContextItemIds: context}, "p1:P p2:P p3:P",
		},
		"halves": {
			Shares{Neighbours: 0.5, Popular: 0.5},
			&fallbackv1.SuggestRequest{Count: 5, ContextItemIds: context},
			"n1:N p1:P n2:N p2:P n3:N",
		},
		"thirds, then without what ran dry": {
			Shares{Neighbours: 1, Trending: 1, Popular: 1},
			&fallbackv1.SuggestRequest{Count: 10, ContextItemIds: context},
			"n1:N t1:T p1:P n2:N t2:T p2:P p3:P n3:N p4:P p5:P",
		},
		"no context": {
			Shares{Neighbours: 0.5, Trending: 0.1, Popular: 0.4},
			&fallbackv1.SuggestRequest{Count: 6},
			"p1:P p2:P t1:T c:P p3:P p4:P",
		},
		"excluded": {
			Shares{Neighbours: 0.5, Popular: 0.5},
			&fallbackv1.SuggestRequest{Count: 4, ContextItemIds: context, ExcludeItemIds: []string{"n1", "p1", "unknown"}},
			"n2:N p2:P n3:N p3:P",
		},
		"unknown context": {
			Shares{Neighbours: 0.5, Popular: 0.5}, &fallbackv1.SuggestRequest{Count: 2, ContextItemIds: []string{"x"}}, "p1:P p2:P",
		},
		"segment, then everybody": {
			Shares{Popular: 1}, &fallbackv1.SuggestRequest{Count: 3, Segment: "small"}, "p6:P p1:P p2:P",
		},
	} {
		if got := line(suggested(t, serving(t, test.shares, s), test.request)); got != test.want {
			t.Errorf("%s: %s, expected %s", name, got, test.want)
		}
	}
}

func TestSuggestSaysWhereItComesFrom(t *testing.T) {
	t.Parallel()
	s := corner(t)
	service := serving(t, Defaults().Shares, s)
	for asked, want := range map[string]string{"": "", "small": "small", "unknown": ""} {
		got := suggested(t, service, &fallbackv1.SuggestRequest{Segment: asked, Count: 1})
		if got.GetSegment() != want || got.GetSnapshotVersion() != s.Version() || !got.GetSnapshotTime().AsTime().Equal(now) {
			t.Errorf("segment %q: %v, expected segment %q and the snapshot's version and time", asked, got, want)
		}
	}
}

func TestSuggestMergesTheContext(t *testing.T) {
	t.Parallel()
	// x and y are each bought with a, b or both; what is bought with both is worth the sum.
	s := built(t, nil,
		bought("1", "x", 9), bought("1", "both", 9), bought("2", "y", 9), bought("2", "both", 9),
		bought("3", "x", 9), bought("3", "only", 9))
	service := serving(t, Shares{Neighbours: 1, Popular: 0.001}, s)
	want := suggested(t, service, &fallbackv1.SuggestRequest{ContextItemIds: []string{"x", "y"}, Count: 2})
	if line(want) != "both:N only:N" || want.GetScores()[0] != 1 || want.GetScores()[1] >= 1 {
		t.Errorf("%s %v, expected both before only", line(want), want.GetScores())
	}
	twice := suggested(t, service, &fallbackv1.SuggestRequest{ContextItemIds: []string{"y", "x", "x", "y"}, Count: 2})
	if twice.GetScores()[1] != want.GetScores()[1] {
		t.Errorf("a context item named twice counts twice: %v, expected %v", twice.GetScores(), want.GetScores())
	}
}

func TestSuggestOfNothingIsEmpty(t *testing.T) {
	t.Parallel()
	service := serving(t, Defaults().Shares, built(t, nil, bought("1", "a", 0), bought("2", "b", 0)))
	got := suggested(t, service, &fallbackv1.SuggestRequest{Count: 5, ExcludeItemIds: []string{"a"}, ContextItemIds: []string{"b"}})
	if len(got.GetItemIds())+len(got.GetScores())+len(got.GetSources()) != 0 {
		t.Errorf("%v, expected an empty list", got)
	}
}

// Whatever is asked: no item twice, none excluded, none of the context, scores in order, and as many as there are.
func TestSuggestKeepsItsPromises(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	s := shop(t, 1, 80, 120, 1500)
	service := serving(t, Defaults().Shares, s)
	reference := serving(t, Defaults().Shares, s)
	ids := func(n int) []string {
		picked := make([]string, n)
		for i := range picked {
			picked[i] = fmt.Sprintf("i%d", r.IntN(130)) // some are unknown, some are there twice
		}
		return picked
	}
	for range 2000 {
		request := &fallbackv1.SuggestRequest{
			Segment: []string{"", "heavy", "light", "new", "unknown"}[r.IntN(5)], Count: uint32(1 + r.IntN(150)),
			ContextItemIds: ids(r.IntN(6)), ExcludeItemIds: ids(r.IntN(2) * r.IntN(200)),
		}
		got := suggested(t, service, request)
		check(t, s, request, got)
		if again := suggested(t, reference, request); line(again) != line(got) {
			t.Fatalf("%v: %s, but %s from another instance", request, line(got), line(again))
		}
	}
}

func check(t *testing.T, s *Snapshot, request *fallbackv1.SuggestRequest, got *fallbackv1.SuggestResponse) {
	t.Helper()
	barred := map[string]bool{}
	for _, id := range append(request.GetContextItemIds(), request.GetExcludeItemIds()...) {
		barred[id] = true
	}
	available := 0 // every item of the shop is popular
	for _, entry := range s.Everybody().Popular {
		if !barred[s.ID(entry.Item)] {
			available++
		}
	}
	n := len(got.GetItemIds())
	if n != min(int(request.GetCount()), available) || len(got.GetScores()) != n || len(got.GetSources()) != n {
		t.Fatalf("%v: %d items, %d scores, %d sources, expected %d available of %d", request, n, len(got.GetScores()),
			len(got.GetSources()), available, request.GetCount())
	}
	last := float32(1)
	for i, id := range got.GetItemIds() {
		if barred[id] {
			t.Fatalf("%v: item %d, %s, is there twice or was not wanted", request, i, id)
		}
		barred[id] = true
		if score := got.GetScores()[i]; !(score >= 0 && score <= last) {
			t.Fatalf("%v: score %d is %v after %v", request, i, score, last)
		}
		last = got.GetScores()[i]
		if got.GetSources()[i] == repliv1.Source_SOURCE_NEIGHBOUR && len(request.GetContextItemIds()) == 0 {
			t.Fatalf("%v: item %d is a neighbour of nothing", request, i)
		}
	}
}

func TestScratchSurvivesItsLastGeneration(t *testing.T) {
	t.Parallel()
	s := shop(t, 1, 80, 120, 500)
	scratch := newScratch(s)
	scratch.generation = 1<<31 - 2
	for range 4 {
		scratch.begin(&fallbackv1.SuggestRequest{})
		if scratch.generation < 1 || scratch.has(0) {
			t.Fatalf("generation %d: an item is taken from the start", scratch.generation)
		}
		if scratch.take(0); !scratch.has(0) {
			t.Fatalf("generation %d: an item was not taken", scratch.generation)
		}
	}
}

func TestNewRefusesBadConfigurations(t *testing.T) {
	t.Parallel()
	for key, spoil := range map[string]func(*Config){
		"snapshot":          func(c *Config) { c.Snapshot = "" },
		"reload":            func(c *Config) { c.Reload = 0 },
		"shares.neighbours": func(c *Config) { c.Shares.Neighbours = -0.1 },
		"shares.trending":   func(c *Config) { c.Shares.Trending = 1.1 },
		"shares.popular":    func(c *Config) { c.Shares.Popular = 0 },
	} {
		cfg := Defaults()
		cfg.Snapshot = "snapshot.bin"
		spoil(&cfg)
		_, err := New(cfg, Deps{Signals: telemetry.Discard()})
		var field *config.FieldError
		if !errors.As(err, &field) || field.Key != key {
			t.Errorf("error is %v, expected one of %s", err, key)
		}
	}
}

func TestSuggestWithoutASnapshotIsNotReady(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.Snapshot = t.TempDir() + "/absent"
	service, err := New(cfg, Deps{Signals: telemetry.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = service.Suggest(t.Context(), &fallbackv1.SuggestRequest{Count: 1})
	var failure *fault.Error
	if !errors.As(err, &failure) || failure.Kind != fault.NotReady || failure.Reason != "NOT_READY" {
		t.Errorf("error is %v, expected NOT_READY", err)
	}
	select {
	case <-service.Ready():
		t.Error("ready without a snapshot")
	default:
	}
}

// Not parallel: it counts the allocations of the process.
func TestSuggestAllocatesItsAnswerOnly(t *testing.T) {
	service := serving(t, Defaults().Shares, shop(t, 1, 200, 500, 3000))
	request := &fallbackv1.SuggestRequest{Count: 200, Segment: "heavy"}
	allocations := testing.AllocsPerRun(1000, func() { suggested(t, service, request) })
	if allocations > 5 { // four; the race detector makes the pool drop a quarter of what it is given
		t.Errorf("%v allocations, expected the response and its three lists", allocations)
	}
}
