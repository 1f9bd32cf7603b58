package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

type budget struct {
	Reserve time.Duration `yaml:"reserve"`
	Share   float64       `yaml:"share"`
}

type placement struct {
	Count uint8 `yaml:"count"`
}

type common struct {
	Name string `yaml:"name"`
}

// level reads and writes itself.
type level int

func (l *level) UnmarshalText(text []byte) error {
	switch string(text) {
	case "low":
		*l = 1
	case "high":
		*l = 2
	default:
		return errors.New("no level")
	}
	return nil
}

func (l level) MarshalText() ([]byte, error) {
	return []byte([]string{"none", "low", "high"}[l]), nil
}

type settings struct {
	common     `yaml:",inline"`
	Common     common               `yaml:"common"`
	Budget     budget               `yaml:"budget"`
	Hosts      []string             `yaml:"hosts"`
	Waits      []time.Duration      `yaml:"waits"`
	Placements map[string]placement `yaml:"placements"`
	Range      *[]int               `yaml:"range"`
	Retries    int8                 `yaml:"retries"`
	Enabled    bool                 `yaml:"enabled"`
	Password   string               `yaml:"password" secret:"true"`
	Pin        int                  `yaml:"pin" secret:"true"`
	Level      level                `yaml:"level"`
	Untagged   string
	Ignored    func() `yaml:"-"`
	hidden     int    //nolint:unused // Load must leave it alone
}

func defaults() settings {
	return settings{
		Budget:     budget{Reserve: 5 * time.Millisecond, Share: 0.5},
		Hosts:      []string{"a", "b"},
		Placements: map[string]placement{"home": {Count: 10}},
		Retries:    1,
		Level:      1,
	}
}

func (s settings) Validate() error {
	var faults []error
	if s.Budget.Reserve <= 0 {
		faults = append(faults, Under("budget", Invalid("reserve", s.Budget.Reserve, "> 0")))
	}
	for i, host := range s.Hosts {
		if host == "" {
			faults = append(faults, Invalid(fmt.Sprintf("hosts[%d]", i), host, "a name"))
		}
	}
	if s.Budget.Share > 1 {
		faults = append(faults, Under("budget", Invalid("share", s.Budget.Share, "at most 1")))
	}
	return errors.Join(faults...)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	source := Source{
		Path: "file.yaml",
		Data: []byte(`
budget: # the rest keeps its default
  reserve: 8ms
hosts: [c]
waits: [1s, 0]
placements:
  cart: {count: 5}
common:
name: 7
range: [1, 2]
retries: -3
enabled: true
level: high
untagged: "true"
`),
		Env:    []string{"REPLI_X_BUDGET_SHARE=0.25", "REPLI_X_PASSWORD=a=b", "REPLI_X_WAITS=1ms, 2ms", "OTHER=1", "REPLI_XY_Z=1"},
		Prefix: "REPLI_X",
	}
	before := defaults()
	got, err := Load(source, before)
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Budget = budget{8 * time.Millisecond, 0.25}
	want.Hosts, want.Waits = []string{"c"}, []time.Duration{time.Millisecond, 2 * time.Millisecond}
	want.Placements["cart"] = placement{5}
	want.Range, want.Retries, want.Enabled = &[]int{1, 2}, -3, true
	want.Password, want.Level, want.Untagged = "a=b", 2, "true"
	want.Name = "7"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !reflect.DeepEqual(before, defaults()) {
		t.Errorf("the defaults were changed: %+v", before)
	}
}

func TestNothingGivesTheDefaults(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "# nothing\n", "---\n", "{}", "budget:\n"} {
		got, err := Load(Source{Data: []byte(data)}, defaults())
		if err != nil || !reflect.DeepEqual(got, defaults()) {
			t.Errorf("%q: got %+v, %v", data, got, err)
		}
	}
}

func TestFaultsOfTheFile(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ data, want string }{
		"unknown key":       {"\nbudget:\n  reserv: 1ms\n", "file.yaml:3: budget.reserv: unknown key, expected one of reserve, share"},
		"wrong duration":    {"budget: {reserve: 5}", `file.yaml:1: budget.reserve: is 5, expected a duration such as "5ms"`},
		"no duration":       {"budget: {reserve: soon}", `budget.reserve: is "soon", expected a duration`},
		"wrong number":      {"budget: {share: high}", `budget.share: is "high", expected a finite number`},
		"quoted number":     {`retries: "1"`, `retries: is "1", expected a whole number of 8 bits`},
		"number too large":  {"retries: 128", "retries: is 128, expected a whole number of 8 bits"},
		"fraction":          {"retries: 1.5", "retries: is 1.5, expected a whole number"},
		"negative":          {"placements: {home: {count: -1}}", "placements.home.count: is -1, expected a whole number of 8 bits, 0 or more"},
		"not finite":        {"budget: {share: .nan}", "budget.share: is .nan, expected a finite number"},
		"overflow":          {"budget: {share: 1e999}", `budget.share: is "1e999", expected a finite number`},
		"wrong boolean":     {"enabled: yes please", `enabled: is "yes please", expected true or false`},
		"empty":             {"retries:", "retries: is empty, expected a whole number"},
		"section":           {"retries: {a: 1}", "retries: is a section, expected a whole number"},
		"list for section":  {"budget: [1]", "budget: is a list, expected keys with values"},
		"text for list":     {"hosts: a", `hosts: is "a", expected a list`},
		"wrong item":        {"waits:\n- 1s\n- x\n", `file.yaml:3: waits[1]: is "x", expected a duration`},
		"wrong level":       {"level: middle", `level: is "middle", expected text`},
		"twice":             {"retries: 1\nenabled: true\nretries: 2", "file.yaml:3: retries: is given twice, first in line 1"},
		"alias":             {"name: &n x\nuntagged: *n", "file.yaml:2: untagged: is an alias"},
		"merge":             {"budget: {<<: {share: 1}}", "budget.<<: unknown key"},
		"key is a list":     {"[a]: 1", "has a list as a key, expected text"},
		"root is a list":    {"- a", "is a list, expected keys with values"},
		"no YAML":           {"a: b\n\tc: d", "file.yaml:2: "},
		"second document":   {"retries: 1\n---\nretries: 2", "a second document starts, expected one"},
		"secret":            {"pin: hunter2", "pin: is a secret of another type, expected a whole number"},
		"validated":         {"\nbudget:\n  reserve: -1ms", "file.yaml:3: budget.reserve: is -1ms, expected > 0"},
		"validated list":    {"\nhosts: [a, '']", `file.yaml:2: hosts[1]: is "", expected a name`},
		"binary":            {"name: !!binary aGk=", "name: is aGk=, expected text"},
		"too large":         {strings.Repeat("# x\n", maxBytes/4+1), "file.yaml: is larger than 1048576 bytes"},
		"unprintable bytes": {"name: \x00", "file.yaml: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(Source{Path: "file.yaml", Data: []byte(test.data)}, defaults())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the secret is in %v", err)
			}
		})
	}
}

func TestFaultsOfTheEnvironment(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ entry, want string }{
		"unknown":         {"REPLI_X_BUDGET_RESERV=1ms", "REPLI_X_BUDGET_RESERV: unknown variable"},
		"section":         {"REPLI_X_BUDGET=1ms", "REPLI_X_BUDGET: unknown variable"},
		"map":             {"REPLI_X_PLACEMENTS_HOME_COUNT=1", "REPLI_X_PLACEMENTS_HOME_COUNT: unknown variable"},
		"wrong type":      {"REPLI_X_BUDGET_RESERVE=5", `REPLI_X_BUDGET_RESERVE: budget.reserve: is "5", expected a duration`},
		"wrong item":      {"REPLI_X_WAITS=1s,x", `REPLI_X_WAITS: waits: is "x", expected a duration`},
		"no boolean":      {"REPLI_X_ENABLED=1", `enabled: is "1", expected true or false`},
		"secret":          {"REPLI_X_PIN=hunter2", "REPLI_X_PIN: pin: is a secret of another type"},
		"validated":       {"REPLI_X_BUDGET_RESERVE=-1ms", "REPLI_X_BUDGET_RESERVE: budget.reserve: is -1ms, expected > 0"},
		"validated list":  {"REPLI_X_HOSTS=a,,b", `REPLI_X_HOSTS: hosts[1]: is "", expected a name`},
		"service of ours": {"REPLI_X_SERVICE=1", "REPLI_X_SERVICE: unknown variable"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(Source{Env: []string{test.entry}, Prefix: "REPLI_X"}, defaults())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the secret is in %v", err)
			}
		})
	}
}

func TestVariablesOfKubernetesServicesAreIgnored(t *testing.T) {
	t.Parallel()
	env := []string{
		"REPLI_X_SERVICE_HOST=10.0.0.1", "REPLI_X_SERVICE_PORT=9000", "REPLI_X_SERVICE_PORT_GRPC=9000",
		"REPLI_X_PORT=tcp://10.0.0.1:9000", "REPLI_X_PORT_9000_TCP=tcp://10.0.0.1:9000", "REPLI_X_PORT_9000_TCP_PROTO=tcp",
		"REPLI_X_PORT_9000_TCP_PORT=9000", "REPLI_X_PORT_9000_TCP_ADDR=10.0.0.1",
	}
	if _, err := Load(Source{Env: env, Prefix: "REPLI_X"}, defaults()); err != nil {
		t.Error(err)
	}
}

func TestAllFaultsAreReportedOnce(t *testing.T) {
	t.Parallel()
	wrong := defaults()
	wrong.Budget.Share = 2
	_, err := Load(Source{
		Path: "file.yaml", Data: []byte("x: 1\nbudget: {reserve: -1}\nretries: no\n"),
		Env: []string{"REPLI_X_Y=1"}, Prefix: "REPLI_X",
	}, wrong)
	want := strings.Join([]string{
		"file.yaml:1: x: unknown key, expected one of name, common, budget, hosts, waits, placements, range, retries, enabled, password, pin, level, untagged",
		`file.yaml:2: budget.reserve: is -1, expected a duration such as "5ms"`,
		`file.yaml:3: retries: is "no", expected a whole number of 8 bits`,
		"REPLI_X_Y: unknown variable, no setting has this name",
		"default: budget.share: is 2, expected at most 1",
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestSettingsThatShareAVariableAreRefused(t *testing.T) {
	t.Parallel()
	type ambiguous struct {
		AB string `yaml:"a_b"`
		A  struct {
			B string `yaml:"b"`
		} `yaml:"a"`
	}
	_, err := Load(Source{Prefix: "REPLI_X"}, ambiguous{})
	if err == nil || !strings.Contains(err.Error(), "a.b: has the same variable as a_b") {
		t.Errorf("got %v", err)
	}
}

func TestHostileFilesEnd(t *testing.T) {
	t.Parallel()
	for name, data := range map[string]string{
		"deep lists":    strings.Repeat("[", maxBytes),
		"deep sections": strings.Repeat("{a: ", maxBytes/4),
		"deep keys":     strings.Repeat("? ", maxBytes/2),
		"many keys":     "hosts: [" + strings.Repeat("a,", maxBytes/2-10) + "]",
		"other keys":    strings.Repeat("x: 1\n", maxBytes/5),
		"bomb": "a: &a [" + strings.Repeat("x,", 1_000) + "]\nb: &b [" + strings.Repeat("*a,", 1_000) + "]\nc: &c [" +
			strings.Repeat("*b,", 1_000) + "]\nhosts: [" + strings.Repeat("*c,", 1_000) + "]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(Source{Data: []byte(data)}, defaults())
			if name == "many keys" {
				return
			}
			if err == nil || len(err.Error()) > 64<<10 {
				t.Errorf("got an error of %d bytes", len(fmt.Sprint(err)))
			}
		})
	}
}

func TestFileOnDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gateway.yaml")
	if _, err := Load(Source{Path: path}, defaults()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want that there is no file", err)
	}
	if err := os.WriteFile(path, []byte("retries: 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Load(Source{Path: path}, defaults())
	if err != nil || got.Retries != 3 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPrintIsReadByLoad(t *testing.T) {
	t.Parallel()
	cfg := defaults()
	cfg.Password, cfg.Name, cfg.Untagged = "hunter2", "yes: no", "true"
	cfg.Budget.Reserve = 90 * time.Minute
	cfg.Waits = []time.Duration{0, time.Hour, 1500 * time.Millisecond}
	var out bytes.Buffer
	if err := Print(&out, cfg); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"password: (set)", "pin: 0", "reserve: 1h30m", "- 1h\n", "- 1.5s", `untagged: "true"`, "level: low"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("the secret is in\n%s", &out)
	}
	got, err := Load(Source{Data: out.Bytes()}, settings{})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Password = hidden
	if !reflect.DeepEqual(got, cfg) {
		t.Errorf("got  %+v\nwant %+v", got, cfg)
	}
}

func TestPrintRefusesWhatYAMLCannotHold(t *testing.T) {
	t.Parallel()
	type odd struct {
		Calls chan int `yaml:"calls"`
	}
	if err := Print(&bytes.Buffer{}, odd{}); err == nil || !strings.Contains(err.Error(), "calls: a chan int cannot be written") {
		t.Errorf("got %v", err)
	}
	if _, err := Load(Source{Data: []byte("calls: 1")}, odd{}); err == nil || !strings.Contains(err.Error(), "calls: cannot be configured") {
		t.Errorf("got %v", err)
	}
}

func TestUnder(t *testing.T) {
	t.Parallel()
	if Under("a", nil) != nil {
		t.Error("nil did not stay nil")
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"one":    {Invalid("b", -1, "> 0"), "a.b: is -1, expected > 0"},
		"text":   {Invalid("b", "", "a name"), `a.b: is "", expected a name`},
		"joined": {errors.Join(Invalid("b", 1, "2"), errors.Join(Under("c", Invalid("d", 3, "4")))), "a.b: is 1, expected 2\na.c.d: is 3, expected 4"},
		"wrapped": {
			fmt.Errorf("server: %w", errors.Join(Invalid("b", 1, "2"), Invalid("c", 1, "2"))),
			"a.b: is 1, expected 2\na.c: is 1, expected 2",
		},
		"no field": {errors.New("too much"), "a: too much"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Under("a", test.err); got.Error() != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "budget: {reserve: 1ms}", "a: &a [*a]", "a: &a {<<: *a}", "- - - -", "? [x]\n: y", "!!set {a}", "hosts: !!str [a]",
		"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nhosts: *c", "%YAML 1.2\n---\n", "retries: 0x1", "name: |\n  text\n", "\xff\xfe", "{", "--- !<tag:x> y",
		"range: ~", "placements: {? {}: 1}", "budget: *x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Load(Source{Path: "f", Data: data}, defaults())
		if err != nil {
			if !reflect.DeepEqual(got, settings{}) {
				t.Errorf("an error and settings: %+v", got)
			}
			return
		}
		if err := got.Validate(); err != nil {
			t.Errorf("Load let through %v", err)
		}
		if err := Print(&bytes.Buffer{}, got); err != nil {
			t.Errorf("cannot be printed: %v", err)
		}
	})
}
