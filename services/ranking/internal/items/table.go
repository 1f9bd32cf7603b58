// Package items owns the item table: the features of every item, in memory, kept current by the feature service.
//
// It knows no model; it is told the names of the features to keep.
package items

import (
	"maps"
	"slices"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

// BlockRows is how many rows are copied when one of them changes.
const BlockRows = 1024

// block holds BlockRows rows, row-major. It is not changed once a Table that holds it is published.
type block struct {
	numbers  []float32
	integers []int64
	statuses []byte
	states   [BlockRows]state
	ids      [BlockRows]string
}

// state sums the statuses of a row up.
type state uint8

const (
	gone  state = iota // the feature service has no row of the item any more, or none yet
	part               // some values are missing
	whole              // all values are present
)

func newBlock(layout *schema.Schema) *block {
	return &block{
		numbers:  make([]float32, BlockRows*layout.Count(featurev1.Dtype_DTYPE_FLOAT32)),
		integers: make([]int64, BlockRows*layout.Count(featurev1.Dtype_DTYPE_INT64)),
		statuses: make([]byte, BlockRows*len(layout.Columns())),
	}
}

func (b *block) clone() *block {
	return &block{
		numbers: slices.Clone(b.numbers), integers: slices.Clone(b.integers),
		statuses: slices.Clone(b.statuses), states: b.states, ids: b.ids,
	}
}

// Table is one version of the item table. It never changes and is safe for concurrent use.
type Table struct {
	layout       *schema.Schema
	floats, ints int // columns of each dtype
	n, live      int // rows, and those that are not gone
	version      uint64
	blocks       []*block
	index        index
}

// Schema is the layout of the rows that the table keeps. Two tables with the same layout share the pointer as long as
// one Watcher made them.
func (t *Table) Schema() *schema.Schema { return t.layout }

// Version is the feature service's number of the table.
func (t *Table) Version() uint64 { return t.version }

// Len is how many items there are.
func (t *Table) Len() int { return t.live }

// Find returns the row of an item. There is none of an item that the feature service does not have any more.
func (t *Table) Find(id string) (row uint32, ok bool) {
	row, ok = t.index.find(id)
	return row, ok && t.state(row) != gone
}

// Rows is how many rows there are, those of items that are gone included: they are numbered from 0. An item keeps its row
// from table to table of one stream.
func (t *Table) Rows() int { return t.n }

// Live reports whether the feature service still has the item of a row.
func (t *Table) Live(row uint32) bool { return t.state(row) != gone }

// ID returns the item of a row.
func (t *Table) ID(row uint32) string { return t.blocks[row/BlockRows].ids[row%BlockRows] }

// Shares reports whether the rows from number*BlockRows on, up to BlockRows of them, are those of another table of the
// same layout: nothing has changed there.
func (t *Table) Shares(other *Table, number int) bool {
	return number < len(t.blocks) && number < len(other.blocks) && t.blocks[number] == other.blocks[number]
}

func (t *Table) state(row uint32) state { return t.blocks[row/BlockRows].states[row%BlockRows] }

// Numbers returns the float32 values of a row that Find returned, in the order of the schema. Nobody may change them.
func (t *Table) Numbers(row uint32) []float32 {
	at := int(row%BlockRows) * t.floats
	return t.blocks[row/BlockRows].numbers[at : at+t.floats]
}

// Integers returns the int64 values of a row, as Numbers does the float32 values.
func (t *Table) Integers(row uint32) []int64 {
	at := int(row%BlockRows) * t.ints
	return t.blocks[row/BlockRows].integers[at : at+t.ints]
}

// Statuses returns the status of every column of a row.
func (t *Table) Statuses(row uint32) []byte {
	width := t.floats + t.ints
	at := int(row%BlockRows) * width
	return t.blocks[row/BlockRows].statuses[at : at+width]
}

// Whole reports whether every value of a row is present.
func (t *Table) Whole(row uint32) bool { return t.state(row) == whole }

// at returns the table under another version.
func (t *Table) at(version uint64) *Table {
	next := *t
	next.version = version
	return &next
}

// edit builds the next Table from one that others may be reading: it copies the blocks and the parts of the index that
// it writes to, and shares the rest.
type edit struct {
	table      Table
	ownBlocks  map[int]struct{}
	ownBuckets map[int]struct{}
}

func newEdit(from *Table) *edit {
	e := &edit{table: *from, ownBlocks: map[int]struct{}{}, ownBuckets: map[int]struct{}{}}
	e.table.blocks = slices.Clone(from.blocks)
	e.table.index = from.index.clone(from.n)
	return e
}

func newTable(layout *schema.Schema, capacity int) *Table {
	return &Table{
		layout: layout,
		floats: layout.Count(featurev1.Dtype_DTYPE_FLOAT32),
		ints:   layout.Count(featurev1.Dtype_DTYPE_INT64),
		index:  newIndex(capacity),
	}
}

// row returns the row of an item, ready to be written, and whether it is a new one.
func (e *edit) row(id string) (row uint32, added bool) {
	t := &e.table
	row, ok := t.index.find(id)
	if !ok {
		row = uint32(t.n) //nolint:gosec // the stream bounds the number of items
		if t.n%BlockRows == 0 {
			t.blocks = append(t.blocks, newBlock(t.layout))
			e.ownBlocks[t.n/BlockRows] = struct{}{}
		}
		t.n++
		e.insert(id, row)
	}
	number := int(row / BlockRows)
	if _, own := e.ownBlocks[number]; !own {
		t.blocks[number] = t.blocks[number].clone()
		e.ownBlocks[number] = struct{}{}
	}
	t.blocks[number].ids[row%BlockRows] = id
	return row, !ok
}

// mark sets the state of a row.
func (e *edit) mark(row uint32, now state) {
	t := &e.table
	if t.state(row) != gone {
		t.live--
	}
	if now != gone {
		t.live++
	}
	t.blocks[row/BlockRows].states[row%BlockRows] = now
}

func (e *edit) insert(id string, row uint32) {
	index := &e.table.index
	at := index.bucket(id)
	if _, own := e.ownBuckets[at]; !own {
		index.buckets[at] = maps.Clone(index.buckets[at])
		e.ownBuckets[at] = struct{}{}
	}
	if index.buckets[at] == nil {
		index.buckets[at] = map[string]uint32{}
	}
	index.buckets[at][id] = row
}

// done returns the finished table; the edit must not be used any more.
func (e *edit) done(version uint64) *Table {
	e.table.version = version
	table := e.table
	return &table
}
