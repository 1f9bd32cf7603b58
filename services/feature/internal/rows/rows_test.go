package rows_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/rows"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

const declaration = `
project: shop
entities:
  user: {join_key: user_id, type: string}
  item: {join_key: item_id, type: string}
views:
  - name: stats
    entity: user
    features:
      - {name: lines, dtype: float32}
      - {name: picks, dtype: string_list, role: candidates}
      - {name: orders, dtype: int64}
  - name: kind
    entity: user
    features:
      - {name: segment, dtype: string, role: segment}
      - {name: spend, dtype: float32}
`

func layout(t *testing.T, entity views.Entity) *rows.Layout {
	t.Helper()
	project, err := views.Parse("views.yaml", []byte(declaration))
	if err != nil {
		t.Fatal(err)
	}
	return rows.New(project, entity)
}

func record(segment string, picks ...string) store.Record {
	return store.Record{
		Values: []views.Value{
			{Status: views.Present, Number: 1},
			{Status: views.Present, Texts: picks},
			{Status: views.NullValue},
			{Status: views.Present, Text: segment},
			{Status: views.Present, Number: 2},
		},
		Times: []time.Time{time.Unix(1, 0), time.Unix(2, 0)},
	}
}

func TestRowIsLaidOutByTheSchema(t *testing.T) {
	t.Parallel()
	l := layout(t, views.User)
	got := l.Pack(record("early"))
	want := rows.Row{
		Numbers: []float32{1, 2}, Integers: []int64{0}, Texts: []string{"early"},
		Statuses: []byte{byte(views.Present), byte(views.NullValue), byte(views.Present), byte(views.Present)},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("row %+v, want %+v", got, want)
	}
	var names []string
	for _, c := range l.Schema().GetColumns() {
		names = append(names, c.GetView()+":"+c.GetName()+":"+c.GetDtype().String())
	}
	columns := []string{"stats:lines:DTYPE_FLOAT32", "stats:orders:DTYPE_INT64", "kind:segment:DTYPE_STRING", "kind:spend:DTYPE_FLOAT32"}
	if !slices.Equal(names, columns) || l.Schema().GetFingerprint() == 0 {
		t.Fatalf("schema %v", l.Schema())
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	l := layout(t, views.User)
	r := record("early", "i1", "", strings.Repeat("x", 129), "i2")
	if l.Segment(r) != "early" || !slices.Equal(l.Candidates(r), []string{"i1", "i2"}) {
		t.Fatalf("segment %q, candidates %q", l.Segment(r), l.Candidates(r))
	}
	if got := l.Segment(record(strings.Repeat("x", 65))); got != "" {
		t.Fatalf("a segment of %d bytes passed", len(got))
	}
	if got := l.Candidates(record("", slices.Repeat([]string{"i"}, 501)...)); len(got) != 500 {
		t.Fatalf("%d candidates", len(got))
	}
	bare := layout(t, views.Item)
	if bare.Segment(store.Record{}) != "" || bare.Candidates(store.Record{}) != nil {
		t.Fatal("roles of an entity that has none")
	}
}

func TestOutdatedViews(t *testing.T) {
	t.Parallel()
	l := layout(t, views.User)
	r := record("a")
	if names := l.Outdated(r); names != nil {
		t.Fatalf("outdated %v", names)
	}
	store.Mark(r.Values[3:], views.OutsideMaxAge)
	if names := l.Outdated(r); !slices.Equal(names, []string{"kind"}) {
		t.Fatalf("outdated %v", names)
	}
}

func TestAbsentIsTheRowOfNobody(t *testing.T) {
	t.Parallel()
	l := layout(t, views.User)
	absent := l.Absent()
	if len(absent.Numbers) != 2 || len(absent.Integers) != 1 || len(absent.Texts) != 1 {
		t.Fatalf("row %+v", absent)
	}
	for _, status := range absent.Statuses {
		if featurev1.ValueStatus(status) != featurev1.ValueStatus_VALUE_STATUS_NOT_FOUND {
			t.Fatalf("status %d", status)
		}
	}
	if !absent.Equal(l.Absent()) || absent.Equal(l.Pack(record("a"))) {
		t.Fatal("rows compare wrongly")
	}
}
