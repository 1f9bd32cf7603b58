package retrieval

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
)

// names are the columns prefix0, prefix1 and so on.
func names(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(prefix, i)
	}
	return list
}

func specOf(width int) bundle.Retrieval {
	return bundle.Retrieval{User: names("u", width), Item: names("i", width), Count: 200}
}

// feed is an item table that a test keeps current.
type feed struct {
	watcher *items.Watcher
	stream  *itemstest.Stream
	version uint64
}

// shop returns a feed of items with the given columns of numbers; tables are what Prepare saw.
func shop(t testing.TB, columns []string, rows []*featurev1.ItemRows) *feed {
	t.Helper()
	schema := &featurev1.Schema{Fingerprint: 7}
	for _, name := range columns {
		schema.Columns = append(schema.Columns, itemstest.Column(name, itemstest.Float))
	}
	source := itemstest.NewSource()
	watcher, err := items.New(items.Defaults(), items.Deps{
		Source: source, Keep: func(string) bool { return true }, Signals: telemetry.Discard(), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- watcher.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	f := &feed{watcher: watcher, stream: <-source.Opened, version: 1}
	count := uint64(0)
	for _, chunk := range rows {
		count += uint64(len(chunk.GetItemIds()))
	}
	f.stream.Send(itemstest.Header(schema, itemstest.Schema(8, itemstest.Column("u", itemstest.Float)), count))
	for _, chunk := range rows {
		f.stream.Send(itemstest.Chunk(chunk))
	}
	f.stream.Send(itemstest.End(1, count), itemstest.Heartbeat(1))
	return f
}

func (f *feed) table() *items.Table { return f.watcher.State().Table }

// change replaces or adds rows and returns the new table.
func (f *feed) change(rows *featurev1.ItemRows) *items.Table {
	f.version++
	rows.Version = f.version
	f.stream.Send(itemstest.Change(rows), itemstest.Heartbeat(f.version))
	return f.table()
}

// packed returns rows of the ids; values is row-major.
func packed(ids []string, width int, values []float32) *featurev1.ItemRows {
	return &featurev1.ItemRows{
		Version: 1, ItemIds: ids, Numbers: values,
		Statuses: slices.Repeat([]byte{byte(featurev1.ValueStatus_VALUE_STATUS_PRESENT)}, len(ids)*width),
	}
}

// vectors are row-major.
type vectors struct {
	width  int
	values []float32
}

func (v vectors) len() int            { return len(v.values) / v.width }
func (v vectors) row(i int) []float32 { return v.values[i*v.width:][:v.width] }

// table returns a table of the vectors; row i is the item named i.
func (v vectors) table(t testing.TB) *items.Table {
	t.Helper()
	return shop(t, names("i", v.width), []*featurev1.ItemRows{packed(names("", v.len()), v.width, v.values)}).table()
}

// whole are vectors of whole numbers, whose products are exact in float32 and often equal.
func whole(random *rand.Rand, n, width int) vectors {
	v := vectors{width, make([]float32, n*width)}
	for i := range v.values {
		v.values[i] = float32(random.IntN(7) - 3)
	}
	return v
}

func normal(random *rand.Rand, n, width int) vectors {
	v := vectors{width, make([]float32, n*width)}
	for i := range v.values {
		v.values[i] = float32(random.NormFloat64())
	}
	return v
}

// reference sorts the rows that wanted accepts by their products, computed in float64.
func (v vectors) reference(query []float32, count int, wanted func(row int) bool) []string {
	type scored struct {
		row     int
		product float64
	}
	var all []scored
	for i := range v.len() {
		if !wanted(i) {
			continue
		}
		product := 0.0
		for j, x := range v.row(i) {
			product += float64(x) * float64(query[j])
		}
		all = append(all, scored{i, product})
	}
	slices.SortStableFunc(all, func(a, b scored) int {
		switch {
		case a.product > b.product:
			return -1
		case a.product < b.product:
			return 1
		}
		return 0
	})
	ids := make([]string, 0, count)
	for _, each := range all[:min(count, len(all))] {
		ids = append(ids, fmt.Sprint(each.row))
	}
	return ids
}

func every(int) bool { return true }

// index returns an index of a table.
func index(t testing.TB, width int, form Form, passes int, table *items.Table) *Index {
	t.Helper()
	x := newIndex(specOf(width), form, passes)
	if err := x.Update(table); err != nil {
		t.Fatal(err)
	}
	return x
}

var forms = map[string]Form{"float32": Float32, "int8": Int8}
