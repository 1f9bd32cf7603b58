//go:build chart

package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLint has helm lint every set.
func TestLint(t *testing.T) {
	t.Parallel()
	for set, args := range sets {
		stdout, stderr, err := helm(t, append([]string{"lint", chart, "--strict", "--kube-version", version}, args...)...)
		if err != nil {
			t.Errorf("%s: %s%s", set, stdout, stderr)
		}
	}
}

// conform gives objects to kubeconform, which knows the types of Kubernetes and refuses keys that it does not know. Monitors are
// not of Kubernetes.
func conform(t *testing.T, objects string) (string, error) {
	t.Helper()
	location := filepath.Join(tool(t, "REPLI_SCHEMAS"), "{{.ResourceKind}}{{.KindSuffix}}.json")
	cmd := exec.CommandContext(t.Context(), tool(t, "REPLI_KUBECONFORM"), "-strict", "-skip", "ServiceMonitor,PrometheusRule", "-schema-location", location)
	cmd.Stdin = strings.NewReader(objects)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestObjectsAreOfKubernetes(t *testing.T) {
	t.Parallel()
	for set := range sets {
		if out, err := conform(t, text(t, set)); err != nil {
			t.Errorf("%s: %v\n%s", set, err, out)
		}
	}
	if out, err := conform(t, strings.Replace(text(t, "trial"), "minReadySeconds:", "minReadySecs:", 1)); err == nil || !strings.Contains(out, "minReadySecs") {
		t.Errorf("a misspelt key passes: %v, %s", err, out)
	}
}

// TestRules has the chart ship what is in its file of rules.
func TestRules(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(chart)); err != nil {
		t.Fatal(err)
	}
	const rules = "groups:\n  - name: ours\n    rules:\n      - {record: a:b, expr: sum(c)}\n"
	if err := os.WriteFile(filepath.Join(folder, "files", "recording-rules.yaml"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"template", "mesh", folder, "--kube-version", version, "--set", "prometheusRule.enabled=true,prometheusRule.labels.release=x"},
		sets["trial"]...)
	stdout, stderr, err := helm(t, args...)
	if err != nil {
		t.Fatal(stderr)
	}
	rule := find(t, decode(t, stdout), "PrometheusRule", "rules")
	if groups := rule.list("spec", "groups"); len(groups) != 1 || groups[0].text("name") != "ours" || rule.text("metadata", "labels", "release") != "x" {
		t.Errorf("the rule is %v", rule)
	}
}
