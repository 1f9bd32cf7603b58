//go:build ort

package ort

import (
	"context"
	"fmt"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/ort"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/scorer"
)

// Scorer runs a bundle's model in onnxruntime, on one thread a call. Safe for concurrent use. The model stays loaded until the
// process ends.
type Scorer struct {
	id      string
	session *ort.Session
}

// New loads the model of a bundle with the shared library at a path.
func New(model *bundle.Bundle, library string) (scorer.Scorer, error) {
	var names []string
	for _, input := range model.Inputs {
		names = append(names, input.Name)
	}
	session, err := ort.Open(library, model.File, names, []string{model.Output.Name})
	if err != nil {
		return nil, fmt.Errorf("engine ort: %s: %w", model.ID(), err)
	}
	return &Scorer{id: model.ID(), session: session}, nil
}

// Engine returns "ort".
func (*Scorer) Engine() string { return "ort" }

// Score writes one score for each element of out.
func (s *Scorer) Score(ctx context.Context, inputs []onnx.Tensor, out []float32) error {
	outputs, err := s.session.Run(ctx, inputs)
	if err != nil {
		return fmt.Errorf("run %s: %w", s.id, err)
	}
	if len(outputs[0].Floats) != len(out) {
		return fmt.Errorf("run %s: %d scores for %d candidates", s.id, len(outputs[0].Floats), len(out))
	}
	copy(out, outputs[0].Floats)
	return nil
}
