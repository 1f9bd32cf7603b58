// Package plan is the scorer on pkg/onnx: it needs no shared library and takes every model that pkg/onnx takes.
package plan

import (
	"context"
	"fmt"
	"sync"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
)

// Scorer runs a bundle's graph. Safe for concurrent use.
type Scorer struct {
	model *bundle.Bundle
	names sync.Pool // of map[string]onnx.Tensor
}

// New returns a scorer of the model.
func New(model *bundle.Bundle) *Scorer {
	s := &Scorer{model: model}
	s.names.New = func() any { return make(map[string]onnx.Tensor, len(model.Inputs)) }
	return s
}

// Engine returns "interpreter".
func (*Scorer) Engine() string { return "interpreter" }

// Score writes one score for each element of out.
func (s *Scorer) Score(ctx context.Context, inputs []onnx.Tensor, out []float32) error {
	named := s.names.Get().(map[string]onnx.Tensor)
	defer s.names.Put(named)
	for i, input := range s.model.Inputs {
		named[input.Name] = inputs[i]
	}
	outputs, err := s.model.Graph.Run(ctx, named)
	if err != nil {
		return fmt.Errorf("run %s: %w", s.model.ID(), err)
	}
	scores := outputs[s.model.Output.Name].Floats
	if len(scores) != len(out) {
		return fmt.Errorf("run %s: %d scores for %d candidates", s.model.ID(), len(scores), len(out))
	}
	copy(out, scores)
	return nil
}
