package items

import (
	"fmt"
	"math"
	"strings"
	"testing"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
)

var (
	itemSchema = itemstest.Schema(11,
		itemstest.Column("price", itemstest.Float), itemstest.Column("title", itemstest.Text),
		itemstest.Column("unused", itemstest.Float), itemstest.Column("place", itemstest.Int),
		itemstest.Column("pop", itemstest.Float))
	userSchema = itemstest.Schema(21, itemstest.Column("age", itemstest.Float))
)

func keep(name string) bool { return name != "unused" }

func newStream() *stream { return &stream{maxItems: 5000, keep: keep} }

func item(id string, price, place, pop float64) itemstest.Item {
	return itemstest.Item{ID: id, Values: map[string]float64{"price": price, "place": place, "pop": pop, "unused": 1}}
}

// take feeds messages that must be taken.
func take(t *testing.T, s *stream, messages ...*featurev1.WatchItemsResponse) {
	t.Helper()
	for i, message := range messages {
		if err := s.take(message); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
}

// holds checks one row.
func holds(t *testing.T, table *Table, id string, price, place, pop float64) {
	t.Helper()
	row, ok := table.Find(id)
	if !ok {
		t.Fatalf("%s is not in version %d", id, table.Version())
	}
	numbers, integers := table.Numbers(row), table.Integers(row)
	if numbers[0] != float32(price) || numbers[1] != float32(pop) || integers[0] != int64(place) {
		t.Errorf("%s in version %d is %v %v, want price %v, pop %v, place %v",
			id, table.Version(), numbers, integers, price, pop, place)
	}
}

func TestTableKeepsWhatIsWanted(t *testing.T) {
	t.Parallel()
	s := newStream()
	partial := item("b", 3, 4, 0)
	delete(partial.Values, "pop")
	take(t, s, itemstest.Table(itemSchema, userSchema, 7, item("a", 1.5, 2, 3), partial)...)
	table := s.table
	if table.Len() != 2 || table.Version() != 7 {
		t.Fatalf("%d items of version %d, want 2 of 7", table.Len(), table.Version())
	}
	if _, ok := table.Schema().Column("unused"); ok || len(table.Schema().Columns()) != 3 {
		t.Errorf("columns are %v, want price, place and pop", table.Schema().Columns())
	}
	holds(t, table, "a", 1.5, 2, 3)
	holds(t, table, "b", 3, 4, 0)
	a, _ := table.Find("a")
	b, _ := table.Find("b")
	if !table.Whole(a) || table.Whole(b) {
		t.Error("a must be whole and b must not")
	}
	if got := table.Statuses(b); got[0] != 1 || got[1] != 1 || got[2] != 2 {
		t.Errorf("statuses of b are %v, want present, present, null", got)
	}
	if _, ok := table.Find("c"); ok {
		t.Error("c was never sent")
	}
}

// An old version must stay what it was while newer ones are made of it: the table, its index across block borders, and
// an index that has outgrown its buckets.
func TestChangesLeaveOldVersionsAlone(t *testing.T) {
	t.Parallel()
	s := &stream{maxItems: 20_000, keep: keep}
	take(t, s, itemstest.Table(itemSchema, userSchema, 1, item("first", 1, 1, 1))...)
	old := []*Table{s.table}
	for version := uint64(2); version <= 10; version++ {
		rows := []itemstest.Item{item("first", float64(version), 1, 1)}
		for i := range 1500 {
			rows = append(rows, item(fmt.Sprintf("v%d-%d", version, i), float64(version), float64(i), 0))
		}
		take(t, s, itemstest.Change(itemstest.Rows(itemSchema, version, rows...)))
		old = append(old, s.table)
	}
	for i, table := range old {
		version := i + 1
		if table.Version() != uint64(version) || table.Len() != 1+1500*i {
			t.Fatalf("version %d holds %d items, want version %d with %d", table.Version(), table.Len(), version, 1+1500*i)
		}
		holds(t, table, "first", float64(version), 1, 1)
		for v := 2; v <= 10; v++ {
			for _, at := range []int{0, 700, 1499} {
				id := fmt.Sprintf("v%d-%d", v, at)
				if v <= version {
					holds(t, table, id, float64(v), float64(at), 0)
				} else if _, ok := table.Find(id); ok {
					t.Errorf("version %d holds %s already", version, id)
				}
			}
		}
	}
	take(t, s, itemstest.Heartbeat(12))
	if s.table.Version() != 12 || old[9].Version() != 10 {
		t.Errorf("after the heartbeat the versions are %d and %d, want 12 and 10", s.table.Version(), old[9].Version())
	}
}

// The feature service tells that an item is gone by a row of which nothing is found, not even what is not kept.
func TestItemsThatAreGone(t *testing.T) {
	t.Parallel()
	s := newStream()
	take(t, s, itemstest.Table(itemSchema, userSchema, 1, item("a", 1, 1, 1), item("b", 2, 2, 2))...)
	old := s.table
	change := func(version uint64, gone bool, id string) {
		rows := itemstest.Rows(itemSchema, version, item(id, 3, 3, 3))
		for i := range rows.GetStatuses() {
			if gone || i != 2 { // the column that is not kept
				rows.Statuses[i] = byte(featurev1.ValueStatus_VALUE_STATUS_NOT_FOUND)
			}
		}
		take(t, s, itemstest.Change(rows))
	}
	change(2, true, "a")
	change(3, true, "never")
	change(4, false, "b")
	if _, ok := s.table.Find("a"); ok || s.table.Len() != 1 {
		t.Errorf("a is still there, %d items, want 1", s.table.Len())
	}
	if row, ok := s.table.Find("b"); !ok || s.table.Whole(row) {
		t.Error("b must be there with values missing")
	}
	holds(t, old, "a", 1, 1, 1)
	take(t, s, itemstest.Change(itemstest.Rows(itemSchema, 5, item("a", 4, 4, 4))))
	holds(t, s.table, "a", 4, 4, 4)
	if s.table.Len() != 2 || old.Len() != 2 {
		t.Errorf("%d items now and %d before, want 2 and 2", s.table.Len(), old.Len())
	}
}

func TestGarbageIsRefused(t *testing.T) {
	t.Parallel()
	nan := item("a", math.NaN(), 0, 0)
	wrong := func(change func(*featurev1.ItemRows)) *featurev1.WatchItemsResponse {
		rows := itemstest.Rows(itemSchema, 1, item("a", 1, 1, 1))
		change(rows)
		return itemstest.Chunk(rows)
	}
	header := func(n uint64) *featurev1.WatchItemsResponse { return itemstest.Header(itemSchema, userSchema, n) }
	chunk := func(version uint64, rows ...itemstest.Item) *featurev1.WatchItemsResponse {
		return itemstest.Chunk(itemstest.Rows(itemSchema, version, rows...))
	}
	whole := itemstest.Table(itemSchema, userSchema, 5, item("a", 1, 1, 1))
	for name, c := range map[string]struct {
		before []*featurev1.WatchItemsResponse
		last   *featurev1.WatchItemsResponse
		want   string
	}{
		"empty":            {nil, &featurev1.WatchItemsResponse{}, "without content"},
		"chunk first":      {nil, chunk(1), "before the header"},
		"end first":        {nil, itemstest.End(1, 0), "before the header"},
		"change first":     {nil, itemstest.Change(&featurev1.ItemRows{}), "before the end mark"},
		"heartbeat first":  {nil, itemstest.Heartbeat(1), "before the end mark"},
		"two headers":      {whole[:1], whole[0], "header: a second one"},
		"two ends":         {whole, whole[2], "end: comes before the header or twice"},
		"chunk after end":  {whole, chunk(5), "after the end mark"},
		"too many":         {nil, header(5001), "item_count is 5001, expected at most 5000"},
		"nil header":       {nil, &featurev1.WatchItemsResponse{Message: &featurev1.WatchItemsResponse_Header{}}, "item_schema"},
		"no user schema":   {nil, itemstest.Header(itemSchema, nil, 1), "user_schema: fingerprint is 0"},
		"unknown dtype":    {nil, itemstest.Header(itemstest.Schema(1, itemstest.Column("x", 9)), userSchema, 1), "dtype of \"x\" is 9"},
		"no name":          {nil, itemstest.Header(itemstest.Schema(1, itemstest.Column("", 1)), userSchema, 1), "columns[0]: name is empty"},
		"name twice":       {nil, itemstest.Header(itemstest.Schema(1, itemstest.Column("x", 1), itemstest.Column("x", 1)), userSchema, 1), "\"x\" is there twice"},
		"more than said":   {[]*featurev1.WatchItemsResponse{header(1)}, chunk(1, item("a", 1, 1, 1), item("b", 1, 1, 1)), "2 items so far, the header said 1"},
		"fewer than said":  {[]*featurev1.WatchItemsResponse{header(2), chunk(1, item("a", 1, 1, 1))}, itemstest.End(1, 2), "1 items came, the header said 2"},
		"end miscounts":    {whole[:2], itemstest.End(5, 3), "the end mark says 3"},
		"item twice":       {[]*featurev1.WatchItemsResponse{header(2)}, chunk(1, item("a", 1, 1, 1), item("a", 1, 1, 1)), "1 of 2 items are there twice"},
		"version falls":    {whole, itemstest.Heartbeat(4), "version is 4 after 5"},
		"change falls":     {whole, itemstest.Change(&featurev1.ItemRows{Version: 4}), "version is 4 after 5"},
		"end falls":        {whole[:2], itemstest.End(4, 1), "version is 4 after 5"},
		"numbers missing":  {whole[:1], wrong(func(r *featurev1.ItemRows) { r.Numbers = r.Numbers[1:] }), "2 numbers for 1 items, expected 3"},
		"integers missing": {whole[:1], wrong(func(r *featurev1.ItemRows) { r.Integers = nil }), "0 integers for 1 items, expected 1"},
		"texts missing":    {whole[:1], wrong(func(r *featurev1.ItemRows) { r.Texts = nil }), "0 texts for 1 items, expected 1"},
		"statuses missing": {whole[:1], wrong(func(r *featurev1.ItemRows) { r.Statuses = r.Statuses[1:] }), "4 statuses for 1 items, expected 5"},
		"status unknown":   {whole[:1], wrong(func(r *featurev1.ItemRows) { r.Statuses[0] = 9 }), "status of \"price\" is 9"},
		"empty id":         {whole[:1], wrong(func(r *featurev1.ItemRows) { r.ItemIds[0] = "" }), "item_ids[0] has 0 bytes"},
		"long id":          {whole[:1], wrong(func(r *featurev1.ItemRows) { r.ItemIds[0] = strings.Repeat("x", 257) }), "item_ids[0] has 257 bytes"},
		"NaN":              {whole[:1], itemstest.Chunk(itemstest.Rows(itemSchema, 1, nan)), "NaN, expected a finite number"},
		"change overflows": {whole, itemstest.Change(many(5001)), "more than 5000 items"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStream()
			take(t, s, c.before...)
			if err := s.take(c.last); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func many(n int) *featurev1.ItemRows {
	items := make([]itemstest.Item, n)
	for i := range items {
		items[i] = item(fmt.Sprint(i), 1, 1, 1)
	}
	return itemstest.Rows(itemSchema, 6, items...)
}

func BenchmarkChange(b *testing.B) {
	s := &stream{maxItems: 200_000, keep: keep}
	rows := make([]itemstest.Item, 100_000)
	for i := range rows {
		rows[i] = item(fmt.Sprint("item", i), 1, 1, 1)
	}
	for _, message := range itemstest.Table(itemSchema, userSchema, 1, rows...) {
		if err := s.take(message); err != nil {
			b.Fatal(err)
		}
	}
	change := itemstest.Change(itemstest.Rows(itemSchema, 2, rows[:100]...))
	b.ReportAllocs()
	for b.Loop() {
		if err := s.take(change); err != nil {
			b.Fatal(err)
		}
	}
}
