//go:build refdata

package e2e

import (
	"path/filepath"
	"testing"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/reftest"
)

// refInputs are the files of the reference data, in the folder that REPLI_REFDATA names.
func refInputs(t *testing.T, model string) inputs {
	t.Helper()
	in := func(name string) string { return filepath.Join(reftest.Dir(t), name) }
	users := reftest.IDs(t, "users")
	return inputs{
		views: reftest.Views(t), users: in("users.csv"), items: in("items.csv"),
		events: in("events.csv"), bundle: in(filepath.Join("models", model)), known: users[len(users)-1],
	}
}

func TestRefDataFourProcesses(t *testing.T) {
	in := refInputs(t, reftest.Models(t)[0])
	exerciseMesh(t, startMesh(t, in), in)
}

// Each model of the reference data answers personally over four processes.
func TestRefDataModels(t *testing.T) {
	for _, model := range reftest.Models(t)[1:] {
		t.Run(model, func(t *testing.T) {
			in := refInputs(t, model)
			m := startMesh(t, in)
			users := reftest.IDs(t, "users")
			for _, user := range []string{users[0], users[len(users)/2], users[len(users)-1]} {
				response := await(t, m.client, user, repliv1.Tier_TIER_PERSONALIZED)
				if c := response.GetCoverage(); c.GetScored() != c.GetCandidates() || response.GetNewUser() {
					t.Errorf("user %s: %v", user, response)
				}
			}
		})
	}
}
