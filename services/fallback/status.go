package fallback

import (
	"fmt"
	"time"

	"github.com/repli-mesh/repli/pkg/statusz"
)

// Status says which snapshot the service answers from.
func (s *Service) Status() (headline string, tone statusz.Tone, sections []statusz.Section) {
	now, loaded, refused := s.now(), s.figures.loaded.Load(), s.figures.refused.Load()
	reads := statusz.Fact{Label: "files read", Value: statusz.Count(loaded), Note: statusz.Count(refused) + " refused"}
	if refused > 0 {
		reads.Tone = statusz.Warn
	}
	section := statusz.Section{
		ID: "snapshot", Title: "Snapshot",
		About: "The file is looked at every " + statusz.Duration(s.cfg.Reload) + "; a bad one is left alone, and the last good one serves on.",
	}
	m := s.current.Load()
	if m == nil {
		section.Facts = []statusz.Fact{reads}
		return "There is no snapshot yet: nothing can be suggested.", statusz.Bad, []statusz.Section{section}
	}
	info := m.snapshot.Info()
	section.Facts = append([]statusz.Fact{
		{Label: "built", Value: statusz.Ago(now, info.BuiltAt), Note: info.BuiltAt.UTC().Format(time.DateTime) + " UTC"},
		{Label: "version", Value: info.Version},
		{Label: "items", Value: statusz.Count(info.Items), Note: statusz.Count(info.WithNeighbours) + " with neighbours"},
		{Label: "segments", Value: statusz.Count(len(info.Segments)), Note: "everybody among them"},
		{
			Label: "events", Value: statusz.Count(info.Counts.Events),
			Note: info.From.UTC().Format(time.DateOnly) + " to " + info.To.UTC().Format(time.DateOnly),
		},
		{Label: "users behind it", Value: statusz.Count(info.Counts.Users)},
	}, reads)
	headline = fmt.Sprintf("%s items from a snapshot built %s.", statusz.Count(info.Items), statusz.Ago(now, info.BuiltAt))
	return headline, statusz.Good, []statusz.Section{section}
}
