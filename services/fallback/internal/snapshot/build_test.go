package snapshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
)

func TestPopularityCountsBuyersWithDecay(t *testing.T) {
	t.Parallel()
	segmentOf := func(user string) string { return map[string]string{"u2": "s", "u3": "s"}[user] }
	s := mustBuild(
		t, Defaults(), segmentOf,
		bought("u1", "a", 0), bought("u1", "a", 28*day), bought("u1", "a", time.Hour), // one buyer, the latest counts: 1
		bought("u2", "a", 28*day), // a half
		bought("u3", "b", 0),      // 1
		bought("u1", "c", 56*day), // a quarter
		bought("u4", "d", 0),      // 1: as b, and after it by id
	)
	expect(t, s, "everybody", s.Everybody().Popular, []string{"a", "b", "d", "c"}, 1, 1/1.5, 1/1.5, 0.25/1.5)
	expect(t, s, "segment", s.Segment("s").Popular, []string{"b", "a"}, 1, 0.5)
	if s.Segment("unknown") != s.Everybody() {
		t.Error("an unknown segment is not everybody")
	}
}

func TestPopularityOfOldDataDoesNotVanish(t *testing.T) {
	t.Parallel()
	s := mustBuild(t, Defaults(), nil, bought("u1", "a", 4000*day), bought("u2", "b", 4028*day))
	expect(t, s, "popular", s.Everybody().Popular, []string{"a", "b"}, 1, 0.5)
	expect(t, s, "trending", s.Everybody().Trending, nil)
}

func TestTrendComparesWithTheOwnPast(t *testing.T) {
	t.Parallel()
	events := []views.Event{
		// a: 3 buyers, one of them twice; in the past 2 buyer-periods of 4: z = (3-0.5)/sqrt(5.5)
		bought("u1", "a", day), bought("u1", "a", 2*day), bought("u2", "a", 0), bought("u3", "a", 7*day-time.Second),
		bought("u1", "a", 7*day), bought("u1", "a", 20*day),
		// b: 2 buyers, no past: z = 2/sqrt(5)
		bought("u1", "b", day), bought("u2", "b", day),
		// c: one buyer is not enough. d: no more than always. e: bought before all that, as far as the past reaches
		bought("u1", "c", day),
		bought("u1", "d", day), bought("u2", "d", day),
		bought("u1", "e", 34*day), bought("u1", "e", 300*day),
	}
	for period := range 4 {
		events = append(events, bought("u1", "d", time.Duration(8+7*period)*day), bought("u2", "d", time.Duration(8+7*period)*day))
	}
	s := mustBuild(t, Defaults(), nil, events...)
	a, b := 2.5/math.Sqrt(5.5), 2/math.Sqrt(5)
	expect(t, s, "trending", s.Everybody().Trending, []string{"a", "b"}, 1, b/a)
}

func TestTrendNeedsAPast(t *testing.T) {
	t.Parallel()
	recent := []views.Event{bought("u1", "a", day), bought("u2", "a", 0), bought("u3", "a", day), bought("u1", "b", 2*day), bought("u2", "b", 2*day)}
	s := mustBuild(t, Defaults(), nil, recent...)
	expect(t, s, "without a past", s.Everybody().Trending, nil)
	// One period of past: 1 buyer of b in it is an average of 1, not of a quarter.
	s = mustBuild(t, Defaults(), nil, append(recent, bought("u3", "b", 8*day))...)
	expect(t, s, "one period", s.Everybody().Trending, []string{"a", "b"}, 1, (1/math.Sqrt(6))/(3/math.Sqrt(5)))
}

func TestNeighboursOfBasketsAndWindows(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.Neighbours.Shrinkage = 1
	s := mustBuild(
		t, cfg, nil,
		bought("u1", "a", 0), bought("u1", "b", 0), bought("u1", "b", 5*day), // a basket counts 1, the window adds nothing
		bought("u2", "a", day), bought("u2", "b", day),
		bought("u3", "a", 0), bought("u3", "c", 30*day), // within the window: a quarter
		bought("u4", "a", 0), bought("u4", "d", 31*day), // beyond it
		bought("u5", "b", 0),
	)
	ab := 2 / math.Sqrt(4*3) * 2 / 3
	ac := 0.25 / math.Sqrt(4*1) * 0.25 / 1.25
	for item, want := range map[string]struct {
		ids    []string
		scores []float64
	}{
		"a": {[]string{"b", "c"}, []float64{ab, ac}},
		"b": {[]string{"a"}, []float64{ab}},
		"c": {[]string{"a"}, []float64{ac}},
		"d": {},
	} {
		index, ok := s.Index(item)
		if !ok {
			t.Fatalf("item %s is unknown", item)
		}
		expect(t, s, "neighbours of "+item, s.Neighbours(index), want.ids, want.scores...)
	}
}

func TestNeighboursRememberARepeatedPurchase(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.Neighbours.Shrinkage, cfg.Neighbours.WindowWeight = 0, 0
	// The basket of 40 days ago still counts, though milk was bought again since.
	s := mustBuild(t, cfg, nil, bought("u", "milk", 40*day), bought("u", "bread", 40*day), bought("u", "milk", 0))
	bread, _ := s.Index("bread")
	expect(t, s, "bread", s.Neighbours(bread), []string{"milk"}, 1)
}

func TestBuildDoesNotDependOnTheOrderOfEvents(t *testing.T) {
	t.Parallel()
	events := shop(7, 60, 40, 3000)
	want, _ := mustBuild(t, Defaults(), bySuffix, events...).encode()
	r := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		r.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		if got, _ := mustBuild(t, Defaults(), bySuffix, events...).encode(); !bytes.Equal(got, want) {
			t.Fatal("another order of the events made another snapshot")
		}
	}
}

func TestSegmentsAreBounded(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.MaxSegments = 2
	var events []views.Event
	for i, segment := range strings.Split("small big big big mid2 mid2 mid1 mid1", " ") {
		events = append(events, bought(fmt.Sprintf("%s/%d", segment, i), "item", 0))
	}
	s := mustBuild(t, cfg, func(user string) string { return strings.Split(user, "/")[0] }, events...)
	var names []string
	for _, segment := range s.Info().Segments {
		names = append(names, segment.Name)
	}
	if got := strings.Join(names, ","); got != ",big,mid1" {
		t.Errorf("segments are %q, expected everybody, big and mid1", got)
	}
	if got := s.Info().Counts; got.SegmentsLeftOut != 2 || got.Users != 8 {
		t.Errorf("counts are %+v, expected 2 segments left out and all 8 users counted", got)
	}
}

func TestListsAreBounded(t *testing.T) {
	t.Parallel()
	cfg := Defaults()
	cfg.PopularLength, cfg.TrendingLength, cfg.Neighbours.Length = 5, 3, 2
	whole := mustBuild(t, Defaults(), bySuffix, shop(3, 50, 30, 2000)...)
	short := mustBuild(t, cfg, bySuffix, shop(3, 50, 30, 2000)...)
	for i := range whole.segments {
		if got, all := short.segments[i], whole.segments[i]; len(got.Popular) != 5 || len(got.Trending) > 3 ||
			!bytes.Equal(appendList(nil, got.Popular), appendList(nil, all.Popular[:5])) {
			t.Errorf("segment %q: %v, expected the first 5 of %v", all.Name, got.Popular, all.Popular)
		}
	}
	for i, all := range whole.neighbours {
		if got := short.neighbours[i]; !bytes.Equal(appendList(nil, got), appendList(nil, all[:min(2, len(all))])) {
			t.Errorf("item %d: %v, expected the first 2 of %v", i, got, all)
		}
	}
}

// One user with a great many events must cause no more than the configured work.
func TestOneUserIsBounded(t *testing.T) {
	t.Parallel()
	const many = 100_000
	cfg := Defaults()
	events := []views.Event{bought("u1", "x", 0), bought("u1", "y", 0)}
	for i := range many {
		id := fmt.Sprintf("bot%06d", i)
		events = append(events,
			bought("crawler", id, time.Duration(i)*time.Second),    // one basket each
			bought("hoarder", id, 0),                               // all in one basket
			bought("refresher", "x", time.Duration(i)*time.Second), // one item
		)
	}
	s := mustBuild(t, cfg, nil, events...)
	info := s.Info()
	if c := info.Counts; c.Events != 3*many+2 || c.Pairs != 2*many+3 || c.LargeBaskets != 1 || c.LongHistories != 1 {
		t.Errorf("counts are %+v", c)
	}
	if most := cfg.Neighbours.HistoryItems + 2; info.WithNeighbours != most {
		t.Errorf("%d items have neighbours, expected %d: the crawler's latest, x and y", info.WithNeighbours, most)
	}
	if got := len(s.Everybody().Popular); got != cfg.PopularLength {
		t.Errorf("the popular list has %d entries, expected %d", got, cfg.PopularLength)
	}
	x, _ := s.Index("x")
	if score := read(s, s.Everybody().Popular)["x"]; score != 1 {
		t.Errorf("x has the score %v, expected 1: two buyers, however often", score)
	}
	expect(t, s, "neighbours of x", s.Neighbours(x), []string{"y"}, 1/math.Sqrt(2)/6)
}

func TestBuildLeavesOutAndCounts(t *testing.T) {
	t.Parallel()
	view := bought("u1", "seen", 0)
	view.Type = "view"
	s := mustBuild(t, Defaults(), nil, view, bought("u1", "a", day), bought("u2", "later", -time.Second), bought("u1", "a", 2*day))
	info := s.Info()
	if c := info.Counts; c.Events != 2 || c.OtherTypes != 1 || c.AfterNow != 1 || c.Users != 1 || c.Pairs != 1 {
		t.Errorf("counts are %+v", c)
	}
	if !info.From.Equal(now.Add(-2*day)) || !info.To.Equal(now.Add(-day)) || !info.BuiltAt.Equal(now) || info.Items != 1 {
		t.Errorf("info is %+v", info)
	}
	cfg := Defaults()
	cfg.Types = []string{"view"}
	s = mustBuild(t, cfg, nil, view, bought("u1", "a", 0))
	expect(t, s, "views", s.Everybody().Popular, []string{"seen"}, 1)
}

func TestBuildRefusesBadEvents(t *testing.T) {
	t.Parallel()
	const secret = "secret-user"
	broken := errors.New("line 7: broken")
	change := func(f func(*views.Event)) iter.Seq2[views.Event, error] {
		event := bought(secret, "item", 0)
		f(&event)
		return sequence(bought(secret, "item", 0), event)
	}
	long := func(string) string { return strings.Repeat("s", 65) }
	for name, test := range map[string]struct {
		events    iter.Seq2[views.Event, error]
		segmentOf func(string) string
		want      string
	}{
		"no user":       {events: change(func(e *views.Event) { e.UserID = "" }), want: "event 2 (\"e\"): user_id: is empty"},
		"no item":       {events: change(func(e *views.Event) { e.ItemID = "" }), want: "item_id: has 0 bytes, expected 1 to 128"},
		"long item":     {events: change(func(e *views.Event) { e.ItemID = strings.Repeat("i", 129) }), want: "item_id: has 129 bytes"},
		"item encoding": {events: change(func(e *views.Event) { e.ItemID = "\xff" }), want: `item_id: is "\xff", expected UTF-8`},
		"no time":       {events: change(func(e *views.Event) { e.Time = time.Time{} }), want: "time: is 0001-01-01T00:00:00Z"},
		"long segment":  {events: sequence(bought(secret, "item", 0)), segmentOf: long, want: "segment: has 65 bytes, expected 0 to 64"},
		"reader":        {events: func(yield func(views.Event, error) bool) { yield(views.Event{}, broken) }, want: broken.Error()},
		"none":          {events: sequence(), want: "no event to count: 0 events"},
	} {
		_, err := Build(t.Context(), Defaults(), test.events, test.segmentOf, now)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error is %v, expected %q", name, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error names the user: %v", name, err)
		}
	}
	if _, err := Build(t.Context(), Defaults(), sequence(bought("u", "i", -day)), nil, now); !errors.Is(err, ErrNoEvents) {
		t.Errorf("only events after now: error is %v, expected ErrNoEvents", err)
	}
}

func TestBuildStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	endless := func(yield func(views.Event, error) bool) {
		for n := 0; yield(bought("u", "i", 0), nil); n++ {
			if n == 10 {
				cancel()
			}
		}
	}
	if _, err := Build(ctx, Defaults(), endless, nil, now); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, expected context.Canceled", err)
	}
	if _, err := Build(ctx, Defaults(), sequence(bought("u", "i", 0)), nil, now); !errors.Is(err, context.Canceled) {
		t.Errorf("error after reading is %v, expected context.Canceled", err)
	}
}

func TestConfigFaultsAreNamed(t *testing.T) {
	t.Parallel()
	bad := Config{
		Types: []string{""}, Trend: TrendConfig{PastPeriods: 32, Smoothing: math.NaN()}, MaxSegments: -1,
		Neighbours: NeighbourConfig{Length: -1, Window: -1, WindowWeight: 2, Shrinkage: -1},
	}
	_, err := Build(t.Context(), bad, sequence(), nil, now)
	if err == nil {
		t.Fatal("a bad configuration was taken")
	}
	for _, key := range []string{
		"types[0]", "half_life", "trend.period", "trend.past_periods", "trend.smoothing", "trend.min_buyers",
		"neighbours.length", "neighbours.window:", "neighbours.window_weight", "neighbours.shrinkage",
		"neighbours.basket_items", "neighbours.history_items", "popular_length", "max_segments",
	} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("the error does not name %s: %v", key, err)
		}
	}
}
