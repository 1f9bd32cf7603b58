package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Every scenario that comes with the program is sound, and all of them together end in time.
func TestEmbedded(t *testing.T) {
	t.Parallel()
	all, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var whole, short time.Duration
	for _, s := range all {
		whole += s.Phases.Warm + s.Phases.Fault + 3*time.Second // what a recovery takes where nothing is wrong
		for _, f := range s.Faults {
			seen[f.Kind] = true
		}
	}
	for _, s := range Short(all) {
		short += s.Phases.Warm + s.Phases.Fault + 3*time.Second
	}
	if whole > 9*time.Minute || short > 80*time.Second {
		t.Errorf("all scenarios take %v and the shortened set %v", whole, short)
	}
	for _, kind := range Kinds() {
		if !seen[kind] {
			t.Errorf("no scenario has the fault %s", kind)
		}
	}
}

const sound = "name: a\ndescription: b\n"

func TestParse(t *testing.T) {
	t.Parallel()
	s, err := Parse("x.yaml", []byte(sound+`
mesh: {redis: cluster, config: {gateway: {gateway.candidates: 100}}}
faults:
  - {kind: migrate, at: store}
expect:
  failed: {DEADLINE_EXCEEDED: 2}
`))
	if err != nil {
		t.Fatal(err)
	}
	if s.Mesh.Config["gateway"]["gateway.candidates"] != "100" || s.Expect.Failed["DEADLINE_EXCEEDED"] != 2 || s.Load.Rate != Defaults().Load.Rate {
		t.Errorf("parsed %+v", s)
	}
}

// Each fault of a file is told of with file, line, key, value and what was expected.
func TestFaultsNameTheirPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"name: A b\ndescription: c\n": `x.yaml:1: name: is "A b", expected lower-case words`,
		"rate: a\n":                   `x.yaml:1: rate: unknown key`,
		sound + "load: {rate: 0}\n":   `x.yaml:3: load.rate: is 0, expected more than 0`,
		sound + "load:\n  deadlines:\n    - {after: 5, share: 1}\n": `x.yaml:5: load.deadlines[0].after: is 5, expected a duration`,
		sound + "load: {skew: 1}\n":                                 `x.yaml:3: load.skew: is 1, expected more than 1`,
		sound + "mesh: {redis: big}\n":                              `x.yaml:3: mesh.redis: is "big", expected single, cluster or sentinel`,
		sound + "mesh: {config: {proxy: {a: b}}}\n":                 `x.yaml:3: mesh.config.proxy: is "proxy", expected gateway`,
		sound + "faults:\n  - {kind: fire}\n":                       `x.yaml:4: faults[0].kind: is "fire", expected bandwidth, cold_start`,
		sound + "faults:\n  - {kind: kill, at: gateway}\n":          `x.yaml:4: faults[0].at: is "gateway", expected for kill`,
		sound + "faults:\n  - {kind: latency, at: store}\n":         `x.yaml:3: faults[0].delay: is 0, expected more than 0 for latency`,
		sound + "faults:\n  - {kind: hang, at: store, rate: 3}\n":   `x.yaml:4: faults[0].rate: is "set", expected nothing for hang`,
		sound + "faults:\n  - {kind: migrate, at: store}\n":         `expected another kind, or mesh.redis: cluster`,
		sound + "faults:\n  - {kind: hang, at: fallback@2}\n":       `expected at most fallback@1`,
		sound + "faults:\n  - {kind: jump, at: gateway, by: 1h}\n":  `x.yaml:4: faults[0].kind: is "jump", expected another kind, or mesh.clocks: true`,
		sound + "expect: {failed: {SLOW: 1}}\n":                     `x.yaml:3: expect.failed.SLOW: is "SLOW", expected a gRPC code`,
		sound + "expect: {shares: [{tiers: [GOOD], min: 1}]}\n":     `is "GOOD", expected PERSONALIZED, STALE`,
		sound + "expect: {named: [RANKING/BAD]}\n":                  `is "RANKING/BAD", expected COMPONENT/REASON`,
		sound + "expect: {goodput: 1.5}\n":                          `x.yaml:3: expect.goodput: is 1.5, expected 0 to 1`,
		sound + "expect: {recovered_within: 20s}\n":                 `phases.recovery: is 6.5s, expected expect.recovered_within`,
		sound + "expect: {cheap_cpu: 0.1}\n":                        `x.yaml:3: expect.cheap_cpu: is 0.1, expected 0 without load.fault_factor`,
		sound + "phases: {fault: 0s}\n":                             `x.yaml:3: phases.fault: is 0s, expected more than 0s`,
	} {
		_, err := Parse("x.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, expected %s", text, err, want)
		}
	}
}

func TestReadTellsOfEveryFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"1.yaml": sound, "2.yaml": sound, "3.yaml": "", "4.yaml": "load: {rate: no}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Read(dir)
	for _, want := range []string{`2.yaml: name: is "a", expected another`, "3.yaml: name: is", "4.yaml: description", "4.yaml:1: load.rate"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected one that tells of %s", err, want)
		}
	}
	if _, err := Read(t.TempDir()); err == nil {
		t.Error("a folder without scenarios is read")
	}
	if _, err := Only([]Scenario{{Name: "a"}}, "b"); err == nil {
		t.Error("a name that nobody has is found")
	}
}
