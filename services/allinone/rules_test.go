package allinone

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const rulesFile = "../../helm/repli/files/recording-rules.yaml"

var (
	ruleSelector = regexp.MustCompile(`\b([a-z][a-z0-9_:]*_[a-z0-9_:]+)(\{[^}]*\})?`)
	ruleMatcher  = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)"([^"]*)"`)
	ruleGrouping = regexp.MustCompile(`\b(?:by|without|on|ignoring) \(([^)]*)\)`)
	ruleFunction = []string{"histogram_quantile"}
)

// checkRules holds the recording rules against what the services expose: every figure is there, has the labels by which it is
// chosen and grouped, and these have the values.
func checkRules(t *testing.T, live map[string]figure) {
	t.Helper()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Record, Expr string }
		}
	}
	if err := yaml.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	var recorded []string
	checked := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			recorded = append(recorded, rule.Record)
			var grouped []string
			for _, by := range ruleGrouping.FindAllStringSubmatch(rule.Expr, -1) {
				grouped = append(grouped, strings.Split(by[1], ", ")...)
			}
			for _, found := range ruleSelector.FindAllStringSubmatch(ruleGrouping.ReplaceAllString(rule.Expr, ""), -1) {
				switch {
				case slices.Contains(ruleFunction, found[1]):
				case strings.Contains(found[1], ":"):
					if !slices.Contains(recorded, found[1]) {
						t.Errorf("%s: %s is not recorded before it", rule.Record, found[1])
					}
				default:
					checked++
					checkSelector(t, rule.Record, live, found[1], found[2], grouped)
				}
			}
		}
	}
	if checked < len(recorded) {
		t.Errorf("%d figures were found in %d rules, expected one in each at least", checked, len(recorded))
	}
}

func checkSelector(t *testing.T, rule string, live map[string]figure, name, matchers string, grouped []string) {
	t.Helper()
	f, ok := live[name]
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		if histogram, cut := strings.CutSuffix(name, suffix); cut && live[histogram].kind == "histogram" {
			f, ok = live[histogram], true
		}
	}
	if !ok {
		t.Errorf("%s: no service exposes %s", rule, name)
		return
	}
	known := func(label string) bool {
		return slices.ContainsFunc(f.labels, func(l figureLabel) bool { return l.name == label })
	}
	for _, label := range grouped {
		if !slices.Contains([]string{"namespace", "job", "le"}, label) && !known(label) {
			t.Errorf("%s: %s has no label %s", rule, name, label)
		}
	}
	for _, m := range ruleMatcher.FindAllStringSubmatch(matchers, -1) {
		for _, value := range strings.Split(m[3], "|") {
			if !known(m[1]) || value != "" && !f.has(m[1], value) {
				t.Errorf("%s: %s has no %s=%q", rule, name, m[1], value)
			}
		}
	}
}
