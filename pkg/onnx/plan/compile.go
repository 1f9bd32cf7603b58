package plan

import (
	"errors"
	"fmt"
	"slices"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// compiler turns one graph into instructions.
type compiler struct {
	graph   *onnx.Graph
	perItem []bool // by input
	values  []value
	code    []operation
	gemms   map[int]*gemmOp // by their result
	uses    []int           // by value: how many operators read it
	widest  int             // most operands or results of a general operator
	scratch int

	elements, work int64 // what may still be computed at compile time
}

// operation is an instruction with the values that it touches; the lists are what dead code and memory are found by.
type operation struct {
	label         string
	reads, writes []int
	inPlace       int // the read value whose memory the first written one may take over, or -1
	once          bool
	run           instruction
}

// instruction computes some rows of a value.
type instruction func(f *frame, rows int) error

// Compile prepares the computation of one output, of float32, that has a row for each candidate. perItem says of each input whether its
// first dimension is the candidates; nil stands for those whose first dimension is symbolic. Any other symbolic dimension is 1.
//
// The error says what the plan cannot do with the inputs or the output; every operator that the graph runs is taken.
func Compile(g *onnx.Graph, output string, perItem []bool) (*Plan, error) {
	if perItem == nil {
		for _, info := range g.Inputs() {
			perItem = append(perItem, len(info.Shape) > 0 && info.Shape[0] == -1)
		}
	}
	c := &compiler{graph: g, perItem: perItem, values: make([]value, g.Values()), gemms: map[int]*gemmOp{}, elements: maxFolded, work: maxFoldedWork}
	c.uses = make([]int, g.Values())
	for _, n := range g.Nodes() {
		for _, v := range n.Inputs() {
			if v >= 0 {
				c.uses[v]++
			}
		}
	}
	for _, v := range g.OutputValues() {
		c.uses[v]++
	}
	scores, err := c.checkEnds(output)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if err := c.blocks(scores); err != nil {
		return c.whole(scores, err), nil
	}
	return c.assemble(scores), nil
}

// checkEnds returns the value that holds the scores.
func (c *compiler) checkEnds(output string) (int, error) {
	if len(c.perItem) != len(c.graph.Inputs()) {
		return 0, fmt.Errorf("%d inputs are said to be by item or not, expected %d", len(c.perItem), len(c.graph.Inputs()))
	}
	for i, info := range c.graph.Inputs() {
		if info.Shape == nil || c.perItem[i] && (len(info.Shape) == 0 || info.Shape[0] != -1) {
			return 0, fmt.Errorf("input %q has shape %v, expected the first dimension to be symbolic", info.Name, info.Shape)
		}
	}
	for i, info := range c.graph.Outputs() {
		if info.Name != output {
			continue
		}
		if info.Dtype != onnx.Float32 {
			return 0, fmt.Errorf("output %q is %v, expected float32", output, info.Dtype)
		}
		return c.graph.OutputValues()[i], nil
	}
	return 0, fmt.Errorf("the graph has no output %q", output)
}

// blocks classifies every value and emits instructions for blocks of candidates, or says why that is not possible.
func (c *compiler) blocks(output int) error {
	if err := c.learnShapes(); err != nil {
		return err
	}
	for v := range c.values {
		if t, ok := c.graph.Known(v); ok {
			c.setConstant(v, t)
		}
	}
	for i, v := range c.graph.InputValues() {
		c.values[v].class = uniform
		if c.perItem[i] {
			c.values[v].class = rowed
		}
	}
	for _, n := range c.graph.Nodes() {
		if err := c.node(n); err != nil {
			return fmt.Errorf("%s: %w", n.Label(), err)
		}
	}
	if v := &c.values[output]; v.class != rowed {
		return errors.New("the output does not depend on the candidates")
	}
	return nil
}

func (c *compiler) setConstant(v int, t onnx.Tensor) {
	c.values[v] = value{class: constant, dtype: t.Dtype(), shape: t.Shape, known: t, root: v}
}

// node emits one operator.
func (c *compiler) node(n onnx.Node) error {
	worst := constant
	for _, v := range n.Inputs() {
		if v >= 0 {
			worst = max(worst, c.values[v].class)
		}
	}
	if n.Op() == ":Shape" && worst != constant {
		return c.shapeOf(n)
	}
	if worst <= extent {
		return c.fold(n, worst)
	}
	if err := c.shaped(n); err != nil {
		return err
	}
	perRow := slices.ContainsFunc(n.Inputs(), func(v int) bool { return v >= 0 && c.values[v].perRow() })
	for _, v := range n.Outputs() {
		if v >= 0 {
			if err := c.values[v].classify(worst, perRow); err != nil {
				return err
			}
		}
	}
	if emit, ok := emitters[n.Op()]; ok {
		done, err := emit(c, n)
		if done || err != nil {
			return err
		}
	}
	return c.general(n)
}

// classify gives a result the class that its operands ask for, which its shape must agree with.
func (v *value) classify(worst class, perRow bool) error {
	switch {
	case v.factor < 0:
		return errors.New("its result has no shape of which only the first dimension grows with the candidates")
	case worst == rowed && v.factor == 0:
		return errors.New("it makes one value of all candidates")
	case v.factor == 0:
		v.class = uniform
	default:
		v.class, v.repeats = rowed, !perRow
	}
	return nil
}

// emit appends an instruction; it runs once if nothing that it writes is per row.
func (c *compiler) emit(n onnx.Node, reads, writes []int, inPlace int, run instruction) {
	once := !slices.ContainsFunc(writes, func(v int) bool { return c.values[v].perRow() })
	c.code = append(c.code, operation{label: n.Label(), reads: reads, writes: writes, inPlace: inPlace, once: once, run: run})
}

// alias makes a value another view of the memory of one before it.
func (c *compiler) alias(v, of int) {
	c.values[v].root = c.values[of].root
}
