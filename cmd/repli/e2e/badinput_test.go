package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBadInputIsOneLineAndExitCode2(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	misspelt := write("gateway.yaml", "gateway:\n  budget:\n    promis: 10ms\n")
	contradictory := write("tight.yaml", "gateway:\n  budget:\n    ranking: {floor: 50ms}\n")
	views := write("views.yaml", `project: p
entities:
  user: {join_key: user_id, type: string}
  item: {join_key: item_id, type: string}
views:
  - name: v
    entity: user
    features:
      - {name: age, dtype: float32, nullable: false, range: [0, 120]}
      - {name: kids, dtype: float32, nullable: true}
`)
	demo := demoInputs()
	truncated := truncatedBundle(t, demo.bundle)
	corrupt := write("corrupt.repli", "this is no snapshot")
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"unknown command", []string{"dance"}, []string{"dance"}},
		{"unknown flag", []string{"recommend", "--user", "u", "--loud"}, []string{"--loud"}},
		{"no user", []string{"recommend"}, []string{"user"}},
		{"negative deadline", []string{"recommend", "--user", "u", "--deadline", "-1s"}, []string{"--deadline", "-1s"}},
		{"negative count", []string{"recommend", "--user", "u", "--count", "-1"}, []string{"count", "-1"}},
		{"not a feature", []string{"recommend", "--user", "u", "--feature", "hour"}, []string{"--feature", "hour", "name=value"}},
		{"explain no user", []string{"explain"}, []string{"--user", "is empty"}},
		{"explain an argument", []string{"explain", "u1"}, []string{`"u1"`, "repli explain"}},
		{"explain at no time", []string{"explain", "--user", "u", "--deadline", "0s"}, []string{"--deadline", "0s"}},
		{"explain again and again", []string{"explain", "--user", "u", "--watch"}, []string{"--watch"}},
		{"misspelt key", []string{"gateway", "--config", misspelt}, []string{misspelt + ":3", "promis"}},
		{"budget that does not fit", []string{"gateway", "--config", contradictory}, []string{"gateway.budget.promise", "10ms", "55ms"}},
		{"missing configuration", []string{"feature", "--config", dir + "/none.yaml"}, []string{"none.yaml"}},
		{"no such service", []string{"config", "print", "mars"}, []string{"mars", "gateway"}},
		{"no bundle", []string{"ranking"}, []string{"ranking: bundle", "bundle"}},
		{"truncated model", []string{"all", "--data", filepath.Dir(demo.views), "--bundle", truncated}, []string{"model.onnx"}},
		{"corrupt snapshot", []string{"snapshot", "show", corrupt}, []string{corrupt}},
		{"nothing to load", []string{"load", "--views", views}, []string{"--users"}},
		{
			"missing column",
			[]string{"load", "--views", views, "--users", write("a.csv", "user_id,kids\nu1,2\n"), "--redis", "127.0.0.1:1"},
			[]string{"a.csv", "age"},
		},
		{
			"text in a number",
			[]string{"load", "--views", views, "--users", write("b.csv", "user_id,kids,age\nu1,,30\nu2,,old\n"), "--redis", "127.0.0.1:1"},
			[]string{"b.csv:3", "age", "old", "float32"},
		},
		{
			"repeated key",
			[]string{"load", "--views", views, "--users", write("c.csv", "user_id,kids,age\nu1,,30\nu1,,31\n"), "--redis", "127.0.0.1:1"},
			[]string{"c.csv:3", "c.csv:2"},
		},
		{
			"out of range",
			[]string{"load", "--views", views, "--users", write("d.csv", "user_id,kids,age\nu1,,300\n"), "--redis", "127.0.0.1:1"},
			[]string{"d.csv:2", "age", "300", "[0, 120]"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, code := repli(t, nil, test.args...)
			if code != 2 || stdout != "" {
				t.Errorf("exit code %d, printed %q", code, stdout)
			}
			for _, want := range test.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q does not say %q", stderr, want)
				}
			}
			if lines := strings.Count(stderr, "\n"); lines < 1 || lines > 2 || strings.Contains(stderr, "goroutine") {
				t.Errorf("not brief: %s", stderr)
			}
		})
	}
}

// truncatedBundle copies a bundle with half of its model, and a manifest that does not know the checksum.
func truncatedBundle(t *testing.T, from string) string {
	t.Helper()
	dir := t.TempDir()
	model, err := os.ReadFile(filepath.Join(from, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(from, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	manifest := map[string]any{}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	delete(manifest, "sha256")
	if text, err = json.Marshal(manifest); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"model.onnx": model[:len(model)/2], "manifest.json": text} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRecommendSaysWhatFailed(t *testing.T) {
	t.Parallel()
	_, stderr, code := repli(t, nil, "recommend", "--address", freePort(t), "--user", "u1", "--json")
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "no gateway") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
