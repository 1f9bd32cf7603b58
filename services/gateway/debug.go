package gateway

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/types/known/durationpb"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/drops"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// mostDropped is how many dropped candidates a Debug names, by the contract.
const mostDropped = 200

// leftovers is what candidates remember of those that did not become one, for a request that wants to know.
type leftovers struct {
	context []string
	list    *drops.List
}

// debug says how an answer came about that took a while.
func (j *journey) debug(ctx context.Context, response *repliv1.RecommendResponse, took time.Duration) *repliv1.Debug {
	d := &repliv1.Debug{
		Spent: durationpb.New(took), RememberedList: j.list == nil || !j.steps.Fallback.OK(), User: j.knew(),
		Defaulted: j.ranked.GetDebug().GetDefaulted(), DefaultedCount: j.ranked.GetDebug().GetDefaultedCount(),
		ItemTableTime: j.ranked.GetItemTableTime(),
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		d.TraceId = span.TraceID().String()
	}
	j.lost(response.GetItems())
	d.Dropped, d.DropCounts = j.candidates.left.list.Named(), j.candidates.left.list.Counts()
	if j.plan.Deadline <= 0 {
		return d
	}
	d.Deadline, d.Budget = durationpb.New(j.plan.Deadline), durationpb.New(j.plan.Total)
	stored := 0
	if j.steps.Feature.OK() {
		stored = len(j.user.GetCandidateItemIds())
	}
	d.Steps = []*repliv1.DebugStep{
		j.step(ladder.Fallback, j.steps.Fallback, len(j.list.GetItemIds())),
		j.step(ladder.Feature, j.steps.Feature, stored),
		j.step(ladder.Ranking, j.steps.Ranking, j.steps.Scored),
	}
	return d
}

func (j *journey) step(asked ladder.Component, o ladder.Outcome, items int) *repliv1.DebugStep {
	s := &repliv1.DebugStep{Component: repliv1.Component(asked), Reason: repliv1.Reason(o.Reason), Items: uint32(items)} //nolint:gosec // bounded
	if !o.OK() {
		s.AtFault = repliv1.Component(o.Component)
	}
	if !o.Started.IsZero() {
		s.Started, s.Granted, s.Spent = durationpb.New(o.Started.Sub(j.started)), durationpb.New(o.Granted), durationpb.New(o.Spent)
	}
	return s
}

// knew is what the features of the user were; nil where there are none.
func (j *journey) knew() *repliv1.DebugUser {
	if j.user == nil {
		return nil
	}
	return &repliv1.DebugUser{
		Remembered: !j.steps.Feature.OK(), Stale: j.steps.Stale, ReadTime: j.user.GetReadTime(), EventTime: j.user.GetEventTime(),
		OutsideMaxAgeViews: j.user.GetOutsideMaxAgeViews(), UnreadableViews: j.user.GetUnreadableViews(),
	}
}

// lost lists the candidates that are not among the items: by what the ranker says, or else those after the end of the safe
// order.
func (j *journey) lost(items []*repliv1.Item) {
	c := j.candidates
	in := make(map[string]bool, len(items))
	for _, item := range items {
		in[item.GetItemId()] = true
	}
	if said := j.ranked.GetDebug(); said != nil {
		c.ranked(said, in)
		return
	}
	for i, id := range c.ids {
		if !in[id] {
			item := c.item(i, 0)
			if i < len(c.scores) {
				item.Score = c.scores[i]
			}
			c.drop(item, repliv1.DropReason_DROP_REASON_BELOW_CUT)
		}
	}
}

// ranked lists what the ranker dropped, but for items without a score that fill the answer.
func (c *candidates) ranked(said *rankingv1.RankDebug, in map[string]bool) {
	sources := make(map[string]repliv1.Source, len(c.ids))
	for i, id := range c.ids {
		sources[id] = c.sources[i]
	}
	shown := map[repliv1.DropReason]uint32{}
	for _, d := range said.GetDropped() {
		if in[d.GetItemId()] {
			shown[d.GetReason()]++
			continue
		}
		if source, ok := sources[d.GetItemId()]; ok {
			d.Source = source
		}
		c.left.list.Name(d)
	}
	for _, count := range said.GetDropCounts() {
		c.left.list.Count(count.GetReason(), count.GetCandidates()-min(count.GetCandidates(), shown[count.GetReason()]))
	}
}

// drop remembers a candidate that did not become one.
func (c *candidates) drop(item *repliv1.Item, reason repliv1.DropReason) {
	c.left.list.Add(&repliv1.DroppedCandidate{
		ItemId: item.GetItemId(), Reason: reason, Source: item.GetSource(), Score: item.GetScore(),
	})
}

// reject remembers a candidate that was met before, as one that is in or as one that must stay out.
func (c *candidates) reject(id string, source repliv1.Source, in bool) {
	reason := repliv1.DropReason_DROP_REASON_EXCLUDED
	switch {
	case in:
		reason = repliv1.DropReason_DROP_REASON_DUPLICATE
	case slices.Contains(c.left.context, id):
		reason = repliv1.DropReason_DROP_REASON_CONTEXT
	}
	c.drop(&repliv1.Item{ItemId: id, Source: source}, reason)
}
