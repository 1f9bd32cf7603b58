package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/redistest"
)

// TestServicesStartInAnyOrder starts the parts of a mesh one after another, each of them first, second, third, fourth and last
// once. Whenever the gateway is there it answers, and says truly why not better; when all are there, the model does.
func TestServicesStartInAnyOrder(t *testing.T) {
	in := demoInputs()
	snapshot := filepath.Join(t.TempDir(), "snapshot.repli")
	must(t, nil, "snapshot", "build", "--views", in.views, "--users", in.users, "--events", in.events, "--out", snapshot)
	parts := []string{"gateway", "ranking", "feature", "fallback", "store"}
	for i := range parts {
		order := slices.Concat(parts[i:], parts[:i])
		t.Run(strings.Join(order, " "), func(t *testing.T) {
			t.Parallel()
			m := &mesh{owner: t, redis: redistest.Start(t), addresses: map[string]string{}}
			m.redis.Stop(t)
			for n, part := range order {
				m.bring(t, in, snapshot, part)
				if m.gateway != nil {
					m.answersWith(t, in, order[:n+1])
				}
			}
			await(t, m.client, in.known, repliv1.Tier_TIER_PERSONALIZED)
		})
	}
}

// bring starts one part.
func (m *mesh) bring(t *testing.T, in inputs, snapshot, part string) {
	t.Helper()
	switch part {
	case "gateway":
		m.startGateway(t)
	case "ranking":
		m.startRanking(t, in)
	case "feature":
		m.startFeature(t, in)
	case "fallback":
		m.startFallback(t, snapshot)
	case "store":
		m.redis.Restart(t)
		must(t, nil, "load", "--views", in.views, "--users", in.users, "--items", in.items, "--events", in.events,
			"--redis", m.redis.Addr)
	}
}

// answersWith asks a mesh of which some parts have started, and holds the answer against what those can give.
func (m *mesh) answersWith(t *testing.T, in inputs, up []string) {
	t.Helper()
	response := ask(t, m.gateway.address, in.known, "--candidates", "i0001,i0002", "--deadline", "1s")
	best := repliv1.Tier_TIER_STATIC
	if slices.Contains(up, "fallback") {
		best = repliv1.Tier_TIER_SIMPLE
	}
	if slices.Contains(up, "ranking") && slices.Contains(up, "feature") && slices.Contains(up, "store") {
		best = repliv1.Tier_TIER_PERSONALIZED
	}
	why := response.GetDegradations()
	if response.GetTier() < best || len(response.GetItems()) == 0 || (response.GetTier() == repliv1.Tier_TIER_PERSONALIZED) != (len(why) == 0) {
		t.Errorf("with %v: at best %v: %s", up, best, protojson.Format(response))
	}
}
