package ranking

import (
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/drops"
	"github.com/repli-mesh/repli/services/ranking/internal/binding"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
	"github.com/repli-mesh/repli/services/ranking/internal/topk"
)

// The bounds of the contract for RankDebug.
const (
	mostDropped   = 500
	mostDefaulted = 200
)

// explain says what became of the candidates and features of a request that has been ranked. assembled is how many candidates
// there were to be scored, of which the batch still holds the positions, and shown how many are in the answer.
func explain(
	request *rankingv1.RankRequest, bound *binding.Binding, table *items.Table, w *work, assembled, shown int,
) *rankingv1.RankDebug {
	list := drops.New(mostDropped)
	w.unscored(list, table, assembled, len(request.GetCandidateItemIds()))
	order, _ := topk.Select(nil, w.scores, len(w.scores))
	for _, at := range order[shown:] {
		dropped := w.dropped(w.batch.Positions[at], repliv1.DropReason_DROP_REASON_BELOW_CUT, len(request.GetCandidateItemIds()))
		dropped.Score = w.scores[at]
		list.Add(dropped)
	}
	defaulted, n := bound.Replaced(request.GetUser(), &w.batch, mostDefaulted)
	return &rankingv1.RankDebug{
		Dropped: list.Named(), DropCounts: list.Counts(),
		Defaulted: defaulted, DefaultedCount: uint32(n), //nolint:gosec // the manifest bounds them
	}
}

// unscored lists the candidates without a score, in their order.
func (w *work) unscored(list *drops.List, table *items.Table, assembled, given int) {
	positions, next := w.batch.Positions[:assembled], 0
	for i, id := range w.ids {
		position := uint32(i)
		if next < assembled && positions[next] == position {
			at := next
			next++
			switch {
			case at >= len(w.scores):
				list.Add(w.dropped(position, repliv1.DropReason_DROP_REASON_NO_TIME, given))
			case !schema.Finite(w.scores[at]):
				list.Add(w.dropped(position, repliv1.DropReason_DROP_REASON_NON_FINITE, given))
			}
			continue
		}
		reason := repliv1.DropReason_DROP_REASON_UNKNOWN
		if _, known := table.Find(id); known {
			reason = repliv1.DropReason_DROP_REASON_NO_DEFAULT
		}
		list.Add(w.dropped(position, reason, given))
	}
}

func (w *work) dropped(position uint32, reason repliv1.DropReason, given int) *repliv1.DroppedCandidate {
	d := &repliv1.DroppedCandidate{ItemId: w.ids[position], Reason: reason}
	if int(position) >= given {
		d.Source = repliv1.Source_SOURCE_RETRIEVED
	}
	return d
}
