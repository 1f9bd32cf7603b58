package views_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/views"
)

func shopFile(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile("testdata/shop.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func shop(t testing.TB) *views.Project {
	t.Helper()
	project, err := views.Parse("shop.yaml", []byte(shopFile(t)))
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestParse(t *testing.T) {
	t.Parallel()
	want := &views.Project{
		Name: "demo",
		Keys: map[views.Entity]views.Key{
			views.User: {Join: "user_id", Type: views.KeyString},
			views.Item: {Join: "item_id", Type: views.KeyInt64},
		},
		Views: []*views.View{
			{
				Name: "user_stats", Entity: views.User, Freshness: 720 * time.Hour, EventTime: "snapshot_ts",
				Features: []views.Feature{
					{Name: "u_lines_7d", Dtype: views.Float32, Range: &views.Range{Min: 0, Max: 100000}},
					{Name: "u_age", Dtype: views.Int64, Nullable: true, Range: &views.Range{Min: 1, Max: 6}},
					{Name: "segment", Dtype: views.String, Nullable: true, Role: views.Segment},
					{Name: "picks", Dtype: views.StringList, Role: views.Candidates},
				},
			},
			{
				Name: "item_stats", Entity: views.Item,
				Features: []views.Feature{{Name: "i_price", Dtype: views.Float32, Range: &views.Range{Min: 0, Max: 0.1}}},
			},
			{
				Name: "user_taste", Entity: views.User,
				Features: []views.Feature{{Name: "u_taste", Dtype: views.Float32, Nullable: true}},
			},
		},
		Events: &views.EventColumns{
			ID: "event_id", User: "user_id", Item: "item_id", Type: "type",
			Quantity: "quantity", Revenue: "revenue", Currency: "USD", Time: "ts",
		},
	}
	if got := shop(t); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, replace, with string
		want                []string // a fault each, in order
	}{
		{
			"unknown key", "    freshness: 720h", "    fershness: 720h",
			[]string{`shop.yaml:8: views[0].fershness: is not known, expected one of name, entity, freshness, event_time, features`},
		},
		{
			"unknown key at the top", "project: demo", "project: demo\nproyect: demo",
			[]string{`shop.yaml:2: proyect: is not known, expected one of project, entities, views, events`},
		},
		{"key twice", "project: demo", "project: demo\nproject: demo", []string{`shop.yaml:2: project: is here again after line 1, expected it once`}},
		{"project absent", "project: demo\n", "", []string{`shop.yaml:1: project: is absent, expected 1 to 128 letters`}},
		{"project not text", "project: demo", "project: 12", []string{`shop.yaml:1: project: is 12, expected 1 to 128 letters`}},
		{"project with braces", "project: demo", "project: d{e}mo", []string{`shop.yaml:1: project: is "d{e}mo", expected`}},
		{"entity absent", "  item: {join_key: item_id, type: int64}\n", "", []string{`shop.yaml:3: entities.item: is absent, expected its join_key and type`}},
		{"entity unknown", "  item: {join", "  basket: {join", []string{`shop.yaml:4: entities.basket: is not known`, `entities.item: is absent`}},
		{"key type", "type: int64", "type: int32", []string{`shop.yaml:4: entities.item.type: is "int32", expected one of string, int64`}},
		{"join key absent", "{join_key: user_id, type: string}", "{type: string}", []string{`shop.yaml:3: entities.user.join_key: is absent`}},
		{"entities not a mapping", "  user: {join_key: user_id, type: string}", "  user: user_id", []string{`shop.yaml:3: entities.user: is "user_id", expected a mapping of join_key, type`}},
		{"view twice", "name: item_stats", "name: user_stats", []string{`shop.yaml:15: views[1].name: is "user_stats" again after line 6, expected a name of its own`}},
		{"view with colon", "name: item_stats", `name: "item:stats"`, []string{`shop.yaml:15: views[1].name: is "item:stats", expected 1 to 128 bytes of printable text without a colon`}},
		{"view of nothing", "    entity: item", "    entity: shop", []string{`shop.yaml:16: views[1].entity: is "shop", expected one of user, item`}},
		{"freshness without unit", "freshness: 720h", "freshness: 720", []string{`shop.yaml:8: views[0].freshness: is 720, expected 0 or a duration such as 720h`}},
		{"freshness negative", "freshness: 720h", "freshness: -1h", []string{`views[0].freshness: is "-1h"`}},
		{"dtype", "dtype: int64", "dtype: int32", []string{`shop.yaml:12: views[0].features[1].dtype: is "int32", expected one of float32, int64, string, string_list`}},
		{"feature twice across views", "name: u_taste,", "name: segment,", []string{`shop.yaml:23: views[2].features[0].name: is "segment" again after line 13`}},
		{"nullable as text", "nullable: false", `nullable: "no"`, []string{`shop.yaml:11: views[0].features[0].nullable: is "no", expected true or false`}},
		{"range in disorder", "[1, 6]", "[6, 1]", []string{`shop.yaml:12: views[0].features[1].range: is [6, 1], expected [min, max], two finite numbers in order`}},
		{"range endless", "[1, 6]", "[1, .inf]", []string{`range: is [1, .inf]`}},
		{"range of three", "[1, 6]", "[1, 2, 3]", []string{`range: is a list of 3`}},
		{"range of text", "nullable: true, role: segment", "range: [1, 2]", []string{`shop.yaml:13: views[0].features[2].range: is set for string, expected it for float32 and int64 only`}},
		{"role unknown", "role: segment", "role: label", []string{`role: is "label", expected one of segment, candidates`}},
		{"segment on a number", "range: [1, 6]", "role: segment", []string{`is segment for int64 of user, expected it for string of user only`}},
		{"segment on an item", "dtype: float32, range: [0, 0.1]", "dtype: string, role: segment", []string{`is segment for string of item`}},
		{"candidates on text", "nullable: true, role: segment", "role: candidates", []string{`is candidates for string of user`}},
		{"segment twice", "dtype: float32, nullable: true}", "dtype: string, role: segment}", []string{`shop.yaml:23: views[2].features[0].role: is segment again after line 13, expected it once`}},
		{"list without role", ", role: candidates", "", []string{`views[0].features[3].dtype: is string_list without the role candidates, expected float32, int64 or string`}},
		{"list of items", "dtype: float32, range: [0, 0.1]", "dtype: string_list, role: candidates", []string{`is candidates for string_list of item`}},
		{"events without time", "  time: ts\n", "", []string{`shop.yaml:25: events.time: is absent`}},
		{"currency", "currency: USD", "currency: dollars", []string{`events.currency: is "dollars", expected an ISO 4217 code such as USD`}},
		{"alias", "project: demo", "project: &a demo\nevents: *a", []string{`shop.yaml:25: events: is here again after line 2`, `shop.yaml:2: events: is an alias, expected a mapping`}},
		{"second document", "project: demo", "---\nproject: demo\n---\nproject: demo", []string{`shop.yaml:3: file: is followed by a second document, expected one`}},
		{"syntax", "project: demo", "project: [demo", []string{`shop.yaml:1: file: is not YAML: did not find`}},
		{"all at once", "dtype: float32, nullable: false, range: [0, 100000]", "dtype: float, nullable: 1, range: 5", []string{
			`shop.yaml:11: views[0].features[0].dtype:`, `shop.yaml:11: views[0].features[0].nullable: is 1`, `shop.yaml:11: views[0].features[0].range: is 5`,
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(shopFile(t), tc.replace, tc.with, 1)
			if text == shopFile(t) {
				t.Fatalf("%q is not in the file", tc.replace)
			}
			wantFaults(t, text, tc.want)
		})
	}
}

// wantFaults parses text and compares its faults, one a line, by what they hold.
func wantFaults(t *testing.T, text string, want []string) {
	t.Helper()
	project, err := views.Parse("shop.yaml", []byte(text))
	if err == nil || project != nil {
		t.Fatalf("got %v and error %v, want faults %q", project, err, want)
	}
	var field *config.FieldError
	if !errors.As(err, &field) {
		t.Errorf("%v holds no *config.FieldError", err)
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("got %d faults, want %d:\n%v", len(lines), len(want), err)
	}
	for i := range lines {
		if !strings.Contains(lines[i], want[i]) {
			t.Errorf("fault %d is %q, want %q in it", i, lines[i], want[i])
		}
	}
}

func TestParseRefusesWhole(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{"shop.yaml: file: is empty"}},
		{"comment only", "# nothing\n", []string{"shop.yaml: file: is empty"}},
		{"list", "- a\n", []string{"shop.yaml:1: file: is a list of 1, expected a mapping of project, entities, views, events"}},
		{"too long", strings.Repeat("#", views.MaxFile+1), []string{"shop.yaml: file: is 1048577 bytes long, expected at most 1048576"}},
		{"too many views", head() + list("  - {}\n", views.MaxViews+1), []string{"views: is a list of 65, expected a list of 1 to 64"}},
		{"no views", head() + "  []\n", []string{"views: is a list of 0, expected a list of 1 to 64"}},
		{
			"too many features", head() + view(0, views.MaxFeatures+1),
			[]string{"views[0].features: is a list of 1025, expected a list of 1 to 1024"},
		},
		{
			"too many columns", head() + view(0, 1024) + view(1, 1024) + view(2, 1024) + view(3, 1024) + view(4, 1),
			[]string{"views: is 4097 features of user, expected at most 4096"},
		},
		{
			"name too long", strings.Replace(head()+view(0, 1), "f_0_0", strings.Repeat("x", views.MaxName+1), 1),
			[]string{`xxx...", expected 1 to 128 bytes`},
		},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			wantFaults(t, tc.text, tc.want)
		})
	}
}

func head() string {
	return `project: p
entities: {user: {join_key: u, type: string}, item: {join_key: i, type: string}}
views:
`
}

func list(line string, n int) string {
	return strings.Repeat(line, n)
}

func view(number, features int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  - name: v%d\n    entity: user\n    features:\n", number)
	for i := range features {
		fmt.Fprintf(&b, "      - {name: f_%d_%d, dtype: float32}\n", number, i)
	}
	return b.String()
}

func TestParseAcceptsLongestNames(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("ж", views.MaxName/2)
	project, err := views.Parse("shop.yaml", []byte(strings.Replace(head()+view(0, 1), "f_0_0", name, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got := project.Views[0].Features[0].Name; got != name {
		t.Errorf("got %q, want %q", got, name)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(shopFile(f))
	f.Add(head() + view(0, 2) + view(1, 1))
	f.Add("project: &a [*a]\nviews: {? [x] : y}\n")
	f.Add("%YAML 1.1\n--- !!map {project: !!int p}\n...\n--- 1")
	f.Add("project: \"\\xff\\u0000\"\nviews: [{name: \"\\u202e\", features: [{range: [0x1p3, 1_0]}]}]")
	f.Fuzz(func(t *testing.T, text string) {
		project, err := views.Parse("fuzz.yaml", []byte(text))
		if err != nil {
			if project != nil {
				t.Fatalf("got a project and %v", err)
			}
			return
		}
		for _, entity := range []views.Entity{views.User, views.Item} {
			if project.Keys[entity].Join == "" {
				t.Errorf("%s has no join key", entity)
			}
			schema := project.Schema(entity)
			if schema.Fingerprint == 0 || len(schema.Columns) > views.MaxColumns {
				t.Errorf("schema of %s: %+v", entity, schema)
			}
			names := map[string]bool{}
			for _, column := range schema.Columns {
				if names[column.Name] || column.Name == "" || len(column.Name) > views.MaxName {
					t.Errorf("column %+v of %s", column, entity)
				}
				names[column.Name] = true
			}
		}
	})
}
