package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// mark is in everything that a caller says in the test below.
const mark = "5ecre7"

// Whatever goes wrong, and at level debug, nothing that a caller says is in a log. An answer that is degraded is: with its tier, why,
// and the trace.
func TestLogsHoldNothingOfARequest(t *testing.T) {
	t.Parallel()
	m := startMesh(t, demoInputs())
	processes := map[string]*process{"gateway": m.gateway, "feature": m.feature, "ranking": m.ranking, "fallback": m.fallback}
	for name := range processes {
		switchLevel(t, "http://"+m.addresses[name+" admin"]+"/loglevel", "debug")
	}
	request := &repliv1.RecommendRequest{
		UserId: mark + "-user", Placement: mark, Count: 3, SegmentHint: mark, CandidateItemIds: []string{mark + "-mine"},
		ExcludeItemIds: []string{mark + "-not"}, ContextItemIds: []string{mark + "-cart"}, Debug: true,
		RequestFeatures: map[string]*repliv1.RequestFeature{mark + "-feature": {Value: &repliv1.RequestFeature_Text{Text: mark}}},
	}
	askMarked(t, m, request)
	wrong := &repliv1.RecommendRequest{UserId: strings.Repeat(mark, 100), Count: 9999, RequestFeatures: map[string]*repliv1.RequestFeature{
		"u_price_taste": {Value: &repliv1.RequestFeature_Text{Text: mark}},
	}}
	askMarked(t, m, wrong)
	wrong.UserId, wrong.Count = mark, 3 // now only the feature is wrong, which is the ranker's to find
	askMarked(t, m, wrong)
	m.redis.Stop(t)
	for range 20 {
		askMarked(t, m, request)
	}
	for _, p := range []*process{m.feature, m.fallback, m.ranking} {
		p.signal(t, syscall.SIGSTOP)
		askMarked(t, m, request)
		p.signal(t, syscall.SIGCONT)
	}
	degraded := 0
	for name, p := range processes {
		printed := p.output()
		if !strings.Contains(printed, `"log level changed"`) {
			t.Errorf("%s does not say that its level was changed:\n%s", name, printed)
		}
		for _, line := range strings.Split(printed, "\n") {
			if strings.Contains(line, mark) {
				t.Errorf("%s logs what a caller said: %s", name, line)
			}
			degraded += saysWhy(t, line)
		}
	}
	if degraded == 0 {
		t.Errorf("no degraded answer is logged:\n%s", m.gateway.output())
	}
}

// saysWhy checks a line about a degraded answer; it returns 1 for one and 0 for others.
func saysWhy(t *testing.T, line string) int {
	t.Helper()
	if !strings.Contains(line, `"degraded answer"`) {
		return 0
	}
	var said struct{ Level, Tier, Component, Reason string }
	if err := json.Unmarshal([]byte(line), &said); err != nil || said.Level != "INFO" || said.Tier == "" || said.Component == "" || said.Reason == "" {
		t.Errorf("a degraded answer is logged as %s", line)
	}
	return 1
}

// askMarked asks; whether there is an answer is no matter here.
func askMarked(t *testing.T, m *mesh, request *repliv1.RecommendRequest) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, _ = m.client.Recommend(ctx, request)
}

func switchLevel(t *testing.T, url, level string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, strings.NewReader(level))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != level+"\n" {
		t.Fatalf("%s: %s %s %v", url, response.Status, body, err)
	}
}
