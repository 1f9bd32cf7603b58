package drops

import (
	"fmt"
	"testing"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

func TestAListNamesTheFirstAndCountsAll(t *testing.T) {
	t.Parallel()
	l := New(2)
	for i, reason := range []repliv1.DropReason{
		repliv1.DropReason_DROP_REASON_UNKNOWN, repliv1.DropReason_DROP_REASON_EXCLUDED, repliv1.DropReason_DROP_REASON_UNKNOWN,
	} {
		l.Add(&repliv1.DroppedCandidate{ItemId: fmt.Sprint("i", i), Reason: reason})
	}
	l.Count(repliv1.DropReason_DROP_REASON_BELOW_CUT, 40)
	l.Count(repliv1.DropReason(99), 7)
	l.Count(repliv1.DropReason(-1), 7)
	if n := l.Named(); len(n) != 2 || n[0].GetItemId() != "i0" || n[1].GetItemId() != "i1" {
		t.Errorf("named are %v, want the first two", n)
	}
	var got []string
	for _, c := range l.Counts() {
		got = append(got, fmt.Sprint(c.GetReason().Number(), ":", c.GetCandidates()))
	}
	if want := "[1:1 4:2 9:40]"; fmt.Sprint(got) != want {
		t.Errorf("counts are %v, want %v", got, want)
	}
}

// A reason that is added to the contract must be counted.
func TestEveryReasonIsCounted(t *testing.T) {
	t.Parallel()
	if len(repliv1.DropReason_name) != reasons {
		t.Errorf("the contract has %d reasons, the list %d", len(repliv1.DropReason_name), reasons)
	}
}
