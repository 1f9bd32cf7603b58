//go:build refdata

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// refInputs are the files of the reference data, in the folder that REPLI_REFDATA names.
func refInputs(t *testing.T, model string) inputs {
	t.Helper()
	dir := os.Getenv("REPLI_REFDATA")
	if dir == "" {
		t.Fatal("REPLI_REFDATA is not set, expected the folder of the reference data: make test-refdata REFDATA=...")
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	return inputs{
		views: filepath.Join("testdata", "refdata", "views.yaml"), users: in("users.csv"), items: in("items.csv"),
		events: in("events.csv"), bundle: in(filepath.Join("models", model)), known: "1873",
	}
}

func TestRefDataFourProcesses(t *testing.T) {
	in := refInputs(t, "gbdt")
	exerciseMesh(t, startMesh(t, in), in)
}

// Each model of the reference data answers personally over four processes.
func TestRefDataModels(t *testing.T) {
	for _, model := range []string{"mlp", "dcn"} {
		t.Run(model, func(t *testing.T) {
			in := refInputs(t, model)
			m := startMesh(t, in)
			for _, user := range []string{"1", "2", "906"} {
				response := await(t, m.client, user, repliv1.Tier_TIER_PERSONALIZED)
				if c := response.GetCoverage(); c.GetScored() != c.GetCandidates() || response.GetNewUser() {
					t.Errorf("user %s: %v", user, response)
				}
			}
		})
	}
}
