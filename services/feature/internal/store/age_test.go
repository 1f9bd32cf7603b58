package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

const declaration = `
project: shop
entities:
  user: {join_key: user_id, type: string}
  item: {join_key: item_id, type: string}
views:
  - name: hourly
    entity: user
    freshness: 1h
    features: [{name: a, dtype: int64}, {name: b, dtype: int64}]
  - name: lasting
    entity: user
    features: [{name: c, dtype: int64}]
  - name: daily
    entity: user
    freshness: 24h
    features: [{name: d, dtype: int64}]
`

var noon = time.Date(2017, 11, 6, 12, 0, 0, 0, time.UTC)

func users(t *testing.T) *store.Layout {
	t.Helper()
	project, err := views.Parse("views.yaml", []byte(declaration))
	if err != nil {
		t.Fatal(err)
	}
	return store.NewLayout(project, views.User)
}

func integers(values ...int64) views.Row {
	row := views.Row{EventTime: noon}
	for _, n := range values {
		row.Values = append(row.Values, views.Value{Status: views.Present, Integer: n})
	}
	return row
}

// shows writes a record as its integers, with -1 for null, -2 for nothing and -3 for too old.
func shows(r store.Record) []int64 {
	marks := map[views.Status]int64{views.NullValue: -1, views.NotFound: -2, views.OutsideMaxAge: -3}
	var shown []int64
	for _, v := range r.Values {
		shown = append(shown, v.Integer+marks[v.Status])
	}
	return shown
}

func TestRecordAgesViewByView(t *testing.T) {
	t.Parallel()
	l := users(t)
	r := l.With(l.With(l.With(l.Absent(), 0, integers(1, 2), noon), 1, integers(3), noon), 2, integers(4), noon)
	for _, c := range []struct {
		after time.Duration
		shows []int64
		until time.Duration
	}{
		{0, []int64{1, 2, 3, 4}, time.Hour},
		{time.Hour, []int64{1, 2, 3, 4}, time.Hour},
		{time.Hour + 1, []int64{-3, -3, 3, 4}, 24 * time.Hour},
		{24*time.Hour + 1, []int64{-3, -3, 3, -3}, 0},
	} {
		aged, until := l.Aged(r, noon.Add(c.after))
		want := noon.Add(c.until)
		if c.until == 0 {
			want = time.Time{}
		}
		if !slices.Equal(shows(aged), c.shows) || !until.Equal(want) {
			t.Errorf("after %v: %v until %v, want %v until %v", c.after, shows(aged), until, c.shows, want)
		}
		again, _ := l.Aged(aged, noon.Add(c.after))
		if !slices.Equal(shows(again), c.shows) {
			t.Errorf("after %v, aged twice: %v", c.after, shows(again))
		}
	}
	if !slices.Equal(shows(r), []int64{1, 2, 3, 4}) {
		t.Fatalf("the record itself has changed: %v", shows(r))
	}
	if absent, until := l.Aged(l.Absent(), noon.Add(time.Hour)); !slices.Equal(shows(absent), []int64{-2, -2, -2, -2}) || !until.IsZero() {
		t.Fatalf("what is not there aged: %v until %v", shows(absent), until)
	}
}

func TestWrittenRowReplacesItsViewAlone(t *testing.T) {
	t.Parallel()
	l := users(t)
	before := l.With(l.Absent(), 1, integers(3), noon)
	before.Unreadable = []error{nil, nil, errors.New("garbage")}
	row := integers(4)
	row.Values[0].Status, row.EventTime = views.NullValue, time.Time{}
	after := l.With(before, 2, row, noon.Add(time.Minute))
	if !slices.Equal(shows(after), []int64{-2, -2, 3, -1}) || !after.Times[2].Equal(noon.Add(time.Minute)) || after.Unreadable[2] != nil {
		t.Fatalf("%v, %+v", shows(after), after)
	}
	if !slices.Equal(shows(before), []int64{-2, -2, 3, -2}) || !before.Times[2].IsZero() || before.Unreadable[2] == nil {
		t.Fatalf("the record before has changed: %v, %+v", shows(before), before)
	}
}

func TestWeightGrowsWithWhatIsHeld(t *testing.T) {
	t.Parallel()
	l := users(t)
	small := l.Absent()
	big := l.With(small, 1, views.Row{Values: []views.Value{{Status: views.Present, Texts: []string{string(make([]byte, 1000))}}}}, noon)
	if small.Weight() < 4*56 || big.Weight() < small.Weight()+1000 {
		t.Fatalf("weights %d and %d", small.Weight(), big.Weight())
	}
}
