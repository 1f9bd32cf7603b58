package ranking

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/typical"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
)

// told is what a debug says, one text each.
func told(d *rankingv1.RankDebug) (dropped, counts, defaulted []string) {
	for _, c := range d.GetDropped() {
		dropped = append(dropped, fmt.Sprint(c.GetItemId(), " ", c.GetReason(), " ", c.GetScore()))
	}
	for _, c := range d.GetDropCounts() {
		counts = append(counts, fmt.Sprint(c.GetReason(), " ", c.GetCandidates()))
	}
	for _, f := range d.GetDefaulted() {
		defaulted = append(defaulted, fmt.Sprint(f.GetName(), " ", f.GetAbsence(), " ", f.GetItems()))
	}
	return dropped, counts, defaulted
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s are %q, want %q", what, got, want)
	}
}

func TestRankSaysWhatBecameOfTheCandidates(t *testing.T) {
	t.Parallel()
	s := running(t, shop...)
	user := itemstest.User(userSchema, values{"u_b": 3})
	user.Statuses[2] = byte(featurev1.ValueStatus_VALUE_STATUS_OUTSIDE_MAX_AGE)
	in := request(user, "low", "ghost", "lacking", "noplace", "high", "default")
	in.Count = 2
	if out, _ := rank(t, s, in); out.GetDebug() != nil {
		t.Error("nobody asked for a debug")
	}
	in.Debug = true
	out, _ := rank(t, s, in)
	dropped, counts, defaulted := told(out.GetDebug())
	expect(t, "dropped", dropped, "ghost DROP_REASON_UNKNOWN 0", "lacking DROP_REASON_NO_DEFAULT 0",
		"default DROP_REASON_BELOW_CUT 136", "low DROP_REASON_BELOW_CUT 48")
	expect(t, "counts", counts, "DROP_REASON_UNKNOWN 1", "DROP_REASON_NO_DEFAULT 1", "DROP_REASON_BELOW_CUT 2")
	expect(t, "defaulted", defaulted, "u_a ABSENCE_OUTSIDE_MAX_AGE 0", "i_c ABSENCE_ITEMS_LACK_IT 1",
		"boost ABSENCE_NOT_GIVEN 0", "place ABSENCE_ITEMS_LACK_IT 1")
	if n := out.GetDebug().GetDefaultedCount(); n != 4 {
		t.Errorf("%d features were replaced, want 4", n)
	}
	in.User = nil
	out, _ = rank(t, s, in)
	if _, _, defaulted = told(out.GetDebug()); defaulted[0] != "u_a ABSENCE_NOT_FOUND 0" {
		t.Errorf("of a user of whom nothing is known, defaulted are %q", defaulted)
	}
}

func TestRankSaysWhatThereWasNoTimeFor(t *testing.T) {
	t.Parallel()
	s := running(t, shop...)
	s.current.Load().serving.pace = new(typical.Duration)
	s.current.Load().serving.pace.Observe(time.Millisecond)
	in := request(ada, slices.Repeat([]string{"low"}, leastItems+700)...)
	in.Debug, in.Count = true, 10
	out, err := s.Rank(due{t.Context(), noon}, in)
	if err != nil {
		t.Fatal(err)
	}
	dropped, counts, _ := told(out.GetDebug())
	if len(dropped) != mostDropped || dropped[mostDropped-1] != "low DROP_REASON_NO_TIME 0" {
		t.Errorf("%d dropped, the last %q", len(dropped), dropped[len(dropped)-1])
	}
	expect(t, "counts", counts, "DROP_REASON_NO_TIME 700", fmt.Sprint("DROP_REASON_BELOW_CUT ", leastItems-10))
}

func TestRankSaysWhatHasNoFiniteScore(t *testing.T) {
	t.Parallel()
	s := running(t, append(shop[:5:5], itemstest.Item{ID: "nan", Values: values{"i_a": math.MaxFloat32, "i_b": math.MaxFloat32, "i_c": 0, "place": 0}})...)
	in := request(ada, "nan", "low")
	in.Debug = true
	out, _ := rank(t, s, in)
	dropped, _, _ := told(out.GetDebug())
	expect(t, "dropped", dropped, "nan DROP_REASON_NON_FINITE 0")
}
