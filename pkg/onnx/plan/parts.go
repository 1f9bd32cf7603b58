package plan

import (
	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/vec"
)

// A concatenation of rows remembers its parts, so that what follows can be done part by part: the part of the user is then
// the same for all candidates and is calculated once. The whole is emitted too; it is dropped if nobody reads it.

// byParts gives a result the parts that emit computes from those of an operand: part is where a part is found, from its
// first column, into where the result goes.
func (c *compiler) byParts(out, of int, emit func(part, from, into int)) {
	from := 0
	var parts []int
	for _, part := range c.values[of].parts {
		v := c.values[part]
		v.parts = nil
		v.known = onnx.Tensor{}
		into := c.fresh(v)
		emit(part, from, into)
		parts = append(parts, into)
		from += v.width()
	}
	c.values[out].parts = parts
}

// isRow reports whether a value is a constant with one number for all columns of a concatenation, or one for each.
func (c *compiler) isRow(v, of int) bool {
	row := &c.values[v]
	return row.class == constant && (row.width() == 1 || row.width() == c.values[of].last() && row.last() == row.width())
}

// cut returns the columns of a constant row that belong to a part; one number is for all.
func (c *compiler) cut(v, from, width int) int {
	row := c.values[v].known.Floats
	if len(row) == 1 {
		return v
	}
	return c.fresh(value{
		class: constant, dtype: onnx.Float32, shape: []int{width},
		known: onnx.Tensor{Shape: []int{width}, Floats: row[from : from+width]},
	})
}

// concat emits a concatenation of float32 along any dimension but the candidates.
func concat(c *compiler, n onnx.Node) (bool, error) {
	out := n.Outputs()[0]
	o := &c.values[out]
	axis := o.axis(n.Int("axis", 0))
	if o.class == rowed {
		if axis == 0 {
			return false, errMixed
		}
		axis--
	}
	if !c.float(n.Inputs()...) {
		return false, nil
	}
	outer := max(o.factor, 1) * product(o.shape[:axis])
	var parts []int
	pieces := make([]operand, 0, len(n.Inputs()))
	for _, v := range n.Inputs() {
		part := &c.values[v]
		if part.class == extent || (part.class == rowed) != (o.class == rowed) || part.repeats && part.factor > 1 {
			return false, errMixed
		}
		pieces = append(pieces, operand{value: v, perRow: part.perRow(), width: product(part.shape[axis:])})
		if part.parts != nil {
			parts = append(parts, part.parts...)
		} else {
			parts = append(parts, v)
		}
	}
	if o.class == rowed && len(o.shape) == 1 && o.factor == 1 {
		o.parts = parts
	}
	c.emit(n, n.Inputs(), []int{out}, -1, concatRun(pieces, out, product(o.shape[axis:]), outer))
	return true, nil
}

// concatRun copies one piece after the other, each for all rows.
func concatRun(pieces []operand, out, width, outer int) instruction {
	return func(f *frame, rows int) error {
		at := 0
		for _, p := range pieces {
			dst, src := f.floats[out], f.floats[p.value]
			if p.perRow {
				vec.CopyRows(dst[at:], src, rows*outer, p.width, width, p.width)
			} else { // the same for all candidates
				for i := range outer {
					vec.CopyRows(dst[i*width+at:], src[i*p.width:], rows, p.width, width*outer, 0)
				}
			}
			at += p.width
		}
		return nil
	}
}
