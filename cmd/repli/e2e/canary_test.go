package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// answeredBy asks for each of the users and returns the versions that answered them.
func answeredBy(t *testing.T, m *mesh, users int) map[string]string {
	t.Helper()
	versions := map[string]string{}
	for i := range users {
		user := fmt.Sprintf("u%05d", i)
		response := recommend(t, m.client, 5*time.Second, &repliv1.RecommendRequest{UserId: user, Count: 10})
		versions[user] = response.GetModel()[strings.LastIndex(response.GetModel(), "/")+1:]
	}
	return versions
}

// TestACanaryAndAShadow tries one version on half of the users and another beside the requests, and ends both.
func TestACanaryAndAShadow(t *testing.T) {
	registry := t.TempDir()
	for version, bundle := range map[string]string{"1": "mlp", "2": "dcn", "3": "gbdt"} {
		publish(t, registry, bundle, version)
	}
	for name, content := range map[string]string{"SERVING": "1", "CANARY": "2 50", "SHADOW": "3 100"} {
		if err := os.WriteFile(filepath.Join(registry, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := demoInputs()
	in.rankingEnv = []string{"REPLI_RANKING_RANKING_REGISTRY_PATH=" + registry, "REPLI_RANKING_RANKING_REGISTRY_INTERVAL=100ms"}
	m := startMesh(t, in)

	const users = 40
	first, counts := answeredBy(t, m, users), map[string]int{}
	for user, version := range answeredBy(t, m, users) {
		if counts[version]++; version != first[user] {
			t.Errorf("one user is answered by version %s, then by %s", first[user], version)
		}
	}
	if counts["1"]+counts["2"] != users || counts["1"] < users/8 || counts["2"] < users/8 {
		t.Errorf("users by version: %v, expected about half of them for 1 and for 2", counts)
	}
	listed := must(t, nil, "model", "list", "--address", m.ranking.address)
	for _, want := range []string{"3        shadow 100%", "2        canary 50%", "1        serving", "dcn/2", "plan"} {
		if !strings.Contains(listed, want) {
			t.Errorf("the list has no %q:\n%s", want, listed)
		}
	}
	page := fetch(t, "http://"+m.addresses["ranking admin"]+"/metrics")
	for _, want := range []string{`role="canary"`, `role="serving"`, "repli_ranking_shadow_requests_total"} {
		if !strings.Contains(page, want) {
			t.Errorf("/metrics has no %s", want)
		}
	}
	if err := os.Remove(filepath.Join(registry, "CANARY")); err != nil {
		t.Fatal(err)
	}
	for user, version := range first {
		if version == "2" {
			awaitModel(t, m.client, user, "1")
		}
	}
	t.Logf("%v\n%s", counts, listed)
}
