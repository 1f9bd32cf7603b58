package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A drill runs its scenario on real processes, reports it, and leaves nothing behind. What a busy machine makes of latencies is
// not judged here: the scenario expects nothing but that garbage is named.
func TestDrill(t *testing.T) {
	dir := t.TempDir()
	drill := filepath.Join(filepath.Dir(binary), "repli-drill")
	build := exec.Command("go", "build", "-o", drill, "github.com/repli-mesh/repli/bench/drill/repli-drill")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the drill: %v\n%s", err, out)
	}
	file := filepath.Join(dir, "garbage.yaml")
	scenario := `name: garbage
description: The ranking service answers garbage.
load: {rate: 20, deadlines: [{after: 5s, share: 1}]}
phases: {warm: 500ms, fault: 1s, recovery: 30s}
faults:
  - {kind: garbage, at: ranking}
expect: {goodput: 0, counts: 0, recovered_within: 29s, named: [RANKING/INVALID_ANSWER]}
`
	if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	temporary := filepath.Join(dir, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	stdout, stderr, code := repli(t, []string{"TMPDIR=" + temporary}, "drill", "--scenarios", file, "--out", out)
	if code != 0 || !strings.Contains(stdout, "garbage") || !strings.Contains(stdout, "1 scenarios") {
		t.Fatalf("the drill ended with %d:\n%s%s", code, stdout, stderr)
	}
	text, err := os.ReadFile(filepath.Join(out, "drill.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Scenario         string
		Requests, Failed int
		Tiers            map[string]int
		Recovered        *float64 `json:"recovered_s"`
	}
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0].Requests < 30 || rows[0].Failed != 0 || rows[0].Tiers["SIMPLE"] == 0 || rows[0].Recovered == nil {
		t.Errorf("the report holds %+v", rows)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("the drill leaves %v behind, %v", left, err)
	}
	if out, err := exec.Command("pgrep", "-f", temporary).Output(); err == nil {
		t.Errorf("processes of the drill go on: %s", out)
	}
	file = filepath.Join(dir, "broken.yaml")
	if err := os.WriteFile(file, []byte("name: broken\ndescription: d\nfaults: [{kind: fire}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code = repli(t, nil, "drill", "--scenarios", file)
	if want := "broken.yaml:3: faults[0].kind: is \"fire\", expected"; code != 2 || !strings.Contains(stderr, want) {
		t.Errorf("exit code %d, %q, expected 2 and %q", code, stderr, want)
	}
}
