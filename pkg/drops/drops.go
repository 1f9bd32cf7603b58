// Package drops owns the account of the candidates that are not in an answer: some of them by name, and the count of all.
//
// It decides nothing: whoever drops a candidate says why.
package drops

import repliv1 "github.com/repli-mesh/repli/gen/repli/v1"

// reasons is one more than the highest number of a reason.
const reasons = int(repliv1.DropReason_DROP_REASON_BELOW_CUT) + 1

// List is such an account. Not safe for concurrent use.
type List struct {
	most   int
	named  []*repliv1.DroppedCandidate
	counts [reasons]uint32
}

// New returns an empty account that names at most `most` candidates: the first ones.
func New(most int) *List { return &List{most: most} }

// Add counts a candidate, and names it while there is room.
func (l *List) Add(candidate *repliv1.DroppedCandidate) {
	l.Count(candidate.GetReason(), 1)
	l.Name(candidate)
}

// Name names a candidate that has been counted, while there is room.
func (l *List) Name(candidate *repliv1.DroppedCandidate) {
	if len(l.named) < l.most {
		l.named = append(l.named, candidate)
	}
}

// Count counts candidates without naming them. It knows the reasons of the contract only.
func (l *List) Count(reason repliv1.DropReason, n uint32) {
	if reason > 0 && int(reason) < reasons {
		l.counts[reason] += n
	}
}

// Named returns those that are named, in the order in which they came.
func (l *List) Named() []*repliv1.DroppedCandidate { return l.named }

// Counts returns how many there are for each reason that there is one for, in the order of the reasons.
func (l *List) Counts() []*repliv1.DropCount {
	var counts []*repliv1.DropCount
	for reason, n := range l.counts {
		if n > 0 {
			counts = append(counts, &repliv1.DropCount{Reason: repliv1.DropReason(reason), Candidates: n})
		}
	}
	return counts
}
