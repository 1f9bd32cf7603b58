package binding

import (
	"slices"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

// Batch holds the tensors of one request. It is reused from request to request, so that a warm one allocates nothing;
// the zero value is ready. Not safe for concurrent use.
type Batch struct {
	// Positions are those of the candidates in the tensors, in the order of the request.
	Positions []uint32
	// Unknown counts the candidates that the table does not hold, Unscored those that lack a value without a default.
	Unknown, Unscored int
	// Defaulted counts the values that were replaced by defaults, for each feature of the model in order. A feature of the
	// user counts once.
	Defaulted []uint32

	rows    []uint32
	given   []bool // for each feature: the request gives it
	values  []values
	tensors []onnx.Tensor // the part that Slice returns
	shapes  [][2]int
}

// values is what one input is filled with.
type values struct {
	fixed  list // one row: what does not come from the item table; all of a request-level input
	filled list // a row for each candidate, of a per-item input
}

func (b *Batch) reset(bound *Binding) {
	b.Unknown, b.Unscored = 0, 0
	b.Positions, b.rows = b.Positions[:0], b.rows[:0]
	b.Defaulted = slices.Grow(b.Defaulted[:0], bound.features)[:bound.features]
	b.given = slices.Grow(b.given[:0], bound.features)[:bound.features]
	clear(b.Defaulted)
	clear(b.given)
	n := len(bound.inputs)
	b.values = slices.Grow(b.values[:0], n)[:n]
	b.tensors = slices.Grow(b.tensors[:0], n)[:n]
	b.shapes = slices.Grow(b.shapes[:0], n)[:n]
	for i, in := range bound.inputs {
		b.values[i].fixed.resize(in.Dtype, len(in.features))
	}
}

// find looks the candidates up, and leaves out those that cannot be scored.
func (b *Batch) find(bound *Binding, table *items.Table, candidates []string) {
	for i, id := range candidates {
		row, ok := table.Find(id)
		switch {
		case !ok:
			b.Unknown++
		case !table.Whole(row) && b.lacks(bound, table.Statuses(row)):
			b.Unscored++
		default:
			b.rows = append(b.rows, row)
			b.Positions = append(b.Positions, uint32(i))
		}
	}
}

// lacks reports whether an item lacks a value that neither the request nor a default replaces.
func (b *Batch) lacks(bound *Binding, statuses []byte) bool {
	for i := range bound.inputs {
		in := &bound.inputs[i]
		for _, at := range in.ofItem {
			f := &in.features[at]
			if !f.hasDefault && !schema.Present(statuses[f.column.Index]) && !b.given[in.first+at] {
				return true
			}
		}
	}
	return false
}

// Slice returns the inputs of the model for the candidates from low to high (not included), in the manifest's order.
// They are valid until the next call of Slice or Assemble.
func (b *Batch) Slice(bound *Binding, low, high int) []onnx.Tensor {
	for i := range bound.inputs {
		in, shape := &bound.inputs[i], &b.shapes[i]
		from, to, source := 0, 1, &b.values[i].fixed
		if in.PerItem {
			from, to, source = low, high, &b.values[i].filled
		}
		width := len(in.features)
		*shape = [2]int{to - from, width}
		tensor := onnx.Tensor{Shape: shape[:2]}
		if in.Flat {
			tensor.Shape = shape[:1]
		}
		if in.Dtype == onnx.Float32 {
			tensor.Floats = source.numbers[from*width : to*width]
		} else {
			tensor.Ints = source.integers[from*width : to*width]
		}
		b.tensors[i] = tensor
	}
	return b.tensors
}
