// Package plan is the scorer on pkg/onnx's compiled plans: it needs no shared library and takes every model that pkg/onnx
// takes.
package plan

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/plan"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
)

// Scorer runs a bundle's compiled graph. Safe for concurrent use.
type Scorer struct {
	id    string
	plan  *plan.Plan
	order []int     // by input of the graph: its place in the manifest
	calls sync.Pool // of *[]onnx.Tensor
}

// New compiles the model of a bundle. The error says what of it cannot be compiled.
func New(model *bundle.Bundle) (*Scorer, error) {
	s := &Scorer{id: model.ID()}
	infos := model.Graph.Inputs()
	perItem := make([]bool, len(infos))
	for i, info := range infos {
		at := slices.IndexFunc(model.Inputs, func(in bundle.Input) bool { return in.Name == info.Name })
		if at < 0 {
			return nil, fmt.Errorf("compile %s: input %q is not in the manifest", s.id, info.Name)
		}
		s.order = append(s.order, at)
		perItem[i] = model.Inputs[at].PerItem
	}
	var err error
	if s.plan, err = plan.Compile(model.Graph, model.Output.Name, perItem); err != nil {
		return nil, fmt.Errorf("compile %s: %w", s.id, err)
	}
	s.calls.New = func() any { list := make([]onnx.Tensor, len(infos)); return &list }
	return s, nil
}

// Engine returns "plan".
func (*Scorer) Engine() string { return "plan" }

// Blocked reports whether candidates are scored in blocks, and if not, why.
func (s *Scorer) Blocked() (bool, string) { return s.plan.Blocked() }

// Score writes one score for each element of out.
func (s *Scorer) Score(ctx context.Context, inputs []onnx.Tensor, out []float32) error {
	list := s.calls.Get().(*[]onnx.Tensor)
	defer s.calls.Put(list)
	for i, at := range s.order {
		(*list)[i] = inputs[at]
	}
	if err := s.plan.Run(ctx, *list, out); err != nil {
		return fmt.Errorf("run %s: %w", s.id, err)
	}
	return nil
}
