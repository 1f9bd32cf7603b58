package onnx

import "fmt"

// nest is a loop nest over a shape in row-major order that moves up to three operands by their own strides. Adjacent
// dimensions that every operand passes through evenly are merged, so that most operators run one long row.
type nest struct {
	rank    int
	dims    [maxRank + 1]int
	strides [3][maxRank + 1]int
}

// newNest makes a nest over shape, where strides has one list for each operand, as long as shape. maxRank bounds shape.
func newNest(shape []int, strides ...[maxRank]int) nest {
	n := nest{}
	for d, size := range shape {
		if size == 1 {
			continue
		}
		if n.rank > 0 && n.merges(d, size, strides) {
			n.dims[n.rank-1] *= size
		} else {
			n.dims[n.rank] = size
			n.rank++
		}
		for k := range strides {
			n.strides[k][n.rank-1] = strides[k][d]
		}
	}
	if n.rank == 0 {
		n.dims[0], n.rank = 1, 1
	}
	return n
}

// merges reports whether dimension d continues the one before it for every operand.
func (n *nest) merges(d, size int, strides [][maxRank]int) bool {
	for k := range strides {
		if n.strides[k][n.rank-1] != strides[k][d]*size {
			return false
		}
	}
	return true
}

// row returns the length of the innermost loop and step the strides in it.
func (n *nest) row() int       { return n.dims[n.rank-1] }
func (n *nest) step(k int) int { return n.strides[k][n.rank-1] }

// each calls visit for each row with the number of elements before it and the offset of each operand.
func (n *nest) each(visit func(at int, offsets [3]int)) {
	for _, size := range n.dims[:n.rank] {
		if size == 0 {
			return
		}
	}
	var index [maxRank + 1]int
	var offsets [3]int
	for at := 0; ; at += n.row() {
		visit(at, offsets)
		d := n.rank - 2
		for ; d >= 0; d-- {
			index[d]++
			for k := range offsets {
				offsets[k] += n.strides[k][d]
			}
			if index[d] < n.dims[d] {
				break
			}
			for k := range offsets {
				offsets[k] -= n.strides[k][d] * n.dims[d]
			}
			index[d] = 0
		}
		if d < 0 {
			return
		}
	}
}

// rowMajor returns the strides of a dense tensor.
func rowMajor(shape []int) (strides [maxRank]int) {
	stride := 1
	for d := len(shape) - 1; d >= 0; d-- {
		strides[d] = stride
		stride *= shape[d]
	}
	return strides
}

// spread returns the strides of a dense tensor of a shape that is broadcast to another: 0 where it is repeated.
func spread(shape, to []int) (strides [maxRank]int) {
	own := rowMajor(shape)
	for d := range shape {
		if shape[d] != 1 {
			strides[len(to)-len(shape)+d] = own[d]
		}
	}
	return strides
}

// broadcast returns the common shape of two by NumPy's rules.
func broadcast(mem *Arena, a, b []int) ([]int, error) {
	if len(a) < len(b) {
		a, b = b, a
	}
	shape := mem.shape(a...)
	for i, d := range b {
		at := len(a) - len(b) + i
		switch {
		case shape[at] == d || d == 1:
		case shape[at] == 1:
			shape[at] = d
		default:
			return nil, fmt.Errorf("shapes %v and %v do not broadcast", a, b)
		}
	}
	return shape, nil
}
