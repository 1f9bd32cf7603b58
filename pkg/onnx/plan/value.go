package plan

import (
	"slices"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// class says what a value depends on.
type class uint8

const (
	nothing  class = iota // not computed: an output that nobody asks for
	constant              // on nothing
	extent                // on N alone
	uniform               // on the inputs of the request
	rowed                 // on the candidate
)

// value is what the compiler knows of a value of the graph.
type value struct {
	class class
	dtype onnx.Dtype
	// shape is the whole shape; of a rowed value it is what follows the first dimension, which is factor * N.
	shape  []int
	factor int
	// repeats: rowed by its shape, but every row is the same; only one is stored.
	repeats bool
	// known is the tensor of a constant; of an extent there is one for each of the probes.
	known  onnx.Tensor
	probes [2]onnx.Tensor
	// root is the value whose memory this one shares; itself if it has its own.
	root int
	// parts are the values of which it is the concatenation along the last dimension, if it is one.
	parts []int
}

// width is the number of elements that one candidate has, or that the whole value has if it is not rowed.
func (v *value) width() int {
	if v.class == rowed {
		return v.factor * product(v.shape)
	}
	return product(v.shape)
}

// perRow reports whether each candidate has elements of its own in memory.
func (v *value) perRow() bool { return v.class == rowed && !v.repeats }

// rank is the number of dimensions, N included.
func (v *value) rank() int {
	if v.class == rowed {
		return len(v.shape) + 1
	}
	return len(v.shape)
}

// last is the size of the last dimension that is not N, 1 if there is none.
func (v *value) last() int {
	if len(v.shape) == 0 {
		return 1
	}
	return v.shape[len(v.shape)-1]
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// scalar returns the single element of a constant.
func (v *value) scalar() (float32, bool) {
	if v.class != constant || len(v.known.Floats) != 1 {
		return 0, false
	}
	return v.known.Floats[0], true
}

// ints returns the elements of an integer constant.
func (v *value) ints() ([]int64, bool) {
	return v.known.Ints, v.class == constant && v.dtype == onnx.Int64
}

// axis converts an axis, which may count from the end, to a dimension of v, N included.
func (v *value) axis(at int64) int {
	if at < 0 {
		at += int64(v.rank())
	}
	return int(at)
}

// sameRows reports whether two values have the same shape, N included.
func sameShape(a, b *value) bool {
	return a.class == b.class && a.factor == b.factor && slices.Equal(a.shape, b.shape)
}
