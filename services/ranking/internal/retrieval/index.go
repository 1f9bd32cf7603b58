// Package retrieval owns the search of the whole item table for the items whose vectors have the greatest inner products with
// a user's.
//
// It is exact in both of its forms, and knows neither the model nor the wire. What of the table may be found, and where the
// vectors lie in it, it is told by the bundle.
package retrieval

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

// Form says what a search reads. The results are the same, up to the rounding of float32 sums.
type Form int

const (
	// Float32 reads every vector as it is.
	Float32 Form = iota
	// Int8 reads every vector rounded to int8, a quarter of the bytes, and then those in float32 that may be among the best.
	// It holds both.
	Int8
)

// Index is the vectors of the items, searched by any number of requests at a time. Safe for concurrent use, but for Update,
// of which one call may run at a time.
type Index struct {
	spec     bundle.Retrieval
	form     Form
	snapshot atomic.Pointer[snapshot]
	mu       sync.Mutex // guards what passes say of themselves
	passes   []*pass
	scans    sync.Pool // of *scan
}

// New returns an empty index. It makes as many passes over the table at a time as there are processors; further searches
// share them.
func New(spec bundle.Retrieval, form Form) *Index {
	return newIndex(spec, form, runtime.GOMAXPROCS(0))
}

func newIndex(spec bundle.Retrieval, form Form, passes int) *Index {
	x := &Index{spec: spec, form: form, passes: make([]*pass, passes)}
	for i := range x.passes {
		x.passes[i] = &pass{mu: &x.mu}
	}
	x.scans.New = func() any { return &scan{woken: make(chan wake, 1)} }
	return x
}

// snapshot is the vectors of one table. It never changes.
type snapshot struct {
	table  *items.Table
	places *places
	blocks []*block
	total  int // rows that may be found
}

// vector returns the vector of a row.
func (s *snapshot) vector(row uint32) []float32 {
	width := len(s.places.vector)
	return s.blocks[row/items.BlockRows].floats[int(row%items.BlockRows)*width:][:width]
}

// Update makes the vectors of a table those that searches begun from now on read. What the table shares with the one before
// is not packed again. An error says which column of the manifest the table has not, or not as numbers; searches then find
// nothing.
func (x *Index) Update(table *items.Table) error {
	old := x.snapshot.Load()
	if old != nil && old.table.Schema() != table.Schema() {
		old = nil
	}
	next := &snapshot{table: table}
	if old != nil {
		next.places = old.places
	} else {
		var err error
		if next.places, err = newPlaces(x.spec, table.Schema()); err != nil {
			x.snapshot.Store(nil)
			return err
		}
	}
	next.blocks = make([]*block, (table.Rows()+items.BlockRows-1)/items.BlockRows)
	for i := range next.blocks {
		rows := min(items.BlockRows, table.Rows()-i*items.BlockRows)
		if old != nil && i < len(old.blocks) && old.blocks[i].rows == rows && table.Shares(old.table, i) {
			next.blocks[i] = old.blocks[i]
		} else {
			next.blocks[i] = pack(table, next.places, i*items.BlockRows, rows, x.form)
		}
		next.total += rows - len(next.blocks[i].hidden)
	}
	x.snapshot.Store(next)
	return nil
}

// places is where the vector of an item lies in a row of the table.
type places struct {
	vector    []schema.Column
	available *schema.Column // nil when all are
}

func newPlaces(spec bundle.Retrieval, layout *schema.Schema) (*places, error) {
	p := &places{}
	for i, name := range spec.Item {
		column, ok := layout.Column(name)
		if !ok {
			return nil, fmt.Errorf("retrieval.item[%d]: %q is no numeric column of the items", i, name)
		}
		p.vector = append(p.vector, column)
	}
	if spec.Available != "" {
		column, ok := layout.Column(spec.Available)
		if !ok {
			return nil, fmt.Errorf("retrieval.available: %q is no numeric column of the items", spec.Available)
		}
		p.available = &column
	}
	return p, nil
}

// read writes the vector of a row, 0 for what is missing, and reports whether the row may be found: whether there is such an
// item, available, with a part of its vector at least.
func (p *places) read(table *items.Table, row uint32, into []float32) bool {
	statuses, found := table.Statuses(row), false
	for i, column := range p.vector {
		into[i] = 0
		if schema.Present(statuses[column.Index]) {
			into[i], found = number(table, row, column), true
		}
	}
	if p.available != nil {
		found = found && schema.Present(statuses[p.available.Index]) && number(table, row, *p.available) > 0
	}
	return found && table.Live(row)
}

func number(table *items.Table, row uint32, column schema.Column) float32 {
	if column.Dtype == featurev1.Dtype_DTYPE_INT64 {
		return float32(table.Integers(row)[column.Place])
	}
	return table.Numbers(row)[column.Place]
}
