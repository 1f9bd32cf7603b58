package onnx

import (
	"context"
	"fmt"
)

// This file is what a compiler of graphs sees: package plan reads a Graph through it. Values are numbered from 0.

// Node is one operator of a graph. It never changes and is safe for concurrent use.
type Node struct{ step *step }

// Nodes returns the operators in an order in which each comes after those that it needs; constants are not among them.
func (g *Graph) Nodes() []Node {
	nodes := make([]Node, len(g.steps))
	for i := range g.steps {
		nodes[i] = Node{&g.steps[i]}
	}
	return nodes
}

// Values returns the number of values of the graph.
func (g *Graph) Values() int { return len(g.values) }

// InputValues and OutputValues return the numbers of the values of Inputs and Outputs, in their order.
func (g *Graph) InputValues() []int { return g.inputSlots }

// OutputValues returns the numbers of the values that Outputs names, in its order.
func (g *Graph) OutputValues() []int { return g.outputSlots }

// Known returns a value that does not depend on the inputs. It must not be changed.
func (g *Graph) Known(value int) (Tensor, bool) {
	t := g.values[value]
	return t, t.Dtype() != 0
}

// Op is the name of the operator, with the domain and a colon before it: ":MatMul", "ai.onnx.ml:Scaler".
func (n Node) Op() string { return n.step.op }

// Label is what errors call the node.
func (n Node) Label() string { return n.step.label }

// Opset is the version of the operator set that the node is written for.
func (n Node) Opset() int64 { return n.step.opset }

// Inputs returns the values that the node takes; -1 is an absent one.
func (n Node) Inputs() []int { return n.step.inputs }

// Outputs returns the values that the node makes; -1 is one that nobody asks for.
func (n Node) Outputs() []int { return n.step.outputs }

// Int returns an attribute that is a whole number, or absent where the node does not have it.
func (n Node) Int(name string, absent int64) int64 { return given(n, name, absent) }

// Float returns an attribute that is a number, or absent where the node does not have it.
func (n Node) Float(name string, absent float32) float32 { return given(n, name, absent) }

// Text returns an attribute that is a text, or absent where the node does not have it.
func (n Node) Text(name, absent string) string { return given(n, name, absent) }

// Ints returns an attribute that is a list of whole numbers, or nil.
func (n Node) Ints(name string) []int64 { return given[[]int64](n, name, nil) }

func given[T any](n Node, name string, absent T) T {
	if v, ok := n.step.attributes[name].(T); ok {
		return v
	}
	return absent
}

// Trees returns the ensemble of a node that is one, or nil.
func (n Node) Trees() *Trees { return n.step.trees }

// Run computes the node's outputs into out, in memory of mem, where they may share the data of an input. An absent input is
// the zero Tensor. The error is what Graph.Run would say, without the node's label.
func (n Node) Run(mem *Arena, in, out []Tensor) error {
	mem.begin()
	if err := n.step.kernel(mem, in, out); err != nil {
		return err
	}
	return mem.made(out)
}

// Size returns the number of t's elements.
func (t Tensor) Size() int { return t.size() }

// Reset makes all memory free again: tensors from before must not be used any more.
func (a *Arena) Reset() { a.reset() }

// CheckInputs verifies inputs, in the order of Inputs, against their declarations. The error names the input.
func (g *Graph) CheckInputs(inputs []Tensor) error {
	if len(inputs) != len(g.inputs) {
		return fmt.Errorf("%d inputs, expected %d", len(inputs), len(g.inputs))
	}
	for i := range g.inputs {
		if _, err := g.inputs[i].check(inputs[i]); err != nil {
			return fmt.Errorf("input %q: %w", g.inputs[i].Name, err)
		}
	}
	return nil
}

// Evaluate computes every value of the graph, by number, in memory of mem. Inputs are in the order of Inputs. The context is looked
// at before each node; errors are those of Run. A warm arena makes it free of allocations.
func (g *Graph) Evaluate(ctx context.Context, mem *Arena, inputs []Tensor) ([]Tensor, error) {
	if err := g.CheckInputs(inputs); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	values := mem.tensors(g.values...)
	for i, slot := range g.inputSlots {
		values[slot], _ = g.inputs[i].check(inputs[i]) //nolint:gosec // CheckInputs has counted them
	}
	if err := g.evaluate(ctx, mem, values); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return values, nil
}
