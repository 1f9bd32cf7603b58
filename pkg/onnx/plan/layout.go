package plan

import (
	"errors"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// view makes another shape of the same elements; it costs nothing at run time.
func view(c *compiler, n onnx.Node) (bool, error) {
	in, out := n.Inputs()[0], n.Outputs()[0]
	if !c.fixed(n, 1) || len(n.Outputs()) > 1 && n.Outputs()[1] >= 0 {
		return false, nil
	}
	if c.values[in].width() != c.values[out].width() || c.values[in].perRow() != c.values[out].perRow() {
		return false, errMixed
	}
	c.alias(out, in)
	return true, nil
}

// expand repeats a value. A value that is expanded to the candidates stays as it is; dimensions after the first are
// copied.
func expand(c *compiler, n onnx.Node) (bool, error) {
	in, out := n.Inputs()[0], n.Outputs()[0]
	if !c.fixed(n, 1) {
		return false, errMixed
	}
	i, o := &c.values[in], &c.values[out]
	if i.width() == o.width() && i.perRow() == o.perRow() {
		c.alias(out, in)
		return true, nil
	}
	if n.Op() != ":Expand" || i.class == rowed && (i.factor != o.factor || i.rank() != o.rank()) {
		return false, errMixed
	}
	strides := spread(o.shape, c.inner(in, out))
	table := []int32{0}
	for d, size := range o.shape {
		var next []int32
		for _, at := range table {
			for k := range size {
				next = append(next, at+int32(k*strides[d])) //nolint:gosec // shapes are bounded
			}
		}
		table = next
	}
	c.emitMove(n, in, out, table, max(o.factor, 1))
	return true, nil
}

// move emits an operator that only moves elements. Where they go is learned by running it on numbered elements, for one
// candidate and for two: it must do the same for both.
func move(c *compiler, n onnx.Node) (bool, error) {
	if !c.fixed(n, 1) {
		return false, errors.New("where it takes its elements from depends on the inputs")
	}
	in := n.Inputs()[0]
	if dtype := c.values[in].dtype; dtype != onnx.Float32 && dtype != onnx.Int64 {
		return false, nil
	}
	tables := make([][]int32, len(n.Outputs()))
	for _, candidates := range []int{1, 2} {
		results, err := c.moveNumbers(n, candidates)
		if err != nil {
			return false, err
		}
		for k, out := range n.Outputs() {
			if out < 0 {
				continue
			}
			table, ok := perCandidate(numbersOf(results[k]), candidates, c.values[in].width(), c.values[out].width())
			if !ok || tables[k] != nil && !equal(tables[k], table) {
				return false, errMixed
			}
			tables[k] = table
		}
	}
	for k, out := range n.Outputs() {
		if out >= 0 {
			c.emitMove(n, in, out, tables[k], 1)
		}
	}
	return true, nil
}

// moveNumbers runs an operator on the numbers of the elements of its first input.
func (c *compiler) moveNumbers(n onnx.Node, candidates int) ([]onnx.Tensor, error) {
	in := make([]onnx.Tensor, len(n.Inputs()))
	for k, v := range n.Inputs() {
		if v >= 0 {
			in[k] = c.values[v].at(0)
		}
	}
	v := &c.values[n.Inputs()[0]]
	shape := v.shape
	if v.class == rowed {
		shape = append([]int{candidates * v.factor}, shape...)
	}
	in[0] = numbered(v.dtype, shape)
	if in[0].Size() > maxNumbered {
		return nil, errors.New("it moves more elements than can be numbered")
	}
	out := make([]onnx.Tensor, len(n.Outputs()))
	return out, n.Run(new(onnx.Arena), in, out)
}

// maxNumbered is how many whole numbers float32 can tell apart.
const maxNumbered = 1 << 24

// numbered makes a tensor whose elements are 0, 1, 2, ...
func numbered(dtype onnx.Dtype, shape []int) onnx.Tensor {
	t := onnx.Tensor{Shape: shape}
	if dtype == onnx.Int64 {
		t.Ints = make([]int64, product(shape))
		for i := range t.Ints {
			t.Ints[i] = int64(i)
		}
		return t
	}
	t.Floats = make([]float32, product(shape))
	for i := range t.Floats {
		t.Floats[i] = float32(i)
	}
	return t
}

func numbersOf(t onnx.Tensor) []int64 {
	if t.Ints != nil {
		return t.Ints
	}
	numbers := make([]int64, len(t.Floats))
	for i, v := range t.Floats {
		numbers[i] = int64(v)
	}
	return numbers
}

// perCandidate checks that every candidate's part of the result comes from its own part of the input, in the same way, and
// returns that way.
func perCandidate(numbers []int64, candidates, widthIn, widthOut int) ([]int32, bool) {
	if len(numbers) == widthOut && candidates > 1 { // not of the candidates at all
		candidates = 1
	}
	if len(numbers) != candidates*widthOut {
		return nil, false
	}
	table := make([]int32, widthOut)
	for i := range table {
		table[i] = int32(numbers[i]) //nolint:gosec // shapes are bounded
	}
	for r := range candidates {
		for i, from := range table {
			if numbers[r*widthOut+i] != int64(r*widthIn)+int64(from) || int(from) >= widthIn {
				return nil, false
			}
		}
	}
	return table, true
}

func equal(a, b []int32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// stretch is neighbours that stay neighbours.
type stretch struct{ to, from, n int }

// emitMove emits the copying of elements by a table: for each element of a row of the result, the one it comes from.
func (c *compiler) emitMove(n onnx.Node, in, out int, table []int32, factor int) {
	var stretches []stretch
	for to, from := range table {
		if last := len(stretches) - 1; last >= 0 && stretches[last].from+stretches[last].n == int(from) {
			stretches[last].n++
			continue
		}
		stretches = append(stretches, stretch{to, int(from), 1})
	}
	stepIn, stepOut := c.values[in].width()/factor, len(table)
	if !c.values[in].perRow() && c.values[out].perRow() {
		stepIn = 0
	}
	var run instruction
	switch c.values[in].dtype {
	case onnx.Float32:
		run = moveRun(func(f *frame) ([]float32, []float32) { return f.floats[out], f.floats[in] }, stretches, table, stepIn, stepOut, factor)
	case onnx.Int64:
		run = moveRun(func(f *frame) ([]int64, []int64) { return f.ints[out], f.ints[in] }, stretches, table, stepIn, stepOut, factor)
	case onnx.String:
		run = moveRun(func(f *frame) ([]string, []string) { return f.texts[out], f.texts[in] }, stretches, table, stepIn, stepOut, factor)
	default:
		run = moveRun(func(f *frame) ([]bool, []bool) { return f.bools[out], f.bools[in] }, stretches, table, stepIn, stepOut, factor)
	}
	c.emit(n, []int{in}, []int{out}, -1, run)
}

func moveRun[T any](ends func(f *frame) (dst, src []T), stretches []stretch, table []int32, stepIn, stepOut, factor int) instruction {
	if len(stretches)*3 > len(table) { // too short for copies
		return func(f *frame, rows int) error {
			dst, src := ends(f)
			for r := range rows * factor {
				to, from := dst[r*stepOut:][:len(table)], src[r*stepIn:]
				for i, at := range table {
					to[i] = from[at]
				}
			}
			return nil
		}
	}
	return func(f *frame, rows int) error {
		dst, src := ends(f)
		for r := range rows * factor {
			to, from := dst[r*stepOut:], src[r*stepIn:]
			for _, s := range stretches {
				copy(to[s.to:s.to+s.n], from[s.from:])
			}
		}
		return nil
	}
}
