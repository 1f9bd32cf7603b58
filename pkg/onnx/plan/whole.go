package plan

import (
	"context"
	"fmt"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// whole makes a plan that runs the graph operator by operator over all candidates.
func (c *compiler) whole(output int, reason error) *Plan {
	p := &Plan{graph: c.graph, perItem: c.perItem, output: output, values: c.values, reason: reason.Error()}
	p.frames.New = func() any { return new(onnx.Arena) }
	return p
}

func (p *Plan) runWhole(ctx context.Context, inputs []onnx.Tensor, out []float32) error {
	mem := p.frames.Get().(*onnx.Arena)
	defer p.frames.Put(mem)
	mem.Reset()
	values, err := p.graph.Evaluate(ctx, mem, inputs)
	if err != nil {
		return err
	}
	scores := values[p.output].Floats
	if len(scores) != len(out) {
		return fmt.Errorf("plan: room for %d scores, the model gives %d", len(out), len(scores))
	}
	copy(out, scores)
	return nil
}
