package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// What callers send along, by mistake or on purpose, changes no answer, goes no further than the gateway, and is counted there in
// a bounded number of series.
func TestWhatCallersSendAlong(t *testing.T) {
	in := demoInputs()
	m := startMesh(t, in)
	hostile := [][]string{
		{"baggage", "key=" + strings.Repeat("x", 64<<10)},
		{"traceparent", strings.Repeat("0", 30<<10), "tracestate", strings.Repeat("=,", 9000)},
	}
	for _, pairs := range hostile {
		ctx := metadata.AppendToOutgoingContext(within(t, patience), pairs...)
		answer, err := m.client.Recommend(ctx, &repliv1.RecommendRequest{UserId: in.known, Count: 10})
		if err != nil || answer.GetTier() != repliv1.Tier_TIER_PERSONALIZED || len(answer.GetItems()) != 10 {
			t.Errorf("with %.20s: %v, %v", pairs[1], answer, err)
		}
	}
	const placements = 300
	for i := range placements {
		recommend(t, m.client, time.Second, &repliv1.RecommendRequest{UserId: in.known, Count: 1, Placement: fmt.Sprintf("made-up-%d", i)})
	}
	counted := map[string]string{"gateway": "1", "feature": "0", "ranking": "0", "fallback": "0"}
	for name, want := range counted {
		page := fetch(t, "http://"+m.addresses[name+" admin"]+"/metrics")
		got := "0"
		if found := regexp.MustCompile(`(?m)^repli_rpc_baggage_total\S* (\d+)$`).FindStringSubmatch(page); found != nil {
			got = found[1]
		}
		if got != want {
			t.Errorf("%s counted %s calls with baggage, want %s", name, got, want)
		}
	}
	series := map[string]bool{}
	page := fetch(t, "http://"+m.addresses["gateway admin"]+"/metrics")
	for _, found := range regexp.MustCompile(`repli_placement="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		series[found[1]] = true
	}
	if !series["other"] || len(series) < 10 || len(series) > placements/4 {
		t.Errorf("%d placements have series of their own, want some, and not those of all %d callers: %v", len(series), placements, series)
	}
}
