//go:build chart

package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

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
