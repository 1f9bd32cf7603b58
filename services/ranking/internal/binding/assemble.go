package binding

import (
	"slices"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

// Request is what a batch is filled from.
type Request struct {
	// User is a row that the binding's user schema describes and has checked; nil means that nothing is known.
	User *featurev1.Row
	// Given are features of the request; they take precedence. Names that the model does not have are ignored.
	Given map[string]*repliv1.RequestFeature
	// Candidates are item ids.
	Candidates []string
	// Table has rows that the binding's item schema describes.
	Table *items.Table
}

// Assemble fills the batch. It returns a fault: INVALID_ARGUMENT for a given feature that the model's dtype cannot hold,
// and FAILED_PRECONDITION with NO_DEFAULT for a missing value, of the user or of the request, without a default.
func (b *Binding) Assemble(request Request, into *Batch) error {
	into.reset(b)
	for i := range b.inputs {
		if err := b.inputs[i].fix(request, into, &into.values[i].fixed); err != nil {
			return err
		}
	}
	into.find(b, request.Table, request.Candidates)
	for i := range b.inputs {
		in, v := &b.inputs[i], &into.values[i]
		if !in.PerItem {
			continue
		}
		v.filled.resize(in.Dtype, len(in.features)*len(into.rows))
		if in.Dtype == onnx.Float32 {
			fill(in, request.Table, into, (*items.Table).Numbers, v.fixed.numbers, v.filled.numbers)
		} else {
			fill(in, request.Table, into, (*items.Table).Integers, v.fixed.integers, v.filled.integers)
		}
	}
	return nil
}

// fix sets the values that are the same for all candidates, and the defaults of the others.
func (in *input) fix(request Request, batch *Batch, out *list) error {
	for i := range in.features {
		f := &in.features[i]
		if len(request.Given) > 0 {
			if given, ok := request.Given[f.name]; ok {
				value, err := convert(given, in.Dtype)
				if err != nil {
					return fault.Invalid("request_features."+f.name, "%w", err)
				}
				out.set(in.Dtype, i, value)
				batch.given[in.first+i] = true
				continue
			}
		}
		if f.from == fromUser && request.User != nil && schema.Present(request.User.GetStatuses()[f.column.Index]) {
			out.set(in.Dtype, i, read(f.column, request.User))
			continue
		}
		out.set(in.Dtype, i, f.fallback)
		if f.from == fromItem {
			continue
		}
		if !f.hasDefault {
			return fault.New(fault.NotReady, "NO_DEFAULT", "feature %q is missing and the manifest has no default", f.name)
		}
		batch.Defaulted[in.first+i]++
	}
	return nil
}

// fill writes one row for each candidate.
func fill[T float32 | int64](
	in *input, table *items.Table, batch *Batch, stored func(*items.Table, uint32) []T, fixed, filled []T,
) {
	given := slices.Contains(batch.given[in.first:][:len(in.features)], true)
	width := len(in.features)
	for i, number := range batch.rows {
		out := filled[i*width:][:width]
		if in.mixed {
			copy(out, fixed)
		}
		values := stored(table, number)
		for _, r := range in.runs {
			copy(out[r.to:][:r.n], values[r.from:])
		}
		for _, r := range in.casts {
			out[r.to] = T(table.Integers(number)[r.from])
		}
		if !table.Whole(number) || given {
			replace(in, table.Statuses(number), batch, fixed, out)
		}
	}
}

// replace puts what the request gives, and the defaults of missing values, in place of the item's own.
func replace[T float32 | int64](in *input, statuses []byte, batch *Batch, fixed, out []T) {
	for _, at := range in.ofItem {
		given := batch.given[in.first+at]
		if !given && schema.Present(statuses[in.features[at].column.Index]) {
			continue
		}
		out[at] = fixed[at]
		if !given {
			batch.Defaulted[in.first+at]++
		}
	}
}
