package ranking

import (
	"fmt"
	"time"

	"github.com/repli-mesh/repli/pkg/statusz"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
)

// oldTable is how old an item table may be before the page warns of it: many times the feature service's heartbeat.
const oldTable = time.Minute

// Status says which models rank, and what items.
func (s *Service) Status() (headline string, tone statusz.Tone, sections []statusz.Section) {
	state, lineup := s.watcher.State(), s.current.Load()
	sections = []statusz.Section{s.modelsSection(lineup), s.itemsSection(state)}
	if state.Table == nil {
		return "There is no item table yet: nothing can be ranked.", statusz.Bad, sections
	}
	headline = fmt.Sprintf("%s ranks %s items.", lineup.serving.ID(), statusz.Count(state.Table.Len()))
	if age := s.now().Sub(state.Confirmed); age > oldTable {
		return headline + " Nobody has confirmed them for " + statusz.Age(age) + ".", statusz.Warn, sections
	}
	return headline, statusz.Good, sections
}

func (s *Service) modelsSection(l *lineup) statusz.Section {
	table := statusz.Table{
		Caption: "Models by what they are used for",
		Columns: []statusz.Column{
			{Title: "role"},
			{Title: "model"},
			{Title: "share", Number: true},
			{Title: "trained", Number: true},
			{Title: "engine"},
			{Title: "SHA-256"},
		},
	}
	for _, each := range []struct {
		role  role
		model *serving
		share float64
	}{
		{roleServing, l.serving, 1 - float64(l.below)/draws},
		{roleCanary, l.canary, float64(l.below) / draws},
		{roleShadow, l.shadow, l.mirrored},
	} {
		m := each.model
		if m == nil {
			continue
		}
		table.Rows = append(table.Rows, statusz.Cells(string(each.role), m.ID(), statusz.Percent(each.share),
			statusz.Ago(s.now(), m.TrainedAt), m.Scorer.Engine(), m.SHA256[:min(len(m.SHA256), 12)]))
	}
	return statusz.Section{
		ID: "models", Title: "Models", Tables: []statusz.Table{table},
		Facts: []statusz.Fact{
			{Label: "at work", Value: statusz.Count(len(s.turns.slots)), Note: "of " + statusz.Count(cap(s.turns.slots)) + " at a time"},
			{Label: "waiting", Value: statusz.Count(s.turns.waiting.Load())},
			{Label: "a request takes", Value: statusz.Duration(s.turns.usual.Value()), Note: "usually, once it is its turn"},
		},
	}
}

func (s *Service) itemsSection(state *items.State) statusz.Section {
	section := statusz.Section{
		ID: "items", Title: "Item table",
		About: "It comes from the feature service, which confirms it again and again. While it does not, the last one serves on.",
	}
	if state.Table == nil {
		section.Facts = []statusz.Fact{{Label: "items", Value: "none yet", Tone: statusz.Bad}}
		return section
	}
	age := statusz.Fact{Label: "confirmed", Value: statusz.Ago(s.now(), state.Confirmed)}
	if s.now().Sub(state.Confirmed) > oldTable {
		age.Tone = statusz.Warn
	}
	section.Facts = []statusz.Fact{
		{Label: "items", Value: statusz.Count(state.Table.Len())},
		age,
		{Label: "version", Value: statusz.Count(state.Table.Version()), Note: "as the feature service counts"},
		{Label: "features kept", Value: statusz.Count(len(state.Table.Schema().Columns()))},
	}
	return section
}
