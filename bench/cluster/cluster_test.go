package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// programs are a kubectl and a helm of which each notes how it is called, and answers as if all went well.
const programs = `#!/bin/sh
echo "$(basename $0) $*" >> "$FAKE/calls"
case "$*" in
*"$FAKE_FAILS"*) [ -z "$FAKE_FAILS" ] || { echo "no luck" >&2; exit 1; };;
esac
case "$*" in
*"create namespace"*) [ ! -e "$FAKE/exists" ] || exit 1;;
*"version --output"*) echo '{"serverVersion":{"gitVersion":"v1.2.3"}}';;
*"get nodes"*) echo node/one;;
*"get pods --selector"*) [ -n "$FAKE_SAME" ] && echo same || echo "pod-$$";;
*"logs --follow"*) echo "   5 s  going on" >&2; echo "$FAKE_SUMS";;
*"api-resources"*"--namespaced=true"*) printf 'configmaps\npods\n';;
*"get configmaps,pods"*) printf 'configmap/kube-root-ca.crt\n%s\n' "$FAKE_LEFT";;
*"helm"*"list"*) echo repli;;
esac
exit 0
`

const sound = `{"started":"2000-01-01T00:00:00Z","seconds":5e9,"rate":10,"deadline_ms":100,"requests":100,"failed":0,"failed_by_code":{},` +
	`"tiers":{"PERSONALIZED":99,"SIMPLE":1},"latency_ms":{"p50":1,"p95":2,"p99":3.25,"max":4},"late_ms":{"p99":0.5},"failures":[]}`

// attempt runs against the programs and returns the exit code, what was printed and how they were called.
func attempt(t *testing.T, env map[string]string, args ...string) (code int, out, calls string) {
	t.Helper()
	fake := t.TempDir()
	for _, name := range []string{"kubectl", "helm"} {
		if err := os.WriteFile(filepath.Join(fake, name), []byte(programs), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range map[string]string{"FAKE_SUMS": sound, "FAKE_FAILS": "", "FAKE_SAME": "", "FAKE_LEFT": "", "KUBECONFIG": "x"} {
		t.Setenv(name, value)
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
	t.Setenv("FAKE", fake)
	if env["exists"] != "" {
		if err := os.WriteFile(filepath.Join(fake, "exists"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var stdout, stderr bytes.Buffer
	o, err := parse(append([]string{
		"-kubectl", filepath.Join(fake, "kubectl"), "-helm", filepath.Join(fake, "helm"), "-tag", "one", "-next-tag", "two",
		"-requests", "100", "-out", filepath.Join(fake, "out"),
	}, args...), &stderr)
	if err != nil {
		t.Fatal(err)
	}
	o.settle, o.vanish = 0, 0
	if err := run(t.Context(), o, &stdout); err != nil {
		code = broken
		stderr.WriteString(err.Error())
	}
	text, err := os.ReadFile(filepath.Join(fake, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	return code, stdout.String() + stderr.String(), string(text)
}

func TestAllStepsAreTakenAndTakenBack(t *testing.T) {
	folder := t.TempDir()
	code, out, calls := attempt(t, nil, "-out", folder, "-report", filepath.Join(folder, "page.md"))
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	at := 0
	for _, want := range []string{
		"create namespace repli-test", "label namespace repli-test pod-security.kubernetes.io/enforce=restricted", "helm --namespace repli-test install repli",
		"image.tag=one", "test repli", "logs --follow", "upgrade repli", "image.tag=two", "gateway.replicas=3", "gateway.replicas=1", "rollback repli 1",
		"--grace-period=0 --force", "helm --namespace repli-test uninstall repli", "delete namespace repli-test",
	} {
		found := strings.Index(calls[at:], want)
		if found < 0 {
			t.Fatalf("%q is not called, or not in its turn, in\n%s", want, calls)
		}
		at += found
	}
	page, err := os.ReadFile(filepath.Join(folder, "page.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Kubernetes v1.2.3, 1 node.", "| rollback | `helm rollback`", "| upgrade | 100 | 0 | PERSONALIZED 99, SIMPLE 1 | 1.0 | 2.0 | 3.2 | 4.0 | 0.5 |",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	var r report
	figures, err := os.ReadFile(filepath.Join(folder, "cluster.json"))
	if err != nil || json.Unmarshal(figures, &r) != nil || len(r.Steps) != 10 || r.Steps[3].Load.Requests != 100 {
		t.Errorf("cluster.json: %v, %s", err, figures)
	}
}

func TestWhatIsNotAsItHasToBe(t *testing.T) {
	replace := func(part, other string) string { return strings.Replace(sound, part, other, 1) }
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"a failed request": {
			map[string]string{"FAKE_SUMS": replace(`"failed":0,"failed_by_code":{}`, `"failed":1,"failed_by_code":{"UNAVAILABLE":1}`)},
			"upgrade: 1 requests failed, expected none: map[UNAVAILABLE:1]",
		},
		"answers without the model": {
			map[string]string{"FAKE_SUMS": replace(`"PERSONALIZED":99,"SIMPLE":1`, `"PERSONALIZED":50,"SIMPLE":50`)},
			"upgrade: 50 of 100 answers are PERSONALIZED, expected most",
		},
		"too few":                        {map[string]string{"FAKE_SUMS": replace(`"requests":100`, `"requests":99`)}, "upgrade: 99 requests, expected 100"},
		"a load that ended early":        {map[string]string{"FAKE_SUMS": replace("5e9", "1")}, "upgrade: the load went from 00:00:00 to 00:00:01"},
		"a load without sums":            {map[string]string{"FAKE_SUMS": "killed"}, "calm: the load has printed no sums"},
		"pods that were not replaced":    {map[string]string{"FAKE_SAME": "1"}, "upgrade: same is there before and after"},
		"something that is left":         {map[string]string{"FAKE_LEFT": "pod/zombie"}, "uninstall: is left: pod/zombie"},
		"an installation that fails":     {map[string]string{"FAKE_FAILS": "install repli"}, "install: helm --namespace repli-test install repli"},
		"a load that cannot be followed": {map[string]string{"FAKE_FAILS": "logs --follow"}, "exit status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, calls := attempt(t, c.env)
			if code != broken || !strings.Contains(out, c.want) {
				t.Errorf("exit code %d and\n%s\nexpected %q", code, out, c.want)
			}
			if !strings.HasSuffix(strings.TrimSpace(calls), "delete namespace repli-test --wait --timeout 150s") {
				t.Errorf("the namespace is not taken away at last:\n%s", calls)
			}
		})
	}
}

// A namespace that is there is somebody else's.
func TestANamespaceThatIsThereStays(t *testing.T) {
	code, out, calls := attempt(t, map[string]string{"exists": "1"})
	if code != broken || strings.Contains(calls, "delete") || strings.Contains(calls, "install") {
		t.Errorf("exit code %d, %s, calls\n%s", code, out, calls)
	}
}

// An interrupted run takes away what it made.
func TestAnInterruptedRunLeavesNothing(t *testing.T) {
	fake := t.TempDir()
	program := filepath.Join(fake, "kubectl")
	text := "#!/bin/sh\necho \"$*\" >> " + fake + "/calls\ncase \"$*\" in *install*) touch " + fake + "/installing; exec sleep 600;; esac\n"
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := options{
		kubectlProgram: program, helmProgram: program, namespace: "n", out: filepath.Join(fake, "out"), tag: "a", next: "b", requests: 1, rate: 1,
	}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, o, &bytes.Buffer{}) }()
	for {
		if _, err := os.Stat(filepath.Join(fake, "installing")); err == nil {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("the installation is never begun")
		}
	}
	cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Errorf("%v, expected a cancellation", err)
	}
	calls, err := os.ReadFile(filepath.Join(fake, "calls"))
	if err != nil || !strings.Contains(string(calls), "delete namespace n") {
		t.Errorf("%v, calls\n%s", err, calls)
	}
}

func TestMisuse(t *testing.T) {
	for name, c := range map[string]struct {
		kubeconfig string
		args       []string
		want       string
	}{
		"no cluster":       {"", []string{"-tag", "a", "-next-tag", "b"}, "KUBECONFIG is not set"},
		"no tools":         {"", []string{"-tag", "a", "-next-tag", "b", "-k8s", "nowhere", "-k8s-home", "x"}, "expected the folder of k8s-up.sh"},
		"one tag":          {"x", []string{"-tag", "a", "-next-tag", "a"}, `-tag, -next-tag: are "a" and "a", expected two different ones`},
		"archives to pull": {"x", []string{"-tag", "a", "-next-tag", "b", "-archive", "y"}, "expected images that the cluster can pull"},
		"no rate":          {"x", []string{"-tag", "a", "-next-tag", "b", "-rate", "0"}, "-rate: is 0, expected more than 0"},
		"an argument":      {"x", []string{"-tag", "a", "-next-tag", "b", "now"}, `unknown arguments ["now"]`},
		"no such flag":     {"x", []string{"-bogus"}, "-bogus"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", c.kubeconfig)
			var stdout, stderr bytes.Buffer
			if code := start(t.Context(), c.args, &stdout, &stderr); code != misused || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("exit code %d and %q, expected %d and %q", code, &stderr, misused, c.want)
			}
		})
	}
}
