package show

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

const ms = time.Millisecond

// explained is a PARTIAL answer of a mesh whose store failed and whose ranker had not the time.
func explained() *repliv1.RecommendResponse {
	noon := timestamppb.New(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	d := &repliv1.Debug{
		TraceId: "4bf92f3577b34da6a3ce929d0e0e4736", Deadline: durationpb.New(50 * ms), Budget: durationpb.New(40 * ms), Spent: durationpb.New(31 * ms),
		Steps: []*repliv1.DebugStep{
			{Component: repliv1.Component_COMPONENT_FALLBACK, Started: durationpb.New(0), Granted: durationpb.New(20 * ms), Spent: durationpb.New(2 * ms), Items: 200},
			{
				Component: repliv1.Component_COMPONENT_FEATURE, Reason: repliv1.Reason_REASON_OUT_OF_MEMORY,
				AtFault: repliv1.Component_COMPONENT_FEATURE_STORE, Started: durationpb.New(0), Granted: durationpb.New(20 * ms), Spent: durationpb.New(10 * ms),
			},
			{Component: repliv1.Component_COMPONENT_RANKING, Started: durationpb.New(10 * ms), Granted: durationpb.New(30 * ms), Spent: durationpb.New(20*ms + 4321), Items: 150},
		},
		User:           &repliv1.DebugUser{Remembered: true, Stale: true, ReadTime: noon, OutsideMaxAgeViews: []string{"user_stats"}},
		RememberedList: true,
		Defaulted: []*repliv1.DefaultedFeature{
			{Name: "u_age", Absence: repliv1.Absence_ABSENCE_OUTSIDE_MAX_AGE}, {Name: "price", Absence: repliv1.Absence_ABSENCE_ITEMS_LACK_IT, Items: 3},
		},
		DefaultedCount: 2,
		Dropped:        []*repliv1.DroppedCandidate{{ItemId: "ghost", Reason: repliv1.DropReason_DROP_REASON_UNKNOWN}},
		DropCounts: []*repliv1.DropCount{
			{Reason: repliv1.DropReason_DROP_REASON_UNKNOWN, Candidates: 1},
			{Reason: repliv1.DropReason_DROP_REASON_NO_TIME, Candidates: 49},
			{Reason: repliv1.DropReason_DROP_REASON_BELOW_CUT, Candidates: 149},
		},
		ItemTableTime: noon,
	}
	for i := range 12 {
		d.Dropped = append(d.Dropped, &repliv1.DroppedCandidate{
			ItemId: fmt.Sprintf("i%04d", i), Reason: repliv1.DropReason_DROP_REASON_BELOW_CUT, Score: 0.5 - float32(i)/100,
		})
	}
	return &repliv1.RecommendResponse{
		Tier: repliv1.Tier_TIER_PARTIAL, Model: "m/1", Coverage: &repliv1.Coverage{Candidates: 200, Scored: 150}, Debug: d,
		Items: []*repliv1.Item{{ItemId: "best", Score: 0.75, Source: repliv1.Source_SOURCE_POPULAR}},
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	relieved := degraded()
	relieved.Debug = &repliv1.Debug{Spent: durationpb.New(20 * time.Microsecond), RememberedList: true}
	skipped := degraded()
	skipped.Debug = &repliv1.Debug{
		Deadline: durationpb.New(50 * ms), Budget: durationpb.New(40 * ms), Spent: durationpb.New(ms),
		Steps: []*repliv1.DebugStep{{
			Component: repliv1.Component_COMPONENT_RANKING, Reason: repliv1.Reason_REASON_CIRCUIT_OPEN, AtFault: repliv1.Component_COMPONENT_RANKING,
		}},
	}
	tests := []struct {
		name     string
		paper    Paper
		response *repliv1.RecommendResponse
		want     string
	}{
		{"a waterfall", Plain(), explained(), `  PARTIAL      in  33.00 ms, m/1 scored 150 of 200 candidates
  trace 4bf92f3577b34da6a3ce929d0e0e4736

  deadline 50ms, 40ms of it for the steps; the gateway took 31ms
            0             40ms   granted    spent
  fallback  #........               20ms      2ms  200 items
  feature   #####....               20ms     10ms  feature store: out of memory
  ranking        #########....      30ms     20ms  150 scored
  the list of candidates is the gateway's last good one

  features of the user: remembered by the gateway, past their time to live, read from the store at 2026-03-01T12:00:00Z
    views too old            user_stats

  features without a value, replaced by the model's defaults: 2
    outside max age          u_age
    items lack it            price (3)

  candidates not in the answer: 199, item table of 2026-03-01T12:00:00Z
    unknown               1  ghost
    no time              49  and 49 more
    below cut           149  i0000 0.5000, i0001 0.4900, i0002 0.4800,
                             i0003 0.4700, i0004 0.4600, i0005 0.4500,
                             i0006 0.4400, i0007 0.4300, and 141 more

    1. best               0.7500  popular
`},
		{"a brownout", Plain(), relieved, `  SIMPLE       in  33.00 ms, segment family
  because feature store: soft deadline (granted 20ms, spent 20ms)
  because ranking: skipped dependency

  no component was asked: the gateway answered from its memory, in 20µs

  candidates not in the answer: 0

    1. i-1                0.5000  trending
    2. i-2                0.2500  popular
`},
		{"a step that was not started", Terminal(1), skipped, `  SIMPLE       in  33.00 ms, segment family
  because feature store: soft deadline (granted 20ms, spent 20ms)
  because ranking: skipped dependency

  deadline 50ms, 40ms of it for the steps; the gateway took 1ms
            0     40ms   granted    spent
  ranking   not asked: circuit open

  features of the user: none

  candidates not in the answer: 0

    1. i-1                0.5000  trending
    2. i-2                0.2500  popular
`},
		{"an older gateway", Plain(), degraded(), `  SIMPLE       in  33.00 ms, segment family
  because feature store: soft deadline (granted 20ms, spent 20ms)
  because ranking: skipped dependency
  the gateway does not say how it came about; is it of an older version?

    1. i-1                0.5000  trending
    2. i-2                0.2500  popular
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := Explain(&b, test.response, 33*ms, test.paper); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

// Whatever the terminal's width, what is laid out in columns fits it.
func TestExplainFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{79, 100, 157, 160} {
		var b bytes.Buffer
		if err := Explain(&b, explained(), 33*ms, Terminal(columns)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "█") {
			t.Errorf("no bars:\n%s", b.String())
		}
		for _, line := range strings.Split(b.String(), "\n") {
			if n := utf8.RuneCountInString(line); n > columns && !strings.HasPrefix(line, "  features of the user") {
				t.Errorf("%d columns on a terminal of %d: %s", n, columns, line)
			}
		}
	}
}

// No answer, however odd, may break the picture.
func TestBarsStayInTheirPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		started, granted, spent float64
		want                    string
	}{
		{0, 0.5, 0.2, "##...     "},
		{0.5, 0.5, 0.1, "     #...."},
		{0, 0.5, 0, "#....     "},
		{0.99, 0.5, 3, "         #"},
		{5, 5, 5, "         #"},
		{-1, -1, -1, "#         "},
		{0, 1e300, 1e300, "##########"},
	} {
		if got := Plain().bar(10, c.started, c.granted, c.spent); got != c.want {
			t.Errorf("%v: %q, want %q", c, got, c.want)
		}
	}
}
