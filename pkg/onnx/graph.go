package onnx

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Graph is a model that is ready to run. It never changes after Load and is safe for concurrent use.
type Graph struct {
	inputs, outputs         []ValueInfo
	inputSlots, outputSlots []int // parallel to inputs and outputs
	opsets                  map[string]int64
	steps                   []step
	values                  []Tensor // by slot: what is known before Run
	widest                  int      // most inputs or outputs of a step
}

// step is one operator with the slots of the values that it takes and makes; -1 is an absent one.
type step struct {
	op, label       string
	opset           int64
	attributes      map[string]any
	trees           *Trees // of an ensemble of trees
	kernel          kernel
	inputs, outputs []int
}

// Inputs returns what Run needs, in the order of the file; initialisers are not inputs.
func (g *Graph) Inputs() []ValueInfo { return cloneInfos(g.inputs) }

// Outputs returns what Run gives, in the order of the file.
func (g *Graph) Outputs() []ValueInfo { return cloneInfos(g.outputs) }

// Opsets returns the version of each operator set that the file imports; the default domain is "".
func (g *Graph) Opsets() map[string]int64 { return maps.Clone(g.opsets) }

func cloneInfos(infos []ValueInfo) []ValueInfo {
	infos = slices.Clone(infos)
	for i := range infos {
		infos[i].Shape = slices.Clone(infos[i].Shape)
	}
	return infos
}

// arenas keeps the memory of runs for the next ones, of any graph.
var arenas = sync.Pool{New: func() any { return new(Arena) }}

// Run computes all outputs, by name. inputs must hold exactly the tensors that Inputs declares; they are only read,
// and the outputs share nothing with them or with the graph. A declared dimension of -1 takes any size, 0 included. An
// error names the input, or the node whose shapes or values do not go together. The context is looked at before each
// node. Safe for concurrent use.
func (g *Graph) Run(ctx context.Context, inputs map[string]Tensor) (map[string]Tensor, error) {
	mem := arenas.Get().(*Arena)
	defer arenas.Put(mem)
	mem.reset()
	values := mem.tensors(g.values...)
	if err := g.bind(values, inputs); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	if err := g.evaluate(ctx, mem, values); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	results := make(map[string]Tensor, len(g.outputs))
	for i, info := range g.outputs {
		results[info.Name] = values[g.outputSlots[i]].clone()
	}
	return results, nil
}

// evaluate runs all steps on values, which hold the inputs.
func (g *Graph) evaluate(ctx context.Context, mem *Arena, values []Tensor) error {
	in, out := mem.parts.take(g.widest), mem.parts.take(g.widest)
	mem.begin()
	for i := range g.steps {
		s := &g.steps[i]
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("before %s: %w", s.label, err)
		}
		err := s.run(mem, values, in[:len(s.inputs)], out[:len(s.outputs)])
		if err == nil {
			err = mem.made(out[:len(s.outputs)])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", s.label, err)
		}
	}
	return nil
}

// bind checks the inputs and puts them into their slots.
func (g *Graph) bind(values []Tensor, inputs map[string]Tensor) error {
	for i, info := range g.inputs {
		t, ok := inputs[info.Name]
		if !ok {
			return fmt.Errorf("input %q is missing", info.Name)
		}
		checked, err := info.check(t)
		if err != nil {
			return fmt.Errorf("input %q: %w", info.Name, err)
		}
		values[g.inputSlots[i]] = checked
	}
	if len(inputs) == len(g.inputs) {
		return nil
	}
	for name := range inputs {
		if !slices.ContainsFunc(g.inputs, func(v ValueInfo) bool { return v.Name == name }) {
			return fmt.Errorf("input %q is not one of the graph's", name)
		}
	}
	return nil
}

func (s *step) run(mem *Arena, values, in, out []Tensor) error {
	for i, slot := range s.inputs {
		in[i] = Tensor{}
		if slot >= 0 {
			in[i] = values[slot]
		}
	}
	if err := s.kernel(mem, in, out); err != nil {
		return err
	}
	for i, slot := range s.outputs {
		if slot >= 0 {
			values[slot] = out[i]
		}
	}
	return nil
}
