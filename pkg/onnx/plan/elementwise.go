package plan

import (
	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/vec"
)

// binaryOp is an operator of two operands, in the three forms that broadcasting leads to.
type binaryOp struct {
	both   func(dst, a, b []float32)
	second func(dst, a []float32, b float32) // b is one number
	first  func(dst []float32, a float32, b []float32)
}

var binaries = map[string]binaryOp{
	":Add": {vec.Add, vec.AddScalar, swapped(vec.AddScalar)},
	":Sub": {vec.Sub, vec.SubScalar, func(dst []float32, a float32, b []float32) { vec.ScalarSub(dst, b, a) }},
	":Mul": {vec.Mul, vec.MulScalar, swapped(vec.MulScalar)},
	":Div": {vec.Div, vec.DivScalar, func(dst []float32, a float32, b []float32) { vec.ScalarDiv(dst, b, a) }},
	":Min": {vec.Min, vec.MinScalar, swapped(vec.MinScalar)},
	":Max": {vec.Max, vec.MaxScalar, swapped(vec.MaxScalar)},
}

func swapped(f func(dst, a []float32, s float32)) func(dst []float32, a float32, b []float32) {
	return func(dst []float32, a float32, b []float32) { f(dst, b, a) }
}

// binary emits an operator of two float32 operands.
func binary(c *compiler, n onnx.Node, op binaryOp) (bool, error) {
	if len(n.Inputs()) != 2 || !c.float(n.Inputs()...) {
		return false, nil
	}
	a, b, out := n.Inputs()[0], n.Inputs()[1], n.Outputs()[0]
	if err := c.aligned(out, a, b); err != nil {
		return false, err
	}
	if n.Op() == ":Add" && (c.addBias(n, a, b, out) || c.addBias(n, b, a, out)) {
		return true, nil
	}
	return true, c.binary(n, op, a, b, out)
}

// binary emits an operation of two operands; where one is a concatenation and the other a constant, it is the
// concatenation of the operations too.
func (c *compiler) binary(n onnx.Node, op binaryOp, a, b, out int) error {
	if c.values[a].parts != nil && c.isRow(b, a) {
		c.byParts(out, a, func(part, from, into int) { c.emitBinary(n, op, part, c.cut(b, from, c.values[part].width()), into) })
	} else if c.values[b].parts != nil && c.isRow(a, b) {
		c.byParts(out, b, func(part, from, into int) { c.emitBinary(n, op, c.cut(a, from, c.values[part].width()), part, into) })
	}
	c.emitBinary(n, op, a, b, out)
	return nil
}

// aligned checks that operands broadcast to a result candidate by candidate: the first dimensions must meet.
func (c *compiler) aligned(out int, operands ...int) error {
	o := &c.values[out]
	if o.class != rowed {
		return nil
	}
	for _, number := range operands {
		v := &c.values[number]
		switch {
		case v.class == rowed && (v.rank() != o.rank() || v.factor != o.factor):
			return errMixed
		case v.class == rowed && v.repeats && v.factor != 1:
			return errMixed
		case v.class == extent:
			return errMixed
		case v.class != rowed && v.rank() == o.rank() && v.shape[0] != 1:
			return errMixed
		}
	}
	return nil
}

// operand is how an instruction walks over one side of a broadcast.
type operand struct {
	value  int
	perRow bool
	width  int  // elements a row
	single bool // one element stands for a whole run
}

// emitBinary emits the loops of one operation.
func (c *compiler) emitBinary(n onnx.Node, op binaryOp, a, b, out int) {
	o := &c.values[out]
	shape := o.shape
	sa, sb := c.inner(a, out), c.inner(b, out)
	runs, length, oneA, oneB := broadcastRuns(shape, sa, sb)
	x := operand{value: a, perRow: c.values[a].perRow(), width: product(sa), single: oneA}
	y := operand{value: b, perRow: c.values[b].perRow(), width: product(sb), single: oneB}
	factor := max(o.factor, 1)
	inPlace := -1
	switch {
	case sameShape(&c.values[a], o) && x.perRow == o.perRow():
		inPlace = a
	case sameShape(&c.values[b], o) && y.perRow == o.perRow():
		inPlace = b
	}
	var run instruction
	if x, y, ok := flat(x, y, o.perRow(), len(runs)); ok {
		run = flatRun(op, x, y, out, length*factor)
	} else {
		run = nestedRun(op, x, y, out, runs, length, factor)
	}
	c.emit(n, []int{a, b}, []int{out}, inPlace, run)
}

// inner is the shape of an operand without the first dimension of the result.
func (c *compiler) inner(v, out int) []int {
	shape := c.values[v].shape
	if c.values[v].class != rowed && c.values[out].class == rowed && len(shape) > len(c.values[out].shape) {
		return shape[1:]
	}
	return shape
}

// flat reports whether one call can do all rows at once, and how its operands then look.
func flat(x, y operand, perRow bool, runs int) (operand, operand, bool) {
	if runs != 1 {
		return x, y, false
	}
	if !perRow {
		return x, y, true
	}
	if x.perRow && x.width == 1 && (!y.perRow || y.width == 1) { // [N,1] with [N,1], or with one number
		x.single = false
	}
	if y.perRow && y.width == 1 && (!x.perRow || x.width == 1) {
		y.single = false
	}
	ok := x.perRow != x.single && y.perRow != y.single
	return x, y, ok
}

func flatRun(op binaryOp, x, y operand, out, width int) instruction {
	a, b := x.value, y.value
	switch {
	case x.single && !y.single:
		return func(f *frame, rows int) error {
			op.first(f.floats[out][:rows*width], f.floats[a][0], f.floats[b][:rows*width])
			return nil
		}
	case y.single && !x.single:
		return func(f *frame, rows int) error {
			op.second(f.floats[out][:rows*width], f.floats[a][:rows*width], f.floats[b][0])
			return nil
		}
	default:
		return func(f *frame, rows int) error {
			op.both(f.floats[out][:rows*width], f.floats[a][:rows*width], f.floats[b][:rows*width])
			return nil
		}
	}
}

// nestedRun does one run at a time: factor rows a candidate, each of the runs that the broadcast consists of.
func nestedRun(op binaryOp, x, y operand, out int, runs []pair, length, factor int) instruction {
	width := length * len(runs)
	return func(f *frame, rows int) error {
		dst, a, b := f.floats[out], f.floats[x.value], f.floats[y.value]
		stepA, stepB := 0, 0
		if x.perRow {
			stepA = x.width
		}
		if y.perRow {
			stepB = y.width
		}
		for r := range rows * factor {
			to := dst[r*width : (r+1)*width]
			for i, run := range runs {
				span := to[i*length : (i+1)*length]
				fromA, fromB := a[r*stepA+run.a:], b[r*stepB+run.b:]
				switch {
				case x.single && y.single:
					op.both(span, fromA[:1], fromB[:1])
				case x.single:
					op.first(span, fromA[0], fromB[:length])
				case y.single:
					op.second(span, fromA[:length], fromB[0])
				default:
					op.both(span, fromA[:length], fromB[:length])
				}
			}
		}
		return nil
	}
}

// pair is where a run begins in two operands.
type pair struct{ a, b int }

// broadcastRuns cuts a row of a result into runs along which each operand moves evenly or stands still.
func broadcastRuns(shape, a, b []int) (runs []pair, length int, oneA, oneB bool) {
	stridesA, stridesB := spread(shape, a), spread(shape, b)
	length = 1
	d := len(shape) - 1
	for ; d >= 0 && shape[d] == 1; d-- { // dimensions of one element take no part
	}
	movesA, movesB := false, false
	if d >= 0 {
		movesA, movesB = stridesA[d] != 0, stridesB[d] != 0
	}
	for ; d >= 0; d-- {
		if shape[d] > 1 && (stridesA[d] != 0) != movesA || shape[d] > 1 && (stridesB[d] != 0) != movesB {
			break
		}
		length *= shape[d]
	}
	runs = []pair{{}}
	for outer := range d + 1 {
		var next []pair
		for _, r := range runs {
			for i := range shape[outer] {
				next = append(next, pair{r.a + i*stridesA[outer], r.b + i*stridesB[outer]})
			}
		}
		runs = next
	}
	return runs, length, !movesA, !movesB
}

// spread returns the strides of a dense operand that is broadcast to a shape: 0 where it is repeated.
func spread(shape, own []int) []int {
	strides := make([]int, len(shape))
	stride := 1
	for i := range own {
		d := len(own) - 1 - i
		if own[d] != 1 {
			strides[len(shape)-1-i] = stride
		}
		stride *= own[d]
	}
	return strides
}
