package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
)

// The first minute of a stranger: four answers, the commands to go on with, and those commands work.
func TestAll(t *testing.T) {
	t.Parallel()
	all := start(t, t, "all", []string{"--listen", freePort(t)})
	printed := all.output()
	for end := time.Now().Add(patience); !strings.Contains(printed, "grpcurl") && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
		printed = all.output()
	}
	for _, want := range []string{
		"A known user", "PERSONALIZED in", "A new user", "new user\n", "while the feature service is paused",
		"STALE        in", "SIMPLE       in", "because feature: soft deadline (granted ", "repli recommend --address " + all.address, "grpcurl -plaintext",
	} {
		if !strings.Contains(printed, want) {
			t.Errorf("does not print %q:\n%s", want, printed)
		}
	}
	for _, line := range strings.Split(printed, "\n") {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "repli recommend ")
		if !ok || strings.Contains(command, "--watch") {
			continue
		}
		if out := must(t, nil, append([]string{"recommend"}, strings.Fields(command)...)...); !strings.Contains(out, "PERSONALIZED") {
			t.Errorf("%q printed %s", line, out)
		}
	}
	explains(t, all.address)
}

// explains asks for the way of an answer, with a candidate that nobody knows.
func explains(t *testing.T, address string) {
	t.Helper()
	args := []string{"explain", "--address", address, "--user", "somebody", "--deadline", "1s", "--candidates", "nobodys"}
	out := must(t, nil, args...)
	for _, want := range []string{"PERSONALIZED in", "\n  trace ", "\n  fallback  #", "\n  ranking   ", "not found  ", "unknown               1  nobodys\n", "below cut "} {
		if !strings.Contains(out, want) {
			t.Errorf("does not print %q:\n%s", want, out)
		}
	}
	var response repliv1.RecommendResponse
	if err := protojson.Unmarshal([]byte(must(t, nil, append(args, "--json")...)), &response); err != nil || len(response.GetDebug().GetSteps()) != 3 {
		t.Errorf("%v in %v", err, &response)
	}
}

// The same on data and a model of one's own.
func TestAllOnOwnData(t *testing.T) {
	t.Parallel()
	in := demoInputs()
	dir := t.TempDir()
	for name, from := range map[string]string{
		"views.yaml": in.views, "users.csv.gz": in.users, "items.csv.gz": in.items, "events.csv.gz": in.events,
	} {
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gbdt := filepath.Join(filepath.Dir(in.bundle), "gbdt")
	all := start(t, t, "all", []string{"--listen", freePort(t), "--data", dir, "--bundle", gbdt})
	response := ask(t, all.address, in.known, "--deadline", "1s")
	if response.GetTier() != repliv1.Tier_TIER_PERSONALIZED || !strings.HasPrefix(response.GetModel(), "gbdt/") {
		t.Errorf("answer %s", protojson.Format(response))
	}
}

func TestAllRefusesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for name, args := range map[string][]string{
		"data alone":   {"all", "--data", empty},
		"bundle alone": {"all", "--bundle", empty},
		"no views":     {"all", "--data", empty, "--bundle", empty},
		"no folder":    {"all", "--data", empty + "/none", "--bundle", empty},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, stderr, code := repli(t, nil, args...)
			if code != 2 || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d: %s", code, stderr)
			}
		})
	}
}
