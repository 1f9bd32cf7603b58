//go:build chart

package check

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// args are those of a container.
func args(c object) []string {
	var all []string
	items, _ := c.at("args").([]any)
	for _, item := range items {
		text, _ := item.(string)
		all = append(all, text)
	}
	return all
}

// commands are the command lines of a pod in the order in which they run; those beside the last one are marked with &.
func commands(pod object) []string {
	var all []string
	for _, c := range containers(pod) {
		line := strings.Join(args(c), " ")
		if c.at("restartPolicy") == "Always" {
			line += " &"
		}
		all = append(all, line)
	}
	return all
}

// TestWhatRuns holds the command lines of pods that do more than serve.
func TestWhatRuns(t *testing.T) {
	t.Parallel()
	const load = "load --config=/etc/repli/config/feature.yaml "
	const build = "snapshot build --views=/etc/repli/views/views.yaml --out="
	const serve = "fallback --config=/etc/repli/config/fallback.yaml"
	for _, c := range []struct {
		set, kind, component string
		want                 []string
	}{
		{"trial", "Job", "load", []string{load + "--users=/demo/users.csv.gz --items=/demo/items.csv.gz --events=/demo/events.csv.gz"}},
		{"trial", "Deployment", "fallback", []string{
			"snapshot build --views=/demo/views.yaml --users=/demo/users.csv.gz --events=/demo/events.csv.gz --out=/var/lib/repli/snapshot.repli",
			serve,
		}},
		{"trial", "Pod", "test", []string{"recommend --address=dns:///mesh-gateway:9000 --user=u02746 --expect=PERSONALIZED --patience=60s"}},
		{"production", "Pod", "test", []string{"recommend --address=dns:///mesh-gateway:9000 --user=helm-test --expect=PERSONALIZED --patience=60s"}},
		{"volumes", "Job", "load", []string{load + "--users=/data/users.csv.gz --items=/data/items.csv.gz"}},
		{"volumes", "Deployment", "fallback", []string{serve}},
		{"volumes", "CronJob", "snapshot", []string{build + "/snapshot/shop/snapshot.repli --users=/data/users.csv.gz --events=/data/events.csv.gz"}},
		{"bucket", "Job", "load", []string{
			"copy s3://shop/data/a.csv.gz?region=eu-west-1 /work/events-0/a.csv.gz",
			load + "--events=/work/events-0/a.csv.gz",
		}},
		{"bucket", "Deployment", "fallback", []string{
			"copy s3://shop/snapshot.repli?region=eu-west-1 /var/lib/repli/snapshot.repli",
			"copy s3://shop/snapshot.repli?region=eu-west-1 /var/lib/repli/snapshot.repli --every=1m &",
			serve,
		}},
		{"bucket", "CronJob", "snapshot", []string{
			"copy s3://shop/data/users.csv.gz /work/users-0/users.csv.gz",
			"copy s3://shop/data/a.csv.gz?region=eu-west-1 /work/events-0/a.csv.gz",
			"copy s3://shop/data/b.csv.gz /work/events-1/b.csv.gz",
			build + "/work/snapshot.repli --users=/work/users-0/users.csv.gz --events=/work/events-0/a.csv.gz --events=/work/events-1/b.csv.gz",
			"copy /work/snapshot.repli s3://shop/snapshot.repli?region=eu-west-1",
		}},
	} {
		o := find(t, render(t, c.set), c.kind, c.component)
		if got := commands(pods([]object{o})[c.kind+" "+o.name()]); !slices.Equal(got, c.want) {
			t.Errorf("%s %s %s: runs\n%s\nexpected\n%s", c.set, c.kind, c.component, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestWhatIsMountedIsThere holds mounts against volumes, and the files of the configuration against mounts.
func TestWhatIsMountedIsThere(t *testing.T) {
	t.Parallel()
	for set := range sets {
		for name, pod := range pods(render(t, set)) {
			used, there := map[string]bool{}, map[string]bool{}
			for _, volume := range pod.list("volumes") {
				there[volume.text("name")] = true
			}
			for _, c := range containers(pod) {
				for _, mount := range c.list("volumeMounts") {
					used[mount.text("name")] = true
					if !there[mount.text("name")] {
						t.Errorf("%s %s: mounts %s, which is not there", set, name, mount.text("name"))
					}
				}
			}
			for volume := range there {
				if !used[volume] {
					t.Errorf("%s %s: nothing mounts %s", set, name, volume)
				}
			}
		}
	}
}

// TestPasswordsStayInTheirSecrets looks for where the password is used: as a file of the pods that need it.
func TestPasswordsStayInTheirSecrets(t *testing.T) {
	t.Parallel()
	for name, pod := range pods(render(t, "volumes")) {
		mounted := false
		for _, volume := range pod.list("volumes") {
			mounted = mounted || volume.text("secret", "secretName") == "our-redis"
		}
		if want := name == "Deployment other-feature" || strings.HasPrefix(name, "Job other-load"); mounted != want {
			t.Errorf("%s: mounts the password: %v, expected %v", name, mounted, want)
		}
	}
	if strings.Contains(text(t, "volumes"), "kind: Secret") {
		t.Error("the chart makes a Secret, and none of its values is one")
	}
}

// checksums are those of a component's pods.
func checksums(t *testing.T, component string, args ...string) object {
	t.Helper()
	return find(t, render(t, "production", args...), "Deployment", component).under("spec", "template", "metadata", "annotations")
}

// TestPodsFollowTheirConfiguration changes a setting of one service: its pods are replaced, and no others.
func TestPodsFollowTheirConfiguration(t *testing.T) {
	t.Parallel()
	change := []string{"--set", "gateway.config.gateway.candidates=100"}
	for component := range services {
		before, after := checksums(t, component), checksums(t, component, change...)
		if changed := before["checksum/config"] != after["checksum/config"]; changed != (component == "gateway") {
			t.Errorf("%s: replaced: %v", component, changed)
		}
	}
	if checksums(t, "feature")["checksum/views"] == checksums(t, "feature", "--set-file", "views.text=testdata/bare.yaml")["checksum/views"] {
		t.Error("another views.yaml replaces no pod of the feature service")
	}
}

// TestAJobThatChangesIsAnother holds the load Job's name, since a Job cannot be changed.
func TestAJobThatChangesIsAnother(t *testing.T) {
	t.Parallel()
	name := func(args ...string) string { return find(t, render(t, "volumes", args...), "Job", "load").name() }
	if name() != name("--set", "gateway.replicas=5") {
		t.Error("the data are loaded anew because there are more gateways")
	}
	for _, change := range []string{"load.users={/data/more.csv}", "redis.url=redis://other:26379\\,sentinel:26379", "image.digest=,image.tag=v2"} {
		if name() == name("--set", change) {
			t.Errorf("%s: the Job keeps its name", change)
		}
	}
}

// TestScaling holds what follows the load and what does not.
func TestScaling(t *testing.T) {
	t.Parallel()
	all := render(t, "volumes")
	scaler := find(t, all, "HorizontalPodAutoscaler", "ranking")
	if scaler.at("spec", "minReplicas") != 4 || scaler.at("spec", "maxReplicas") != 8 || scaler.text("spec", "scaleTargetRef", "name") != "other-ranking" {
		t.Errorf("the scaler is %v", scaler)
	}
	if find(t, all, "Deployment", "ranking").at("spec", "replicas") != nil {
		t.Error("the Deployment has a number of pods of its own, which each upgrade would go back to")
	}
	if surge := find(t, all, "Deployment", "ranking").at("spec", "strategy", "rollingUpdate", "maxSurge"); surge != "25%" {
		t.Errorf("a rollout adds %v pods, expected a quarter", surge)
	}
	if surge := find(t, all, "Deployment", "gateway").at("spec", "strategy", "rollingUpdate", "maxSurge"); surge != 2 {
		t.Errorf("a rollout adds %v gateways, expected what was asked for", surge)
	}
	if find(t, all, "Deployment", "gateway").at("spec", "replicas") != 2 {
		t.Error("the gateway has no number of pods")
	}
	if find(t, all, "PodDisruptionBudget", "gateway").at("spec", "maxUnavailable") != "25%" {
		t.Error("the gateway's budget of disruptions is not what was asked for")
	}
}

// TestABuildEnds holds the time that a build of a snapshot has: those after it wait for its end.
func TestABuildEnds(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]int{"production": 3600, "volumes": 600} {
		cron := find(t, render(t, set), "CronJob", "snapshot")
		if got := cron.at("spec", "jobTemplate", "spec", "activeDeadlineSeconds"); got != want || cron.at("spec", "concurrencyPolicy") != "Forbid" {
			t.Errorf("%s: a build is given up after %v s, expected %d", set, got, want)
		}
	}
}

// label is what the value of a label may be.
var label = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$`)

// TestTagsMakeLabels holds the label of the version, which a tag of the image may be too long for, or end in another way.
func TestTagsMakeLabels(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("v", 60)
	for tag, want := range map[string]string{
		"": "0.1.0", "1.2.3": "1.2.3", long + "-rc.1": long + "-rc", long + "-_.1" + long: long, "_1-": "1",
	} {
		version := render(t, "trial", "--set-string", "image.tag="+tag)
		for _, o := range version {
			if got := o.text("metadata", "labels", "app.kubernetes.io/version"); got != want || !label.MatchString(got) {
				t.Errorf("%s %s: the label of the tag %q is %q, expected %q", o.kind(), o.name(), tag, got, want)
			}
		}
		if image := find(t, version, "Deployment", "gateway").under("spec", "template", "spec").list("containers")[0].text("image"); tag != "" && image != "repli:"+tag {
			t.Errorf("the image of the tag %q is %s", tag, image)
		}
	}
}

// TestPodsGoWhereTheyAreTold follows what is about nodes, and that a service's own wishes override single ones.
func TestPodsGoWhereTheyAreTold(t *testing.T) {
	t.Parallel()
	all := render(t, "volumes")
	for component := range services {
		template := find(t, all, "Deployment", component).under("spec", "template")
		pod := template.under("spec")
		if pod.at("nodeSelector", "kubernetes.io/arch") != "arm64" || len(pod.list("tolerations")) != 1 || pod.at("affinity") == nil ||
			pod.at("priorityClassName") != "high" || template.at("metadata", "annotations", "example.org/a") != "b" {
			t.Errorf("%s: %v", component, pod)
		}
		spread := pod.list("topologySpreadConstraints")
		if len(spread) != 2 || spread[0].text("topologyKey") != "topology.kubernetes.io/zone" || spread[1].text("whenUnsatisfiable") != "DoNotSchedule" {
			t.Errorf("%s: is spread by %v", component, spread)
		}
		grace, edge := 30, any(nil)
		if component == "gateway" {
			grace, edge = 60, "edge"
		}
		if pod.at("terminationGracePeriodSeconds") != grace || template.at("metadata", "labels", "tier") != edge {
			t.Errorf("%s: has %v to stop, and the labels %v", component, pod.at("terminationGracePeriodSeconds"), template.at("metadata", "labels"))
		}
	}
}

// TestMonitorsFindTheirServices holds the monitors against the Services.
func TestMonitorsFindTheirServices(t *testing.T) {
	t.Parallel()
	all := render(t, "volumes")
	for component := range services {
		monitor, address := find(t, all, "ServiceMonitor", component), find(t, all, "Service", component)
		if !selects(monitor.under("spec", "selector"), address.under("metadata", "labels")) {
			t.Errorf("the monitor of %s does not select its Service", component)
		}
		port := monitor.list("spec", "endpoints")[0].text("port")
		if !slices.ContainsFunc(address.list("spec", "ports"), func(p object) bool { return p.text("name") == port }) {
			t.Errorf("the Service of %s has no port %s", component, port)
		}
		if monitor.text("metadata", "labels", "release") != "prometheus" {
			t.Errorf("the monitor of %s lacks its label", component)
		}
	}
	for _, o := range render(t, "trial") {
		if o.kind() == "ServiceMonitor" || o.kind() == "PrometheusRule" {
			t.Errorf("there is a %s, and nobody has asked for one", o.kind())
		}
	}
}
