package plan

import (
	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/vec"
)

// reducedRows returns the length of the rows that an operator works on if these are the last dimensions, and not the
// candidates.
func (c *compiler) reducedRows(in int, axes []int64) (int, bool) {
	v := &c.values[in]
	length, rank := 1, v.rank()
	set := map[int]bool{}
	for _, at := range axes {
		set[v.axis(at)] = true
	}
	for d := rank - len(set); d < rank; d++ {
		if !set[d] || d == 0 && v.class == rowed {
			return 0, false
		}
		length *= v.shape[d-rank+len(v.shape)]
	}
	return length, len(set) > 0
}

// reduceRows emits sums, means and maxima along the last dimensions.
func reduceRows(c *compiler, n onnx.Node) (bool, error) {
	in, out := n.Inputs()[0], n.Outputs()[0]
	axes := n.Ints("axes")
	if len(n.Inputs()) > 1 && n.Inputs()[1] >= 0 {
		var ok bool
		if axes, ok = c.values[n.Inputs()[1]].ints(); !ok {
			return false, errMixed
		}
	}
	length, ok := c.reducedRows(in, axes)
	if !ok || length == 0 || !c.float(in) {
		return false, nil
	}
	width := c.values[out].width()
	reduce := map[string]func(a []float32) float32{
		":ReduceSum": vec.Sum, ":ReduceMax": vec.MaxOf,
		":ReduceMean": func(a []float32) float32 { return vec.Sum(a) / float32(length) },
	}[n.Op()]
	c.emit(n, []int{in}, []int{out}, -1, func(f *frame, rows int) error {
		dst, src := f.floats[out][:rows*width], f.floats[in]
		for i := range dst {
			dst[i] = reduce(src[i*length : (i+1)*length])
		}
		return nil
	})
	return true, nil
}

// softmax emits the function over the last dimension, or over all dimensions from axis on before operator set 13.
func softmax(c *compiler, n onnx.Node) (bool, error) {
	in, out := n.Inputs()[0], n.Outputs()[0]
	old := n.Opset() < 13
	axis := n.Int("axis", map[bool]int64{true: 1, false: -1}[old])
	axes := []int64{axis}
	for d := c.values[in].axis(axis) + 1; old && d < c.values[in].rank(); d++ {
		axes = append(axes, int64(d))
	}
	length, ok := c.reducedRows(in, axes)
	if !ok || length == 0 {
		return false, nil
	}
	width := c.values[out].width()
	c.emit(n, []int{in}, []int{out}, rowsInPlace(in, length), func(f *frame, rows int) error {
		vec.SoftmaxRows(f.floats[out][:rows*width], f.floats[in][:rows*width], length)
		return nil
	})
	return true, nil
}

// layerNormalization emits the result alone, with a scale and a bias for each element of a row.
func layerNormalization(c *compiler, n onnx.Node) (bool, error) {
	in, out := n.Inputs()[0], n.Outputs()[0]
	var axes []int64
	for d := c.values[in].axis(n.Int("axis", -1)); d < c.values[in].rank(); d++ {
		axes = append(axes, int64(d))
	}
	length, ok := c.reducedRows(in, axes)
	scale, bias := n.Inputs()[1], -1
	if len(n.Inputs()) > 2 {
		bias = n.Inputs()[2]
	}
	for k, v := range n.Outputs() {
		ok = ok && (k == 0 || v < 0)
	}
	if !ok || length == 0 || c.values[scale].class != constant || c.values[scale].width() != length ||
		bias >= 0 && (c.values[bias].class != constant || c.values[bias].width() != length) {
		return false, nil
	}
	if bias < 0 {
		zeros := onnx.Tensor{Shape: []int{length}, Floats: make([]float32, length)}
		bias = c.fresh(value{class: constant, dtype: onnx.Float32, shape: zeros.Shape, known: zeros})
	}
	width, epsilon := c.values[out].width(), n.Float("epsilon", 1e-5)
	c.emit(n, []int{in, scale, bias}, []int{out}, rowsInPlace(in, length), func(f *frame, rows int) error {
		vec.NormalizeRows(f.floats[out][:rows*width], f.floats[in][:rows*width], f.floats[scale], f.floats[bias], epsilon)
		return nil
	})
	return true, nil
}

// rowsInPlace returns the operand of an operator on whole rows that its result may take the place of, or -1. Rows that are no whole
// vectors are better not done in place: the last store to one reaches into the vector that the next is loaded with, and holds it up.
func rowsInPlace(in, length int) int {
	if length%align != 0 {
		return -1
	}
	return in
}
