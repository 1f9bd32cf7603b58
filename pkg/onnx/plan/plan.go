package plan

import (
	"context"
	"fmt"
	"sync"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// Plan is a compiled model. It never changes after Compile and is safe for concurrent use.
type Plan struct {
	graph   *onnx.Graph
	perItem []bool
	reason  string // why it does not work in blocks; empty if it does
	output  int
	values  []value

	once, each      []step
	places          []place
	space           map[onnx.Dtype]int
	views           [][]int // by input: the values that lie in its memory
	widest, scratch int
	frames          sync.Pool // of *frame, or of *whole
}

// step is an instruction as it runs.
type step struct {
	label string
	run   instruction
}

// blockRows is how many candidates go through the instructions together: few enough for their intermediate values to stay in
// the second cache, many enough for weights that are read once a block not to matter. Measured on the reference models.
const blockRows = 64

// assemble finishes a plan that works in blocks.
func (c *compiler) assemble(output int) *Plan {
	code := c.live(output)
	p := &Plan{graph: c.graph, perItem: c.perItem, output: output, values: c.values, scratch: c.scratch}
	p.places, p.space = c.layout(code, output, blockRows)
	for _, op := range code {
		p.widest = max(p.widest, len(op.reads), len(op.writes))
		if op.once {
			p.once = append(p.once, step{op.label, op.run})
		} else {
			p.each = append(p.each, step{op.label, op.run})
		}
	}
	for _, input := range c.graph.InputValues() {
		var views []int
		for v := range c.values {
			if c.values[v].class != nothing && c.values[v].root == input {
				views = append(views, v)
			}
		}
		p.views = append(p.views, views)
	}
	p.frames.New = func() any { return p.newFrame() }
	return p
}

// Width is the number of scores of each candidate.
func (p *Plan) Width() int { return p.values[p.output].width() }

// Blocked reports whether the plan works through blocks of candidates, and if not, why.
func (p *Plan) Blocked() (bool, string) { return p.reason == "", p.reason }

// Run computes the scores of all candidates into out, which has Width elements for each. The inputs are in the order of the
// graph's; their shapes must be those that it declares. Inputs are neither changed nor kept. A call whose inputs have no
// candidates does nothing. The context is looked at before each block, or before each operator where candidates are mixed.
//
// The error is the context's, or names the input or the node that does not go with the others. Safe for concurrent use; a warm
// call allocates nothing.
func (p *Plan) Run(ctx context.Context, inputs []onnx.Tensor, out []float32) error {
	rows, err := p.check(inputs)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	if p.reason != "" {
		return p.runWhole(ctx, inputs, out)
	}
	if want := rows * p.Width(); len(out) != want {
		return fmt.Errorf("plan: room for %d scores, expected %d", len(out), want)
	}
	f := p.frames.Get().(*frame)
	defer p.frames.Put(f)
	for i, t := range inputs {
		if !p.perItem[i] {
			f.set(p.views[i], t, 0, t.Size())
		}
	}
	if rows > 0 {
		if err := f.steps(p.once, 1); err != nil {
			return err
		}
	}
	for low := 0; low < rows; low += blockRows {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("plan: %w", err)
		}
		if err := p.block(f, inputs, low, min(low+blockRows, rows), out); err != nil {
			return err
		}
	}
	return nil
}

// block computes the candidates from low to high.
func (p *Plan) block(f *frame, inputs []onnx.Tensor, low, high int, out []float32) error {
	for i, t := range inputs {
		if p.perItem[i] {
			width := product(t.Shape[1:])
			f.set(p.views[i], t, low*width, high*width)
		}
	}
	if err := f.steps(p.each, high-low); err != nil {
		return err
	}
	v := &p.values[p.output]
	width := v.width()
	scores, to := f.floats[p.output], out[low*width:high*width]
	if v.repeats {
		for r := range high - low {
			copy(to[r*width:][:width], scores)
		}
		return nil
	}
	copy(to, scores)
	return nil
}

func (f *frame) steps(steps []step, rows int) error {
	for i := range steps {
		if err := steps[i].run(f, rows); err != nil {
			return fmt.Errorf("plan: %s: %w", steps[i].label, err)
		}
	}
	return nil
}

// check returns the number of candidates.
func (p *Plan) check(inputs []onnx.Tensor) (int, error) {
	rows := -1
	if err := p.graph.CheckInputs(inputs); err != nil {
		return 0, err
	}
	for i, t := range inputs {
		if !p.perItem[i] {
			continue
		}
		if rows >= 0 && t.Shape[0] != rows {
			return 0, fmt.Errorf("input %d has %d candidates, another one %d", i, t.Shape[0], rows)
		}
		rows = t.Shape[0]
	}
	return rows, nil
}
