//go:build chart

package check

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"
)

// arrows are the connections between components that a set's policies allow at both ends, as "from>to:port".
func arrows(t *testing.T, all []object) []string {
	t.Helper()
	labels := map[string]map[string]any{}
	for _, o := range all {
		template := o.under("spec", "template")
		if o.kind() == "CronJob" {
			template = o.under("spec", "jobTemplate", "spec", "template")
		}
		if o.kind() == "Pod" {
			template = o
		}
		if own := template.under("metadata", "labels"); own != nil {
			labels[fmt.Sprint(own["app.kubernetes.io/component"])] = own
		}
	}
	var found []string
	for from := range labels {
		for to := range labels {
			for _, port := range meet(openPorts(all, labels, from, to, "egress"), openPorts(all, labels, to, from, "ingress")) {
				found = append(found, fmt.Sprintf("%s>%s:%s", from, to, port))
			}
		}
	}
	sort.Strings(found)
	return found
}

// openPorts are those that the policies of one component open to another one in a direction.
func openPorts(all []object, labels map[string]map[string]any, own, other, direction string) map[string]bool {
	open := map[string]bool{}
	for _, o := range all {
		if o.kind() != "NetworkPolicy" || !selects(o.under("spec", "podSelector"), labels[own]) {
			continue
		}
		for _, rule := range o.list("spec", direction) {
			peers := rule.list(map[string]string{"egress": "to", "ingress": "from"}[direction])
			picked := peers == nil // whoever it is
			for _, peer := range peers {
				picked = picked || peer.at("namespaceSelector") == nil && peer.at("ipBlock") == nil && selects(peer.under("podSelector"), labels[other])
			}
			for _, port := range ports(rule) {
				open[port] = open[port] || picked
			}
		}
	}
	return open
}

// selects says whether a selector without expressions picks labels.
func selects(selector object, labels map[string]any) bool {
	if selector == nil || labels == nil {
		return false
	}
	for key, value := range selector.under("matchLabels") {
		if labels[key] != value {
			return false
		}
	}
	return true
}

var mesh = []string{
	"gateway>fallback:9030", "gateway>feature:9010", "gateway>ranking:9020", "ranking>feature:9010", "test>gateway:9000",
}

// TestOnlyTheMeshsOwnArrows holds the policies against the whole list of connections between its pods.
func TestOnlyTheMeshsOwnArrows(t *testing.T) {
	t.Parallel()
	trial := append(slices.Clone(mesh), "feature>redis:6379", "load>redis:6379")
	sort.Strings(trial)
	for set, want := range map[string][]string{"trial": trial, "production": mesh, "volumes": mesh, "bucket": mesh} {
		if got := arrows(t, render(t, set)); !slices.Equal(got, want) {
			t.Errorf("%s: the policies allow %v, expected %v", set, got, want)
		}
	}
	for _, o := range render(t, "bare") {
		if o.kind() == "NetworkPolicy" {
			t.Errorf("there is the policy %s, and they are turned off", o.name())
		}
	}
}

// outside is where a component's policy lets it go, besides the mesh: "port to peers", where no peers are anywhere.
func outside(t *testing.T, all []object, component, direction string) []string {
	t.Helper()
	policy := find(t, all, "NetworkPolicy", component)
	if types := fmt.Sprint(policy.at("spec", "policyTypes")); types != "[Ingress Egress]" {
		t.Errorf("%s: the policy is about %s, expected both directions to be closed", component, types)
	}
	found := map[string]bool{}
	for _, rule := range policy.list("spec", direction) {
		peers := rule.list(map[string]string{"egress": "to", "ingress": "from"}[direction])
		where := "anywhere"
		if peers != nil {
			where = ""
			for _, peer := range peers {
				if peer.at("podSelector", "matchLabels", "app.kubernetes.io/part-of") == nil && peer.at("podSelector", "matchLabels", "app.kubernetes.io/component") != nil {
					continue
				}
				where += fmt.Sprint(peer)
			}
		}
		for _, port := range ports(rule) {
			if where != "" {
				found[port+" "+where] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// TestTheWayOutside holds the policies against the list of what each component needs outside of the mesh.
func TestTheWayOutside(t *testing.T) {
	t.Parallel()
	const dns = "53 map[namespaceSelector:map[matchLabels:map[kubernetes.io/metadata.name:kube-system]]]"
	const collector = "4317 map[namespaceSelector:map[matchLabels:map[kubernetes.io/metadata.name:observability]]]"
	const network = " map[ipBlock:map[cidr:10.0.0.0/16]]"
	const agent = "80 map[ipBlock:map[cidr:169.254.170.23/32]]"
	for _, c := range []struct {
		set, component string
		want           []string
	}{
		{"trial", "gateway", []string{dns}},
		{"trial", "feature", []string{dns}},
		{"trial", "redis", nil},
		{"production", "feature", []string{dns, "6379 anywhere", "6380 anywhere"}},
		{"production", "ranking", []string{"443 anywhere", dns, agent}},
		{"production", "fallback", []string{"443 anywhere", dns, agent}},
		{"production", "snapshot", []string{"443 anywhere", dns, agent}},
		{"volumes", "gateway", []string{collector, dns}},
		{"volumes", "feature", []string{"26379" + network, collector, dns, "6379" + network}},
		{"volumes", "ranking", []string{collector, dns}},
		{"volumes", "load", []string{"26379" + network, dns, "6379" + network}},
		{"volumes", "snapshot", []string{dns}},
		{"volumes", "test", []string{dns}},
		{"bucket", "load", []string{"443 anywhere", "9443 anywhere", dns, "6380 anywhere", agent}},
	} {
		want := slices.Clone(c.want)
		sort.Strings(want)
		if got := outside(t, render(t, c.set), c.component, "egress"); !slices.Equal(got, want) {
			t.Errorf("%s %s: may go to\n%s\nexpected\n%s", c.set, c.component, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestWhoMayCallFromOutside holds the policies against who gets in.
func TestWhoMayCallFromOutside(t *testing.T) {
	t.Parallel()
	const monitoring = " map[namespaceSelector:map[matchLabels:map[kubernetes.io/metadata.name:monitoring]]]"
	for _, c := range []struct {
		set, component string
		want           []string
	}{
		{"trial", "gateway", []string{"9000 map[podSelector:map[]]", "9001" + monitoring}},
		{"production", "gateway", []string{"9000 map[namespaceSelector:map[matchLabels:map[kubernetes.io/metadata.name:shop]]]", "9001" + monitoring}},
		{"production", "feature", []string{"9011" + monitoring}},
		{"volumes", "feature", []string{"9010 map[podSelector:map[matchLabels:map[app:ingestion]]]", "9011" + monitoring}},
		{"production", "ranking", []string{"9021" + monitoring}},
		{"production", "fallback", []string{"9031" + monitoring}},
		{"trial", "redis", nil},
		{"trial", "load", nil},
		{"trial", "test", nil},
	} {
		if got := outside(t, render(t, c.set), c.component, "ingress"); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: is open to\n%s\nexpected\n%s", c.set, c.component, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}
