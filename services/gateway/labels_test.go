package gateway

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/metric/noop"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// measured is a mesh whose figures are kept.
func measured(t testing.TB) (*mesh, *telemetry.Telemetry) {
	t.Helper()
	cfg := telemetry.Defaults()
	cfg.LogLevel = "error"
	set, err := telemetry.Setup(t.Context(), cfg, "gateway")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
	m := newMesh(t)
	deps := m.service.deps
	deps.Signals = set.Signals()
	if m.service, err = New(Defaults(), deps); err != nil {
		t.Fatal(err)
	}
	return m, set
}

func figures(t testing.TB, set *telemetry.Telemetry) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	set.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	page, err := io.ReadAll(recorder.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// A caller who makes up segments and placements without end gets the same answers, and a bounded number of figures.
func TestMadeUpSegmentsAndPlacementsAreOneFigure(t *testing.T) {
	const made, room = 100_000, 50
	m, set := measured(t)
	m.users.takes, m.ranker.takes, m.suggester.takes = 0, 0, 0
	m.users.response.Segment = ""
	m.remember(t)
	// Nearly all from memory, as under overload; each list is said to be of the segment that was hinted at, which is worse
	// than what a fallback service does, who knows its segments.
	m.busy()
	for i := range made {
		name := fmt.Sprintf("made-up-%d", i)
		response, err := m.service.Recommend(t.Context(), &repliv1.RecommendRequest{
			UserId: "u1", Count: 3, SegmentHint: name, Placement: name,
		})
		if err != nil || len(response.GetItems()) != 3 {
			t.Fatalf("request %d: %v, %v", i, response, err)
		}
		m.service.report.count(t.Context(), &repliv1.RecommendRequest{Placement: "default"},
			&repliv1.RecommendResponse{Segment: name, Tier: repliv1.Tier_TIER_STATIC}, time.Millisecond)
	}
	page := figures(t, set)
	for _, test := range []struct {
		metric, label string
		others        int
	}{
		// The first request's list is of everybody, and so is that of all requests from memory.
		{"repli_gateway_segment_requests_total", "repli_segment", made - (room - 1)},
		{"repli_gateway_placement_requests_total", "repli_placement", made - room + 1},
	} {
		series, own := 0, 0
		for line := range strings.Lines(page) {
			if strings.HasPrefix(line, test.metric+"{") {
				series++
				if strings.Contains(line, test.label+`="made-up-`) {
					own++
				}
			}
		}
		if own == 0 || own > room || series > 2*(room+1) {
			t.Errorf("%s: %d series, %d of made-up values; want a few for at most %d values", test.metric, series, own, room)
		}
		label := strings.TrimPrefix(test.label, "repli_")
		if want := fmt.Sprintf(`repli_gateway_labels_other_total{label=%q} %d`, label, test.others); !strings.Contains(page, want+"\n") {
			t.Errorf("%s is missing in\n%s", want, page)
		}
	}
	if !strings.Contains(page, `repli_segment="other"`) || !strings.Contains(page, `repli_placement="other"`) {
		t.Error("nothing is counted as other")
	}
}

// What has not happened yet is there as 0, so that the first time is seen.
func TestCountersOfTheGatewayStartAtZero(t *testing.T) {
	_, set := measured(t)
	page := figures(t, set)
	for _, want := range []string{
		`repli_gateway_requests_total{repli_tier="personalized"} 0`, `repli_gateway_requests_total{repli_tier="static"} 0`,
		`repli_gateway_requests_total{outcome="refused"} 0`, `repli_gateway_cancelled_total{repli_component="ranking"} 0`,
		`repli_gateway_labels_other_total{label="segment"} 0`,
		`repli_gateway_degradations_total{repli_component="feature_store",repli_degradation_reason="soft_deadline"} 0`,
		`repli_gateway_degradations_total{repli_component="gateway",repli_degradation_reason="brownout"} 0`,
	} {
		if !strings.Contains(page, want+"\n") {
			t.Errorf("%s is missing in\n%s", want, page)
		}
	}
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "repli_gateway_degradations_total{") && (strings.Contains(line, `"none"`) || strings.Contains(line, `""`)) {
			t.Errorf("a degradation of nothing: %s", line)
		}
	}
}

// Figures cost a request time, but no memory: their labels are made beforehand.
func TestFiguresOfAnAnswerAllocateNothing(t *testing.T) {
	_, set := measured(t)
	report, err := newReport(set.Signals(), Defaults().Labels)
	if err != nil {
		t.Fatal(err)
	}
	request := &repliv1.RecommendRequest{Placement: "home"}
	response := &repliv1.RecommendResponse{Segment: "family", Tier: repliv1.Tier_TIER_SIMPLE, Degradations: []*repliv1.Degradation{
		{Component: repliv1.Component_COMPONENT_RANKING, Reason: repliv1.Reason_REASON_CIRCUIT_OPEN},
	}}
	count := func() { report.count(t.Context(), request, response, time.Millisecond) }
	count()
	if n := testing.AllocsPerRun(1000, count); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestBoundsOfLabels(t *testing.T) {
	for _, test := range []struct {
		cfg  LabelsConfig
		want string
	}{
		{LabelsConfig{Segments: -1}, "segments: is -1, expected 0 to 300"},
		{LabelsConfig{Placements: 301}, "placements: is 301, expected 0 to 300"},
	} {
		if err := test.cfg.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	signals := telemetry.Discard()
	signals.Meter = noop.NewMeterProvider()
	report, err := newReport(signals, LabelsConfig{})
	if err != nil {
		t.Fatal(err)
	}
	report.tally.segments.Of("family")
	if report.tally.segments.Others() != 1 {
		t.Error("a bound of 0 leaves room for a segment")
	}
}

// BenchmarkFigures is what the figures of one answer cost.
func BenchmarkFigures(b *testing.B) {
	m, _ := measured(b)
	request, response := ask(10), &repliv1.RecommendResponse{Tier: repliv1.Tier_TIER_STATIC, Degradations: []*repliv1.Degradation{
		{Component: repliv1.Component_COMPONENT_GATEWAY, Reason: repliv1.Reason_REASON_BROWNOUT},
	}}
	b.ReportAllocs()
	for b.Loop() {
		m.service.report.count(b.Context(), request, response, time.Millisecond)
	}
}
