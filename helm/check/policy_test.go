//go:build chart

package check

import (
	"strconv"
	"strings"
	"testing"
)

// TestPolicies holds every pod of every set against what must be true of all.
func TestPolicies(t *testing.T) {
	t.Parallel()
	for set := range sets {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			for name, pod := range pods(render(t, set)) {
				checkPod(t, name, pod)
				for _, c := range containers(pod) {
					checkContainer(t, name+"/"+c.text("name"), c)
				}
			}
		})
	}
}

func checkPod(t *testing.T, name string, pod object) {
	t.Helper()
	for path, want := range map[string]any{
		"runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532,
	} {
		if got := pod.at("securityContext", path); got != want {
			t.Errorf("%s: securityContext.%s is %v, expected %v", name, path, got, want)
		}
	}
	if got := pod.at("securityContext", "seccompProfile", "type"); got != "RuntimeDefault" {
		t.Errorf("%s: the seccomp profile is %v", name, got)
	}
	if pod.at("automountServiceAccountToken") != false {
		t.Errorf("%s: is given a token of the API server", name)
	}
	if pod.at("enableServiceLinks") != false {
		t.Errorf("%s: is given variables for each Service of the namespace", name)
	}
	for _, key := range []string{"hostNetwork", "hostPID", "hostIPC"} {
		if pod.at(key) != nil {
			t.Errorf("%s: %s is set", name, key)
		}
	}
	for _, volume := range pod.list("volumes") {
		if volume.at("hostPath") != nil {
			t.Errorf("%s: mounts a folder of the node", name)
		}
		if disk := volume.at("emptyDir"); disk != nil && volume.at("emptyDir", "sizeLimit") == nil {
			t.Errorf("%s: the volume %s has no limit", name, volume.text("name"))
		}
	}
}

func checkContainer(t *testing.T, name string, c object) {
	t.Helper()
	image := c.text("image")
	_, tag, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	if tag == "" || tag == "latest" {
		t.Errorf("%s: the image is %q, expected a tag that says what runs", name, image)
	}
	security := c.under("securityContext")
	if security["allowPrivilegeEscalation"] != false || security["readOnlyRootFilesystem"] != true || security["privileged"] != nil {
		t.Errorf("%s: securityContext is %v", name, security)
	}
	if drop, _ := security.at("capabilities", "drop").([]any); len(drop) != 1 || drop[0] != "ALL" || security.at("capabilities", "add") != nil {
		t.Errorf("%s: capabilities are %v", name, security["capabilities"])
	}
	for _, amount := range []string{"cpu", "memory"} {
		if c.at("resources", "limits", amount) == nil || c.at("resources", "requests", amount) == nil {
			t.Errorf("%s: has no request or limit of %s", name, amount)
		}
	}
	if c.at("resources", "limits", "memory") != c.at("resources", "requests", "memory") {
		t.Errorf("%s: memory is %v, expected the limit to be requested: what is not there when it is needed kills",
			name, c.at("resources"))
	}
	if !strings.HasSuffix(name, "/redis") {
		checkRuntime(t, name, c)
	}
}

// checkRuntime holds what the Go runtime is told against the limits.
func checkRuntime(t *testing.T, name string, c object) {
	t.Helper()
	told := map[string]object{}
	for _, variable := range c.list("env") {
		told[variable.text("name")] = variable
	}
	if got := told["GOMAXPROCS"].at("valueFrom", "resourceFieldRef", "resource"); got != "limits.cpu" {
		t.Errorf("%s: GOMAXPROCS is from %v", name, got)
	}
	number, ok := strings.CutSuffix(c.text("resources", "limits", "memory"), "Mi")
	factor := 1 << 20
	if !ok {
		number, factor = strings.TrimSuffix(c.text("resources", "limits", "memory"), "Gi"), 1<<30
	}
	limit, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	got, err := strconv.Atoi(told["GOMEMLIMIT"].text("value"))
	if want := limit * factor / 10 * 9; err != nil || got < want-10 || got > want+10 {
		t.Errorf("%s: GOMEMLIMIT is %d, expected nine tenths of the limit, %d", name, got, want)
	}
}

// TestServicesAreProbed holds the probes of the four services, and that nothing else may call itself one.
func TestServicesAreProbed(t *testing.T) {
	t.Parallel()
	for set := range sets {
		all := render(t, set)
		for component, service := range services {
			pod := find(t, all, "Deployment", component).under("spec", "template", "spec")
			c := pod.list("containers")[0]
			for probe, name := range map[string]string{"startupProbe": "", "readinessProbe": service.grpc, "livenessProbe": ""} {
				if c.at(probe, "grpc", "port") != service.port || c.at(probe, "grpc", "service") != name {
					t.Errorf("%s %s: %s is %v", set, component, probe, c.at(probe))
				}
			}
		}
	}
}
