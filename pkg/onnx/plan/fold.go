package plan

import (
	"slices"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// extents are the sizes of N at which values that depend on N alone are computed: whatever is equal at both is constant.
var extents = [2]int{1009, 2003}

// shapeOf makes an extent of the dimensions of a value.
func (c *compiler) shapeOf(n onnx.Node) error {
	in, out := &c.values[n.Inputs()[0]], &c.values[n.Outputs()[0]]
	if in.class == extent {
		return c.fold(n, extent)
	}
	var results [2]onnx.Tensor
	for i, size := range extents {
		var dims []int64
		if in.class == rowed {
			dims = append(dims, int64(in.factor*size))
		}
		for _, d := range in.shape {
			dims = append(dims, int64(d))
		}
		from, to := bounds(n.Int("start", 0), len(dims)), bounds(n.Int("end", 1<<31), len(dims))
		dims = dims[from:max(from, to)]
		results[i] = onnx.Tensor{Shape: []int{len(dims)}, Ints: append([]int64{}, dims...)}
	}
	c.setExtent(n.Outputs()[0], out, results)
	return nil
}

// bounds converts an index, which may count from the end, to 0..size.
func bounds(i int64, size int) int {
	if i < 0 {
		i += int64(size)
	}
	return int(min(max(i, 0), int64(size)))
}

// maxFolded and maxFoldedWork bound what is computed at compile time, so that a small file cannot ask for much memory or time: the
// elements of all results together, and the elementary products and look-ups.
const (
	maxFolded     = 1 << 24
	maxFoldedWork = 1 << 32
)

// fold computes an operator that depends on nothing, or on N alone.
func (c *compiler) fold(n onnx.Node, worst class) error {
	var results [2][]onnx.Tensor
	for i := range extents {
		in := make([]onnx.Tensor, len(n.Inputs()))
		for k, v := range n.Inputs() {
			if v >= 0 {
				in[k] = c.values[v].at(i)
			}
		}
		results[i] = make([]onnx.Tensor, len(n.Outputs()))
		var mem onnx.Arena
		mem.Bound(c.elements, c.work)
		if err := n.Run(&mem, in, results[i]); err != nil {
			return err
		}
		c.elements, c.work = mem.Left()
	}
	for k, v := range n.Outputs() {
		if v < 0 {
			continue
		}
		c.setExtent(v, &c.values[v], [2]onnx.Tensor{results[0][k], results[1][k]})
	}
	return nil
}

// at returns the tensor of a constant or an extent at one of the sizes.
func (v *value) at(i int) onnx.Tensor {
	if v.class == extent {
		return v.probes[i]
	}
	return v.known
}

// setExtent stores a value that depends on N at most.
func (c *compiler) setExtent(number int, v *value, at [2]onnx.Tensor) {
	if !same(at[0], at[1]) {
		v.class, v.dtype, v.probes = extent, at[0].Dtype(), at
		return
	}
	c.setConstant(number, at[0])
}

func same(a, b onnx.Tensor) bool {
	return slices.Equal(a.Shape, b.Shape) && slices.Equal(a.Ints, b.Ints) && slices.Equal(a.Bools, b.Bools) && slices.Equal(a.Strings, b.Strings) &&
		slices.EqualFunc(a.Floats, b.Floats, func(x, y float32) bool { return x == y || x != x && y != y })
}
