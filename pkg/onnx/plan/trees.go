package plan

import (
	"errors"
	"fmt"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/internal/forest"
	"github.com/repli-mesh/repli/pkg/vec"
)

// trees emits the scores of an ensemble of trees.
func trees(c *compiler, n onnx.Node) (bool, error) {
	in, out := n.Inputs()[0], n.Outputs()[0]
	t, v := n.Trees(), &c.values[in]
	if t == nil || !c.float(in, out) || v.rank() != 2 || t.Transform != "NONE" && t.Transform != "LOGISTIC" {
		return false, nil
	}
	f, ok := forest.Compile(t)
	if !ok {
		return false, nil
	}
	if v.last() < f.Features() {
		return false, fmt.Errorf("input 0 has %d features, expected %d or more", v.last(), f.Features())
	}
	if v.factor > 1 && v.repeats {
		return false, errors.New("its rows are repeated in another way than for each candidate")
	}
	features, each := v.last(), c.values[out].width()/t.Scores
	logistic := t.Transform == "LOGISTIC"
	c.emit(n, []int{in}, []int{out}, -1, func(fr *frame, rows int) error {
		dst := fr.floats[out][:rows*each*t.Scores]
		f.Score(dst, fr.floats[in], rows*each, features)
		if logistic {
			vec.Sigmoid(dst, dst)
		}
		return nil
	})
	return true, nil
}
