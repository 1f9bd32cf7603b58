package gateway

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/statusz"
	"github.com/repli-mesh/repli/services/gateway/internal/history"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// part is the time that one point of the charts covers.
const part = 15 * time.Second

// Status says how the gateway is: what it answered, how its peers are, how it restrains itself, and which answers were degraded
// last.
func (s *Service) Status() (headline string, tone statusz.Tone, sections []statusz.Section) {
	now := s.deps.Now()
	minute, all := s.history.Last(now, time.Minute), s.history.Last(now, history.Span)
	headline, tone = verdict(&minute)
	return headline, tone, []statusz.Section{
		s.answersSection(&minute, s.history.Course(now, part)), causesSection(&minute, &all),
		s.peersSection(), s.admissionSection(), s.requestsSection(),
	}
}

// verdict is the last minute in a sentence.
func verdict(minute *history.View) (string, statusz.Tone) {
	answers := minute.Answers()
	if answers+minute.Refused == 0 {
		return "No requests in the last minute.", statusz.Plain
	}
	degraded := answers - minute.Tiers[ladder.Personalized]
	if degraded+minute.Refused == 0 {
		return fmt.Sprintf("All %s answers of the last minute are PERSONALIZED.", statusz.Count(answers)), statusz.Good
	}
	tone, text := statusz.Warn, ""
	if poor := minute.Tiers[ladder.Simple] + minute.Tiers[ladder.Static] + minute.Refused; 2*poor > answers+minute.Refused {
		tone = statusz.Bad
	}
	if degraded > 0 {
		text = statusz.Percent(share(degraded, answers)) + " of the answers of the last minute are degraded"
		if component, reason := minute.Worst(); reason != ladder.None {
			text += ", first of all by " + because(component, reason)
		}
		text += "."
	}
	if minute.Refused > 0 {
		text = strings.TrimSpace(fmt.Sprintf("%s %s requests were refused.", text, statusz.Count(minute.Refused)))
	}
	return text, tone
}

func share(n, of uint64) float64 { return float64(n) / float64(of) }

// because names a component and what was wrong with it.
func because(c ladder.Component, r ladder.Reason) string {
	return spaced(componentOf(c).Value.AsString()) + ": " + spaced(reasonOf(r).Value.AsString())
}

func spaced(word string) string { return strings.ReplaceAll(word, "_", " ") }

// tierName is the tier as the contract writes it.
func tierName(t ladder.Tier) string { return strings.TrimPrefix(repliv1.Tier(t).String(), "TIER_") }

func (s *Service) answersSection(minute *history.View, course []history.View) statusz.Section {
	answers := minute.Answers()
	personal := statusz.Fact{Label: "PERSONALIZED", Value: statusz.Percent(share(minute.Tiers[ladder.Personalized], answers))}
	if answers > 0 && minute.Tiers[ladder.Personalized] < answers {
		personal.Tone = statusz.Warn
	}
	late := statusz.Fact{Label: "over their deadline", Value: statusz.Count(minute.Late), Note: "of " + statusz.Count(minute.Planned)}
	if minute.Late > 0 {
		late.Tone = statusz.Warn
	}
	refused := statusz.Fact{Label: "refused", Value: statusz.Count(minute.Refused)}
	if minute.Refused > 0 {
		refused.Tone = statusz.Bad
	}
	return statusz.Section{
		ID: "answers", Title: "Answers", About: "The figures are of the last minute, the charts of the last 15.",
		Facts: []statusz.Fact{
			{Label: "answers", Value: statusz.PerSecond(answers, minute.For), Note: statusz.Count(answers) + " in all"},
			personal,
			{Label: "p50", Value: quantile(minute, 0.5)},
			{Label: "p95", Value: quantile(minute, 0.95)},
			{Label: "p99", Value: quantile(minute, 0.99)},
			{Label: "budget", Value: known(minute.Total()), Note: "of deadlines of " + known(minute.Deadline()) + ", in the mean"},
			late, refused,
			{Label: "given up by callers", Value: statusz.Count(minute.Abandoned)},
		},
		Charts: []statusz.Chart{tiersChart(course), latencyChart(course)},
	}
}

func quantile(v *history.View, q float64) string { return known(v.Took.Quantile(q)) }

// known writes a duration that is 0 where nothing is known.
func known(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return statusz.Duration(d)
}

// refusedShade is the colour of no answer; those of the tiers are their numbers, from the best to the worst.
const refusedShade = statusz.Shade(ladder.Static) + 1

func tiersChart(course []history.View) statusz.Chart {
	chart := newChart(course, "tiers", "Tiers", "answers/s")
	chart.Stacked = true
	chart.About = "Answers per second by tier over the last 15 minutes, PERSONALIZED at the bottom. The table below has the figures."
	add := func(name string, shade statusz.Shade, count func(*history.View) uint64) {
		chart.Series = append(chart.Series, series(course, statusz.Series{Name: name, Shade: shade}, func(v *history.View) statusz.Value {
			return statusz.Value(float64(count(v)) / v.For.Seconds())
		}))
	}
	for tier := ladder.Personalized; tier <= ladder.Static; tier++ {
		add(tierName(tier), statusz.Shade(tier), func(v *history.View) uint64 { return v.Tiers[tier] })
	}
	add("refused", refusedShade, func(v *history.View) uint64 { return v.Refused })
	return chart
}

func latencyChart(course []history.View) statusz.Chart {
	chart := newChart(course, "latency", "Latency", "ms")
	chart.Log = true
	chart.About = "How long answers took over the last 15 minutes: median, 95th and 99th percentile, beside the mean budget and the " +
		"mean deadline. The table below has the figures."
	add := func(s statusz.Series, of func(*history.View) time.Duration) {
		chart.Series = append(chart.Series, series(course, s, func(v *history.View) statusz.Value {
			if d := of(v); d > 0 {
				return statusz.Value(milliseconds(d))
			}
			return statusz.None()
		}))
	}
	for _, q := range []struct {
		name  string
		share float64
		shade statusz.Shade
	}{{"p50", 0.5, 2}, {"p95", 0.95, 1}, {"p99", 0.99, 5}} {
		add(statusz.Series{Name: q.name, Shade: q.shade}, func(v *history.View) time.Duration { return v.Took.Quantile(q.share) })
	}
	add(statusz.Series{Name: "budget", Shade: 4, Dashed: true}, (*history.View).Total)
	add(statusz.Series{Name: "deadline", Dashed: true}, (*history.View).Deadline)
	return chart
}

// newChart returns a chart of the course without series.
func newChart(course []history.View, id, title, unit string) statusz.Chart {
	chart := statusz.Chart{ID: id, Title: title, Unit: unit, Step: statusz.Seconds(part / time.Second)}
	for _, v := range course {
		chart.At = append(chart.At, statusz.At(v.From))
	}
	chart.From = chart.At[0]
	chart.To = chart.From + statusz.Seconds(history.Span/time.Second)
	return chart
}

// series has a value for each part of the course.
func series(course []history.View, s statusz.Series, value func(*history.View) statusz.Value) statusz.Series {
	for i := range course {
		s.Values = append(s.Values, value(&course[i]))
	}
	return s
}

// causesSection says why answers were degraded, the most frequent reason of the last minute first.
func causesSection(minute, all *history.View) statusz.Section {
	type cause struct {
		component   ladder.Component
		reason      ladder.Reason
		minute, all uint64
	}
	var causes []cause
	for c := range all.Causes {
		for r, n := range all.Causes[c] {
			if n > 0 {
				causes = append(causes, cause{ladder.Component(c), ladder.Reason(r), minute.Causes[c][r], n})
			}
		}
	}
	slices.SortFunc(causes, func(a, b cause) int { return cmp.Or(cmp.Compare(b.minute, a.minute), cmp.Compare(b.all, a.all)) })
	table := statusz.Table{
		Caption: "Answers by what degraded them; one answer can have several reasons",
		Columns: []statusz.Column{{Title: "component"}, {Title: "reason"}, {Title: "last minute", Number: true}, {Title: "15 minutes", Number: true}},
		Empty:   "No answer was degraded in the last 15 minutes.",
	}
	for _, c := range causes {
		table.Rows = append(table.Rows, statusz.Cells(spaced(componentOf(c.component).Value.AsString()),
			spaced(reasonOf(c.reason).Value.AsString()), statusz.Count(c.minute), statusz.Count(c.all)))
	}
	return statusz.Section{ID: "causes", Title: "Why answers are degraded", Tables: []statusz.Table{table}}
}
