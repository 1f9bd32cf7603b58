package plan

import (
	"slices"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// place is where a value lies in the memory of its dtype, in elements; size is 0 for a value that needs none.
type place struct{ at, size int }

// align keeps buffers on cache lines of float32.
const align = 16

// layout gives every value that an instruction writes its place. What is computed once a call keeps its place; what is
// computed for each block gives it back after its last reader.
func (c *compiler) layout(code []operation, output, rows int) ([]place, map[onnx.Dtype]int) {
	places := make([]place, len(c.values))
	space := map[onnx.Dtype]int{}
	free := map[onnx.Dtype][]place{}
	last := c.lastReads(code, output)
	for at, op := range code {
		for k, v := range op.writes {
			value := &c.values[v]
			size := (c.size(v, rows) + align - 1) / align * align
			if k == 0 && op.inPlace >= 0 {
				if from := c.values[op.inPlace].root; !op.once && last[from] == at && places[from].size == size && c.perBlock(from) {
					places[v] = places[from]
					last[from] = -1 // its place has a new owner
					continue
				}
			}
			if op.once {
				places[v] = extend(space, value.dtype, size)
				continue
			}
			places[v] = fit(free, space, value.dtype, size)
		}
		for root, end := range last {
			if end == at && places[root].size > 0 && c.perBlock(root) {
				free[c.values[root].dtype] = append(free[c.values[root].dtype], places[root])
			}
		}
	}
	return places, space
}

// size is the number of elements that a value needs in memory.
func (c *compiler) size(v, rows int) int {
	width := c.values[v].width()
	if c.values[v].perRow() {
		return rows * width
	}
	return width
}

// perBlock reports whether a value is computed anew for each block.
func (c *compiler) perBlock(v int) bool { return c.values[v].perRow() }

// lastReads returns for each value that owns memory the position of the last instruction that touches it.
func (c *compiler) lastReads(code []operation, output int) map[int]int {
	last := map[int]int{}
	for at, op := range code {
		for _, v := range op.writes {
			last[c.values[v].root] = at
		}
		for _, v := range op.reads {
			last[c.values[v].root] = at
		}
	}
	last[c.values[output].root] = len(code)
	return last
}

func extend(space map[onnx.Dtype]int, dtype onnx.Dtype, size int) place {
	p := place{at: space[dtype], size: size}
	space[dtype] += size
	return p
}

// fit takes the smallest free place that is large enough; the rest of it stays free.
func fit(free map[onnx.Dtype][]place, space map[onnx.Dtype]int, dtype onnx.Dtype, size int) place {
	best := -1
	for i, p := range free[dtype] {
		if p.size >= size && (best < 0 || p.size < free[dtype][best].size) {
			best = i
		}
	}
	if best < 0 {
		return extend(space, dtype, size)
	}
	p := free[dtype][best]
	if rest := (place{at: p.at + size, size: p.size - size}); rest.size > 0 {
		free[dtype][best] = rest
	} else {
		free[dtype] = slices.Delete(free[dtype], best, best+1)
	}
	return place{at: p.at, size: size}
}

// live drops the instructions whose results nobody reads.
func (c *compiler) live(output int) []operation {
	needed := map[int]bool{c.values[output].root: true}
	var code []operation
	for i := len(c.code) - 1; i >= 0; i-- {
		op := c.code[i]
		if !slices.ContainsFunc(op.writes, func(v int) bool { return needed[c.values[v].root] }) {
			continue
		}
		for _, v := range op.reads {
			needed[c.values[v].root] = true
		}
		code = append(code, op)
	}
	slices.Reverse(code)
	return code
}
