package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/statusz"
	"github.com/repli-mesh/repli/services/gateway/internal/history"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// seen is what the page shows.
type seen struct {
	headline string
	tone     statusz.Tone
	sections map[string]statusz.Section
}

func look(m *mesh) seen {
	headline, tone, sections := m.service.Status()
	s := seen{headline, tone, map[string]statusz.Section{}}
	for _, section := range sections {
		s.sections[section.ID] = section
	}
	return s
}

// fact returns a figure of a section.
func (s seen) fact(t *testing.T, section, label string) string {
	t.Helper()
	for _, fact := range s.sections[section].Facts {
		if fact.Label == label {
			return fact.Value
		}
	}
	t.Errorf("%s has no %q: %+v", section, label, s.sections[section].Facts)
	return ""
}

func TestStatusOfAHealthyGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.remember(t)
		if s := look(m); s.headline != "No requests in the last minute." || s.tone != statusz.Plain {
			t.Errorf("before the first request: %+v", s)
		}
		for range 100 {
			m.recommend(t, 50*ms, ask(3))
		}
		time.Sleep(5 * time.Second)
		s := look(m)
		if s.headline != "All 100 answers of the last minute are PERSONALIZED." || s.tone != statusz.Good {
			t.Errorf("%q, %q", s.headline, s.tone)
		}
		for label, want := range map[string]string{
			"PERSONALIZED": "100 %", "over their deadline": "0", "refused": "0", "given up by callers": "0", "budget": "42.5 ms",
		} {
			if got := s.fact(t, "answers", label); got != want {
				t.Errorf("%s is %s, want %s", label, got, want)
			}
		}
		for label, want := range map[string]string{"quality factor": "1.00", "at work": "0", "last model": "test/1", "lists in memory": "1"} {
			if got := s.fact(t, "admission", label); got != want {
				t.Errorf("%s is %s, want %s", label, got, want)
			}
		}
		if list := s.sections["degraded"].Requests.List; len(list) != 0 {
			t.Errorf("degraded: %+v", list)
		}
		if rows := s.sections["peers"].Tables[0].Rows; len(rows) != 3 || rows[0][0].Text != "feature" || rows[0][1].Text != "closed" {
			t.Errorf("peers: %+v", rows)
		}
	})
}

func TestChartsHaveTheTiersAndTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.remember(t)
		for range 10 {
			m.recommend(t, 50*ms, ask(3))
			time.Sleep(3 * time.Second)
		}
		charts := look(m).sections["answers"].Charts
		tiers, latency := charts[0], charts[1]
		if len(tiers.At) < 59 || tiers.To-tiers.From != 900 || len(tiers.Series) != 6 || tiers.Series[0].Name != "PERSONALIZED" ||
			tiers.Series[5].Name != "refused" || !tiers.Stacked {
			t.Errorf("tiers: %+v", tiers)
		}
		answers := 0.0
		for _, v := range tiers.Series[0].Values {
			answers += float64(v) * 15
		}
		if answers < 9 || answers > 20 {
			t.Errorf("the chart has %v answers, want about 10", answers)
		}
		for _, s := range latency.Series {
			found := false
			for _, v := range s.Values {
				found = found || v > 0
			}
			if !found {
				t.Errorf("nothing of %s", s.Name)
			}
			if want := s.Name == "budget" || s.Name == "deadline"; s.Dashed != want {
				t.Errorf("%s is dashed: %v", s.Name, s.Dashed)
			}
		}
	})
}

func TestStatusOfADegradedGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.remember(t)
		m.users.become(time.Hour)
		ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: [16]byte{1}, SpanID: [8]byte{1}}))
		ctx, cancel := context.WithTimeout(ctx, 100*ms)
		defer cancel()
		request := ask(3)
		request.UserId, request.Placement = "secret-user", "home"
		if _, err := m.service.Recommend(ctx, request); err != nil {
			t.Fatal(err)
		}
		s := look(m)
		if s.tone != statusz.Bad || s.headline != "100 % of the answers of the last minute are degraded, first of all by feature: soft deadline." {
			t.Errorf("%q, %q", s.headline, s.tone)
		}
		r := s.sections["degraded"].Requests.List[0]
		if r.Label != "SIMPLE" || r.Shade != 4 || r.Trace != "01000000000000000000000000000000" || r.Deadline != 100*ms || r.Budget != 85*ms ||
			r.Why != "feature: soft deadline, ranking: skipped dependency" || len(r.Facts) != 1 || r.Facts[0].Value != "home" {
			t.Errorf("%+v", r)
		}
		if f, l, k := r.Steps[0], r.Steps[1], r.Steps[2]; f.Name != "feature" || f.Result != "soft deadline" || f.Spent != f.Granted || f.Granted == 0 ||
			f.Tone != statusz.Bad || l.Result != "answered" || l.Spent != ms || k.Result != "skipped dependency" || k.Granted != 0 || k.Tone != statusz.Warn {
			t.Errorf("%+v", r.Steps)
		}
		if rows := s.sections["causes"].Tables[0].Rows; len(rows) != 2 || rows[0][2].Text != "1" || rows[0][3].Text != "1" {
			t.Errorf("causes: %+v", rows)
		}
		all, err := json.Marshal(s.sections)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(all), "secret-user") {
			t.Error("a user id is on the page")
		}
	})
}

func TestStatusCountsWhoIsRefusedOrGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.remember(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := m.service.Recommend(ctx, ask(3)); err == nil {
			t.Fatal("a cancelled request was answered")
		}
		m.overloaded(t)
		request := ask(3)
		request.Priority = repliv1.Priority_PRIORITY_SHEDDABLE
		if _, err := m.service.Recommend(t.Context(), request); err == nil {
			t.Fatal("the request was not refused")
		}
		m.busy()
		m.recommend(t, 50*ms, ask(3))
		s := look(m)
		if s.fact(t, "answers", "refused") != "1" || s.fact(t, "answers", "given up by callers") != "1" {
			t.Errorf("%+v", s.sections["answers"].Facts)
		}
		if want := "100 % of the answers of the last minute are degraded, first of all by gateway: brownout. 1 requests were refused."; s.headline != want {
			t.Errorf("%q, want %q", s.headline, want)
		}
		r := s.sections["degraded"].Requests.List[0]
		if r.Deadline != 0 || len(r.Steps) != 0 || r.Why != "gateway: brownout" || r.Trace != "" {
			t.Errorf("%+v", r)
		}
		if delay := s.fact(t, "admission", "queue delay"); delay != "1.0 s" {
			t.Errorf("queue delay %s", delay)
		}
	})
}

// A step that was left out for want of another one's answer is not what to look at first.
func TestTheHeadlineNamesNoReasonThatIsNone(t *testing.T) {
	t.Parallel()
	minute := history.View{}
	minute.Tiers[ladder.Simple] = 1
	minute.Causes[ladder.Ranking][ladder.SkippedDependency] = 1
	if text, _ := verdict(&minute); text != "100 % of the answers of the last minute are degraded." {
		t.Errorf("%q", text)
	}
	minute.Causes[ladder.FeatureStore][ladder.Loading] = 1
	if text, _ := verdict(&minute); text != "100 % of the answers of the last minute are degraded, first of all by feature store: loading." {
		t.Errorf("%q", text)
	}
}

// Whatever callers name their placements and segments, the page does not grow.
func TestStatusHasBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMesh(t)
		m.users.err = errRefused
		for i := range 2000 {
			request := ask(1)
			request.Placement, request.SegmentHint = fmt.Sprint("placement", i), fmt.Sprint("segment", i)
			m.recommend(t, 50*ms, request)
		}
		s := look(m)
		if n := len(s.sections["degraded"].Requests.List); n != 50 {
			t.Errorf("%d degraded answers", n)
		}
		all, err := json.Marshal(s.sections)
		if err != nil {
			t.Fatal(err)
		}
		if len(all) > 100_000 {
			t.Errorf("%d bytes", len(all))
		}
	})
}
