package show

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// Explain writes a response that has a debug for people: what Answer writes, and how it came about.
func Explain(w io.Writer, response *repliv1.RecommendResponse, took time.Duration, paper Paper) error {
	var b bytes.Buffer
	head(&b, response, took)
	if d := response.GetDebug(); d == nil {
		b.WriteString("  the gateway does not say how it came about; is it of an older version?\n")
	} else {
		waterfall(&b, d, paper)
		features(&b, d, paper)
		candidates(&b, response, paper)
	}
	b.WriteString("\n")
	items(&b, response)
	_, err := w.Write(b.Bytes())
	return err
}

// waterfall shows the steps against the budget.
func waterfall(b *bytes.Buffer, d *repliv1.Debug, paper Paper) {
	if d.GetTraceId() != "" {
		fmt.Fprintf(b, "  trace %s\n", d.GetTraceId())
	}
	if len(d.GetSteps()) == 0 {
		fmt.Fprintf(b, "\n  no component was asked: the gateway answered from its memory, in %v\n", short(d.GetSpent()))
		return
	}
	budget := d.GetBudget().AsDuration()
	fmt.Fprintf(b, "\n  deadline %v, %v of it for the steps; the gateway took %v\n", short(d.GetDeadline()), short(d.GetBudget()), short(d.GetSpent()))
	width := paper.columns - 62 // what else is in a line, at the longest
	fmt.Fprintf(b, "  %-10s0%*v%10s%9s\n", "", width-1, budget.Round(10*time.Microsecond), "granted", "spent")
	for _, s := range d.GetSteps() {
		name := lower(s.GetComponent().String(), "COMPONENT_")
		if s.GetStarted() == nil {
			fmt.Fprintf(b, "  %-10snot asked: %s\n", name, why(s))
			continue
		}
		share := func(t time.Duration) float64 { return t.Seconds() / max(budget.Seconds(), 1e-9) }
		bar := paper.bar(width, share(s.GetStarted().AsDuration()), share(s.GetGranted().AsDuration()), share(s.GetSpent().AsDuration()))
		fmt.Fprintf(b, "  %-10s%s%10v%9v  %s\n", name, bar, short(s.GetGranted()), short(s.GetSpent()), returned(s, d))
	}
	if d.GetRememberedList() {
		b.WriteString("  the list of candidates is the gateway's last good one\n")
	}
}

// why is a step's reason, with who is at fault where that is somebody else.
func why(s *repliv1.DebugStep) string {
	text := lower(s.GetReason().String(), "REASON_")
	if s.GetAtFault() != s.GetComponent() {
		text = lower(s.GetAtFault().String(), "COMPONENT_") + ": " + text
	}
	return text
}

// returned is what came back of a step.
func returned(s *repliv1.DebugStep, d *repliv1.Debug) string {
	switch {
	case s.GetReason() != repliv1.Reason_REASON_UNSPECIFIED:
		return why(s)
	case s.GetComponent() == repliv1.Component_COMPONENT_RANKING:
		return fmt.Sprintf("%d scored", s.GetItems())
	case s.GetComponent() != repliv1.Component_COMPONENT_FEATURE:
		return fmt.Sprintf("%d items", s.GetItems())
	case d.GetUser().GetStale():
		return "stale features"
	default:
		return "features"
	}
}

// features shows what was known of the user, and what the model had to do without.
func features(b *bytes.Buffer, d *repliv1.Debug, paper Paper) {
	var parts []string
	add := func(is bool, format string, args ...any) {
		if is {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	u := d.GetUser()
	add(u == nil && len(d.GetSteps()) > 0, "none")
	add(u.GetRemembered(), "remembered by the gateway")
	add(u.GetStale(), "past their time to live")
	add(u.GetReadTime() != nil, "read from the store at %s", moment(u.GetReadTime()))
	add(u.GetEventTime() != nil, "oldest event of %s", moment(u.GetEventTime()))
	if len(parts) > 0 {
		fmt.Fprintf(b, "\n  features of the user: %s\n", strings.Join(parts, ", "))
	}
	for _, views := range []struct {
		title string
		names []string
	}{{"views too old", u.GetOutsideMaxAgeViews()}, {"views not readable", u.GetUnreadableViews()}} {
		if len(views.names) > 0 {
			paper.list(b, views.title, views.names, len(views.names))
		}
	}
	if d.GetDefaultedCount() > 0 {
		fmt.Fprintf(b, "\n  features without a value, replaced by the model's defaults: %d\n", d.GetDefaultedCount())
	}
	for number := range int32(len(repliv1.Absence_name)) { //nolint:gosec // a few
		if names := lacking(d, repliv1.Absence(number)); len(names) > 0 {
			paper.list(b, lower(repliv1.Absence(number).String(), "ABSENCE_"), names, len(names))
		}
	}
}

func lacking(d *repliv1.Debug, absence repliv1.Absence) (names []string) {
	for _, f := range d.GetDefaulted() {
		name := f.GetName()
		if f.GetItems() > 0 {
			name = fmt.Sprintf("%s (%d)", name, f.GetItems())
		}
		if f.GetAbsence() == absence {
			names = append(names, name)
		}
	}
	return names
}

// candidates shows those that are not in the answer.
func candidates(b *bytes.Buffer, response *repliv1.RecommendResponse, paper Paper) {
	d := response.GetDebug()
	total := uint32(0)
	for _, count := range d.GetDropCounts() {
		total += count.GetCandidates()
	}
	fmt.Fprintf(b, "\n  candidates not in the answer: %d", total)
	if d.GetItemTableTime() != nil {
		fmt.Fprintf(b, ", item table of %s", moment(d.GetItemTableTime()))
	}
	b.WriteString("\n")
	for _, count := range d.GetDropCounts() {
		var names []string
		for _, c := range d.GetDropped() {
			if c.GetReason() != count.GetReason() {
				continue
			}
			name := c.GetItemId()
			if c.GetScore() != 0 {
				name = fmt.Sprintf("%s %.4f", name, c.GetScore())
			}
			names = append(names, name)
		}
		title := fmt.Sprintf("%-17s%6d", lower(count.GetReason().String(), "DROP_REASON_"), count.GetCandidates())
		paper.list(b, title, names, int(count.GetCandidates()))
	}
}

func moment(t *timestamppb.Timestamp) string { return t.AsTime().Format(time.RFC3339) }
