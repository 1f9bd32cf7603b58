package views_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/views"
)

func TestNumbersAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	for status, want := range map[views.Status]featurev1.ValueStatus{
		views.Present:       featurev1.ValueStatus_VALUE_STATUS_PRESENT,
		views.NullValue:     featurev1.ValueStatus_VALUE_STATUS_NULL_VALUE,
		views.NotFound:      featurev1.ValueStatus_VALUE_STATUS_NOT_FOUND,
		views.OutsideMaxAge: featurev1.ValueStatus_VALUE_STATUS_OUTSIDE_MAX_AGE,
	} {
		if int32(status) != int32(want) || "VALUE_STATUS_"+status.String() != want.String() {
			t.Errorf("%v is %d, want %v, %d", status, status, want, want)
		}
	}
	for dtype, want := range map[views.Dtype]featurev1.Dtype{
		views.Float32: featurev1.Dtype_DTYPE_FLOAT32,
		views.Int64:   featurev1.Dtype_DTYPE_INT64,
		views.String:  featurev1.Dtype_DTYPE_STRING,
	} {
		if int32(dtype) != int32(want) || "DTYPE_"+strings.ToUpper(dtype.String()) != want.String() {
			t.Errorf("%v is %d, want %v, %d", dtype, dtype, want, want)
		}
	}
}

func TestViewsByEntityAndName(t *testing.T) {
	t.Parallel()
	project := shop(t)
	var names []string
	for _, view := range project.ViewsOf(views.User) {
		names = append(names, view.Name)
	}
	if want := []string{"user_stats", "user_taste"}; !slices.Equal(names, want) {
		t.Errorf("views of user are %v, want %v", names, want)
	}
	if view, ok := project.View("item_stats"); !ok || view.Entity != views.Item {
		t.Errorf("item_stats is %v, %t", view, ok)
	}
	if view, ok := project.View("nothing"); ok || view != nil {
		t.Errorf("nothing is %v, %t", view, ok)
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	got := shop(t).Schema(views.User)
	want := []views.Column{
		{Name: "u_lines_7d", Dtype: views.Float32, View: "user_stats"},
		{Name: "u_age", Dtype: views.Int64, View: "user_stats"},
		{Name: "segment", Dtype: views.String, View: "user_stats"},
		{Name: "u_taste", Dtype: views.Float32, View: "user_taste"},
	}
	if !reflect.DeepEqual(got.Columns, want) {
		t.Errorf("columns are %v, want %v", got.Columns, want)
	}
	// Written down because running services compare fingerprints across versions: it may never change.
	if written := uint64(0x3c8930656b7c84e0); got.Fingerprint != written {
		t.Errorf("fingerprint is %#x, want %#x", got.Fingerprint, written)
	}
}

func TestFingerprintTellsColumnsApart(t *testing.T) {
	t.Parallel()
	seen := map[uint64]string{}
	for name, change := range map[string][2]string{
		"nothing":      {"project: demo", "project: demo"},
		"name":         {"u_lines_7d", "u_lines_8d"},
		"dtype":        {"u_age, dtype: int64", "u_age, dtype: float32"},
		"view":         {"user_stats", "user_stat"},
		"shifted name": {"name: user_taste", "name: user_tas"},
		"order":        {"u_lines_7d, dtype: float32, nullable: false, range: [0, 100000]}\n      - {", "u_lines_7d, dtype: float32}\n      - {name: x, dtype: int64}\n      - {"},
	} {
		project, err := views.Parse("shop.yaml", []byte(strings.Replace(shopFile(t), change[0], change[1], 1)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fingerprint := project.Schema(views.User).Fingerprint
		if other, ok := seen[fingerprint]; ok {
			t.Errorf("%s and %s have the same fingerprint", name, other)
		}
		seen[fingerprint] = name
	}
	project, err := views.Parse("shop.yaml", []byte(strings.Replace(shopFile(t), "range: [1, 6]", "range: [1, 9]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if seen[project.Schema(views.User).Fingerprint] != "nothing" {
		t.Error("a range changes the fingerprint, want only name, dtype and view to")
	}
}

func number(v float32) views.Value { return views.Value{Status: views.Present, Number: v} }
func integer(v int64) views.Value  { return views.Value{Status: views.Present, Integer: v} }
func text(v string) views.Value    { return views.Value{Status: views.Present, Text: v} }
func texts(v ...string) views.Value {
	return views.Value{Status: views.Present, Texts: v}
}

func null() views.Value { return views.Value{Status: views.NullValue} }

func TestCheck(t *testing.T) {
	t.Parallel()
	stats, _ := shop(t).View("user_stats")
	good := []views.Value{number(3), integer(6), text("heavy"), texts("a", "b")}
	with := func(i int, value views.Value) []views.Value {
		values := slices.Clone(good)
		values[i] = value
		return values
	}
	cases := []struct {
		name   string
		id     string
		values []views.Value
		want   string // empty: right
	}{
		{"right", "u1", good, ""},
		{"nulls", "u1", []views.Value{number(0), null(), null(), texts()}, ""},
		{"longest", strings.Repeat("x", views.MaxUserID), with(2, text(strings.Repeat("x", views.MaxSegment))), ""},
		{"no id", "", good, "id of user: is empty, expected 1 to 256 bytes"},
		{"long id", strings.Repeat("x", views.MaxUserID+1), good, "id of user: has 257 bytes, expected 1 to 256"},
		{"id not UTF-8", "\xff", good, "id of user: is not valid UTF-8"},
		{"too few values", "u1", good[:3], "view user_stats: row has 3 values, expected 4"},
		{"null", "u1", with(0, null()), "u_lines_7d: is null, expected float32"},
		{"no status", "u1", with(0, views.Value{}), "u_lines_7d: has status UNSPECIFIED, expected PRESENT or NULL_VALUE"},
		{"not found", "u1", with(0, views.Value{Status: views.NotFound}), "u_lines_7d: has status NOT_FOUND"},
		{"not a number", "u1", with(0, number(float32(math.NaN()))), "u_lines_7d: is NaN, expected a finite float32"},
		{"endless", "u1", with(0, number(float32(math.Inf(-1)))), "u_lines_7d: is -Inf, expected a finite float32"},
		{"below", "u1", with(0, number(-1)), "u_lines_7d: is -1, expected within [0, 100000]"},
		{"above", "u1", with(1, integer(7)), "u_age: is 7, expected within [1, 6]"},
		{"number for text", "u1", with(2, number(1)), "segment: is float32, expected string"},
		{"integer for number", "u1", with(0, integer(1)), "u_lines_7d: is int64, expected float32"},
		{"text for integer", "u1", with(1, text("x")), "u_age: is string, expected int64"},
		{"list for text", "u1", with(2, texts("x")), "segment: is string_list, expected string"},
		{"long segment", "u1", with(2, text(strings.Repeat("x", views.MaxSegment+1))), "segment: has 65 bytes, expected at most 64"},
		{"text not UTF-8", "u1", with(2, text("a\xff")), `segment: is "a\xff", expected valid UTF-8`},
		{"long list", "u1", with(3, texts(make([]string, views.MaxTexts+1)...)), "picks: has 501 texts, expected at most 500"},
		{"long text in list", "u1", with(3, texts("a", strings.Repeat("x", views.MaxListText+1))), "picks: [1] has 129 bytes, expected at most 128"},
		{"empty text in list", "u1", with(3, texts("")), "picks: [0] is empty, expected 1 to 128 bytes"},
		{"two faults", "u1", []views.Value{null(), integer(0), null(), texts()}, "u_lines_7d: is null, expected float32\nu_age: is 0, expected within [1, 6]"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := stats.Check(views.Row{EntityID: tc.id, Values: tc.values})
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("got %v, want no error", err)
			case tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.want)):
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestCheckRoundsBoundsLikeValues(t *testing.T) {
	t.Parallel()
	price, _ := shop(t).View("item_stats")
	if err := price.Check(views.Row{EntityID: "1", Values: []views.Value{number(0.1)}}); err != nil {
		t.Errorf("0.1 within [0, 0.1]: %v", err)
	}
	above := math.Nextafter32(0.1, 1)
	if err := price.Check(views.Row{EntityID: "1", Values: []views.Value{number(above)}}); err == nil {
		t.Errorf("%v within [0, 0.1]: no error", above)
	}
	if err := price.Check(views.Row{EntityID: strings.Repeat("1", views.MaxItemID+1), Values: []views.Value{number(0)}}); err == nil {
		t.Error("an item's id of 129 bytes: no error")
	}
}

func TestCheckID(t *testing.T) {
	t.Parallel()
	project := shop(t)
	for id, ok := range map[string]bool{
		"42": true, "-1": true, "0": true, "9223372036854775807": true,
		"": false, "042": false, "+1": false, "-0": false, "1.0": false, "i7": false, "9223372036854775808": false,
	} {
		err := project.CheckID(views.Item, id)
		if (err == nil) != ok {
			t.Errorf("%q as int64: %v", id, err)
		}
		if err != nil && id != "" && strings.Contains(err.Error(), id) {
			t.Errorf("the error holds the id: %v", err)
		}
	}
	if err := project.CheckID(views.User, "i7"); err != nil {
		t.Errorf("i7 as string: %v", err)
	}
}

func BenchmarkCheck(b *testing.B) {
	stats, _ := shop(b).View("user_stats")
	row := views.Row{EntityID: "u1", Values: []views.Value{number(3), integer(6), text("heavy"), texts("a", "b")}}
	b.ReportAllocs()
	for b.Loop() {
		if err := stats.Check(row); err != nil {
			b.Fatal(err)
		}
	}
}
