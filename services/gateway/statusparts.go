package gateway

import (
	"fmt"
	"strings"
	"time"

	"github.com/repli-mesh/repli/pkg/statusz"
	"github.com/repli-mesh/repli/services/gateway/internal/guard"
	"github.com/repli-mesh/repli/services/gateway/internal/history"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// peersSection says how the gateway stands with the services that it asks.
func (s *Service) peersSection() statusz.Section {
	table := statusz.Table{
		Caption: "Counts are since the start",
		Columns: []statusz.Column{
			{Title: "peer"},
			{Title: "circuit"},
			{Title: "in flight", Number: true},
			{Title: "opened", Number: true},
			{Title: "not asked", Number: true},
			{Title: "probes", Number: true},
		},
	}
	for _, peer := range []struct {
		component ladder.Component
		guard     *guard.Guard
		cfg       guard.Config
	}{
		{ladder.Feature, s.feature.guard, s.cfg.Guards.Feature},
		{ladder.Ranking, s.ranking.guard, s.cfg.Guards.Ranking},
		{ladder.Fallback, s.fallback.guard, s.cfg.Guards.Fallback},
	} {
		stats := peer.guard.Stats()
		circuit := statusz.Cell{Text: "closed", Tone: statusz.Good}
		if stats.Open {
			circuit = statusz.Cell{Text: "open, probing", Tone: statusz.Bad}
		}
		row := append([]statusz.Cell{{Text: componentOf(peer.component).Value.AsString()}, circuit}, statusz.Cells(
			statusz.Count(stats.Working)+" of "+statusz.Count(peer.cfg.MaxConcurrent), statusz.Count(stats.Opened),
			statusz.Count(stats.Refused), statusz.Count(stats.Probes))...)
		table.Rows = append(table.Rows, row)
	}
	return statusz.Section{
		ID: "peers", Title: "Peers", Tables: []statusz.Table{table},
		About: "A peer whose circuit is open has failed and is not asked for users until a probe finds it well.",
	}
}

// admissionSection says how much the gateway takes on, and how much of it it does.
func (s *Service) admissionSection() statusz.Section {
	load, copies, now := s.limiter.Stats(), s.hedger.Stats(), s.deps.Now()
	delay := statusz.Fact{Label: "queue delay", Value: statusz.Duration(load.Delay), Note: "too long above " + statusz.Duration(s.cfg.Overload.Delay)}
	if load.Delay > s.cfg.Overload.Delay {
		delay.Tone = statusz.Warn
	}
	factor := statusz.Fact{Label: "quality factor", Value: fmt.Sprintf("%.2f", s.quality.Value()), Note: "of the candidates are ranked"}
	if s.quality.Value() < 1 {
		factor.Tone = statusz.Warn
	}
	lists := s.lists.Stats()
	model := "–"
	if last := s.model.Load(); last != nil {
		model = *last
	}
	return statusz.Section{
		ID: "admission", Title: "Admission and quality",
		Facts: []statusz.Fact{
			{Label: "at work", Value: statusz.Count(load.Working), Note: "of " + statusz.Count(load.Limit) + " at a time"},
			delay, factor,
			{Label: "ranking usually takes", Value: known(s.usual.Value())},
			{Label: "hedges", Value: statusz.Count(copies.Sent), Note: statusz.Count(copies.Won) + " came first"},
			{Label: "last model", Value: model},
			{Label: "lists in memory", Value: statusz.Count(lists.Lists), Note: "everybody's was renewed " + statusz.Ago(now, lists.Renewed)},
			{Label: "their snapshot", Value: statusz.Ago(now, lists.Snapshot)},
		},
	}
}

// requestsSection shows the last degraded answers.
func (s *Service) requestsSection() statusz.Section {
	kept := s.history.Recent()
	list := make([]statusz.Request, len(kept))
	for i := range kept {
		list[i] = request(&kept[i])
	}
	return statusz.Section{
		ID: "degraded", Title: "Degraded answers",
		About:    fmt.Sprintf("The last %d; of a flood, %d a second. A line opens to show where its time went.", history.Kept, history.PerSecond),
		Requests: &statusz.Requests{Empty: "No answer was degraded since the start.", List: list},
	}
}

func request(d *history.Degraded) statusz.Request {
	var why []string
	for _, c := range d.Causes {
		why = append(why, because(c.Component, c.Reason))
	}
	r := statusz.Request{
		ID: fmt.Sprintf("%x-%d", d.At.UnixMicro(), d.Number), At: d.At, Label: tierName(d.Tier), Shade: statusz.Shade(d.Tier),
		Why: strings.Join(why, ", "), Took: d.Took, Budget: d.Total, Deadline: d.Deadline,
	}
	if d.Trace.IsValid() {
		r.Trace = d.Trace.String()
	}
	for _, fact := range []statusz.Fact{{Label: "segment", Value: d.Segment}, {Label: "placement", Value: d.Placement}} {
		if fact.Value != "" {
			r.Facts = append(r.Facts, fact)
		}
	}
	if d.Deadline == 0 {
		return r // from memory: nobody was asked
	}
	for i, name := range []ladder.Component{ladder.Feature, ladder.Fallback, ladder.Ranking} {
		r.Steps = append(r.Steps, step(name, d.Steps[i], d.Arrived))
	}
	return r
}

func step(asked ladder.Component, o ladder.Outcome, arrived time.Time) statusz.Step {
	s := statusz.Step{
		Name: componentOf(asked).Value.AsString(), Result: "answered", Tone: statusz.Good, Granted: o.Granted, Spent: o.Spent,
	}
	if !o.Started.IsZero() {
		s.Began = max(0, o.Started.Sub(arrived))
	}
	if !o.OK() {
		s.Tone, s.Result = statusz.Bad, spaced(reasonOf(o.Reason).Value.AsString())
		if o.Component != asked {
			s.Result = because(o.Component, o.Reason)
		}
		if o.Granted == 0 {
			s.Tone = statusz.Warn
		}
	}
	return s
}
