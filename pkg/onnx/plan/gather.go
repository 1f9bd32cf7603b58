package plan

import (
	"fmt"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// gather emits look-ups in a table by the numbers of the candidates; with constant numbers it only moves elements.
func gather(c *compiler, n onnx.Node) (bool, error) {
	if c.fixed(n, 1) {
		return move(c, n)
	}
	data, index, out := n.Inputs()[0], n.Inputs()[1], n.Outputs()[0]
	table := &c.values[data]
	if table.class == rowed || table.class == extent {
		return false, errMixed
	}
	if !c.float(data) || c.values[index].dtype != onnx.Int64 || n.Int("axis", 0) != 0 || len(table.shape) == 0 {
		return false, nil
	}
	size, width := table.shape[0], product(table.shape[1:])
	perRow := c.values[index].width()
	c.emit(n, []int{data, index}, []int{out}, -1, func(f *frame, rows int) error {
		dst, src := f.floats[out], f.floats[data]
		for i, at := range f.ints[index][:rows*perRow] {
			if at < 0 {
				at += int64(size)
			}
			if at < 0 || at >= int64(size) {
				return fmt.Errorf("index %d is out of range for dimension 0 of %v", f.ints[index][i], table.shape)
			}
			copy(dst[i*width:(i+1)*width], src[int(at)*width:])
		}
		return nil
	})
	return true, nil
}
