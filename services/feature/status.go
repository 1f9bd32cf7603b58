package feature

import (
	"fmt"
	"time"

	"github.com/repli-mesh/repli/pkg/statusz"
	"github.com/repli-mesh/repli/services/feature/internal/store/redis"
)

// Status says how the store is, how much of it is in memory, and what the table of items holds.
func (s *Service) Status() (headline string, tone statusz.Tone, sections []statusz.Section) {
	table := s.table.Stats()
	headline, tone = fmt.Sprintf("The store answers; %s items.", statusz.Count(table.Items)), statusz.Good
	switch err := s.table.Err(); {
	case s.reads != nil && s.reads.breaker.Open():
		headline, tone = "The circuit to the store is open: rows come from memory only.", statusz.Bad
	case err != nil:
		headline, tone = "The last look at the store's items failed: "+outcomeOf(err)+".", statusz.Warn
	}
	sections = []statusz.Section{s.storeSection()}
	if s.reads != nil {
		sections = append(sections, s.reads.section())
	}
	return headline, tone, append(sections, s.rowsSection(), s.itemsSection())
}

func (s *Service) storeSection() statusz.Section {
	section := statusz.Section{ID: "store", Title: "Store", Facts: []statusz.Fact{{Label: "kind", Value: s.cfg.Store.Kind}}}
	if s.reads == nil {
		section.About = "In this process's own memory: it has neither connections nor a circuit."
		return section
	}
	stats, circuit := s.reads.breaker.Stats(), statusz.Fact{Label: "circuit", Value: "closed", Tone: statusz.Good}
	if stats.Open {
		circuit = statusz.Fact{Label: "circuit", Value: "open, probing", Tone: statusz.Bad}
	}
	section.Facts = append(section.Facts, circuit,
		statusz.Fact{Label: "opened", Value: statusz.Count(stats.Opened), Note: "since the start"},
		statusz.Fact{Label: "reads refused", Value: statusz.Count(stats.Refused)},
		statusz.Fact{Label: "probes", Value: statusz.Count(stats.Probes)})
	if pooled, ok := s.store.inner.(interface{ Pools() []redis.Pool }); ok {
		section.Tables = []statusz.Table{poolTable(pooled.Pools())}
	}
	return section
}

func poolTable(pools []redis.Pool) statusz.Table {
	table := statusz.Table{Caption: "Connections, by what they are for; the three on the right count since the start", Columns: []statusz.Column{
		{Title: "pool"},
		{Title: "open", Number: true},
		{Title: "idle", Number: true},
		{Title: "reused", Number: true},
		{Title: "dialled", Number: true},
		{Title: "waited in vain", Number: true},
	}}
	for _, p := range pools {
		table.Rows = append(table.Rows, statusz.Cells(p.Name, statusz.Count(p.Idle+p.Used), statusz.Count(p.Idle), statusz.Count(p.Hits),
			statusz.Count(p.Misses), statusz.Count(p.Timeouts)))
	}
	return table
}

// course are the counters of the rows in memory whose course the page shows, in the order of outcomes.
func (r *reads) course() []uint64 {
	stats := r.rows.Stats()
	return []uint64{stats.Hits, stats.Renewed, stats.Stale, stats.Misses}
}

// outcomes are what a request for a row meets.
var outcomes = []statusz.Series{{Name: "hit", Shade: 1}, {Name: "renewed", Shade: 2}, {Name: "stale", Shade: 4}, {Name: "miss", Shade: 3}}

// section says how much of what is asked for is in memory.
func (r *reads) section() statusz.Section {
	stats := r.rows.Stats()
	grown, over := r.sampler.Grown()
	asked := uint64(0)
	for _, n := range grown {
		asked += n
	}
	hit := statusz.Fact{Label: "hit rate", Value: "–", Note: "of the last minute"}
	if asked > 0 {
		hit.Value = statusz.Percent(float64(grown[0]+grown[1]) / float64(asked)) // hits and renewed, as in the recording rule
	}
	return statusz.Section{
		ID: "memory", Title: "Rows in memory (L1)",
		Facts: []statusz.Fact{
			hit,
			{Label: "asked for", Value: statusz.PerSecond(asked, over)},
			{Label: "rows", Value: statusz.Count(stats.Entries), Note: statusz.Bytes(stats.Bytes)},
			{Label: "loads under way", Value: statusz.Count(stats.Loads)},
			{Label: "loads", Value: statusz.Count(stats.Loaded), Note: statusz.Count(stats.Failed) + " failed, " + statusz.Count(stats.Refused) + " refused"},
			{Label: "dropped", Value: statusz.Count(stats.Evicted), Note: "for want of room"},
		},
		Charts: []statusz.Chart{r.sampler.Chart(statusz.Chart{
			ID: "rows", Title: "Requests for rows", Unit: "rows/s", Stacked: true, Series: outcomes,
			About: "Requests per second for rows of users over the last 15 minutes, by what was in memory: hits at the bottom. " +
				"The table below has the figures.",
		})},
	}
}

// rowsSection says what the rows that were served were like.
func (s *Service) rowsSection() statusz.Section {
	count := s.tally
	return statusz.Section{
		ID: "rows", Title: "Rows served", About: "Since the start.",
		Facts: []statusz.Fact{
			{Label: "found", Value: statusz.Count(count.found.Load())},
			{Label: "of new users", Value: statusz.Count(count.notFound.Load())},
			{Label: "stale", Value: statusz.Count(count.stale.Load()), Note: "past their time to live"},
			{Label: "with old views", Value: statusz.Count(count.outdated.Load()), Note: "which were left out"},
		},
	}
}

func (s *Service) itemsSection() statusz.Section {
	stats, now := s.table.Stats(), s.deps.Now()
	age := statusz.Fact{Label: "as in the store", Value: statusz.Ago(now, stats.Current)}
	if stats.Current.IsZero() {
		age.Value, age.Tone = "never yet", statusz.Bad
	} else if now.Sub(stats.Current) > time.Minute {
		age.Tone = statusz.Warn
	}
	return statusz.Section{
		ID: "items", Title: "Item table",
		Facts: []statusz.Fact{
			{Label: "items", Value: statusz.Count(stats.Items)},
			age,
			{Label: "version", Value: statusz.Count(stats.Version), Note: "changes since the start"},
			{Label: "rankers watching", Value: statusz.Count(stats.Watchers)},
		},
	}
}
