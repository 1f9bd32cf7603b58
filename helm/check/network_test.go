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

// every is what a rule opens that names no ports.
const every = "every port"

// ports are those that a rule opens.
func ports(rule object) []string {
	var named []string
	for _, port := range rule.list("ports") {
		if port.at("port") == nil {
			return []string{every}
		}
		named = append(named, fmt.Sprint(port.at("port")))
	}
	if named == nil {
		return []string{every}
	}
	return named
}

// meet are the ports that are open at both ends.
func meet(one, other map[string]bool) []string {
	var both []string
	for port, open := range one {
		if open && (other[port] || other[every]) {
			both = append(both, port)
		}
	}
	for port, open := range other {
		if open && one[every] && !one[port] {
			both = append(both, port)
		}
	}
	return both
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

// TestEveryRuleNamesItsPorts looks for rules that open all ports: at one end, such a rule adds no connection that could be seen.
func TestEveryRuleNamesItsPorts(t *testing.T) {
	t.Parallel()
	for set := range sets {
		if found := unbounded(render(t, set)); found != nil {
			t.Errorf("%s: %v open every port", set, found)
		}
	}
}

// unbounded are the policies with a rule that opens every port.
func unbounded(all []object) []string {
	var found []string
	for _, o := range all {
		for _, direction := range []string{"ingress", "egress"} {
			for _, rule := range o.list("spec", direction) {
				if o.kind() == "NetworkPolicy" && slices.Contains(ports(rule), every) {
					found = append(found, o.component()+" "+direction)
				}
			}
		}
	}
	return found
}

// TestRulesWithoutPortsAreSeen takes the ports from rules of the trial's policies.
func TestRulesWithoutPortsAreSeen(t *testing.T) {
	t.Parallel()
	all := decode(t, text(t, "trial"))
	delete(find(t, all, "NetworkPolicy", "fallback").list("spec", "ingress")[0], "ports")
	if got := unbounded(all); !slices.Equal(got, []string{"fallback ingress"}) {
		t.Errorf("%v open every port, expected the fallback's ingress to", got)
	}
	if got := arrows(t, all); !slices.Contains(got, "gateway>fallback:9030") || slices.Contains(got, "gateway>fallback:"+every) {
		t.Errorf("one end is open: the policies allow %v", got)
	}
	for _, rule := range find(t, all, "NetworkPolicy", "gateway").list("spec", "egress") {
		for _, port := range rule.list("ports") {
			delete(port, "port")
		}
	}
	if got := arrows(t, all); !slices.Contains(got, "gateway>fallback:"+every) || !slices.Contains(got, "gateway>feature:9010") {
		t.Errorf("both ends are open: the policies allow %v", got)
	}
	if got := outside(t, all, "gateway", "egress"); len(got) != 1 || !strings.HasPrefix(got[0], every) {
		t.Errorf("may go to %v, expected every port of the DNS", got)
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
