// Package scorer owns the contract of the engines that run a model.
package scorer

import (
	"context"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// Scorer runs one model. Safe for concurrent use.
type Scorer interface {
	// Score writes the scores of len(out) candidates. The inputs are in the manifest's order; per-item ones have len(out)
	// rows. They are neither changed nor kept. Scores may be NaN or infinite.
	//
	// Errors: those of the context; that of an engine or of a model whose output is not one score for each candidate.
	Score(ctx context.Context, inputs []onnx.Tensor, out []float32) error
	// Engine is the name of the engine, such as "plan".
	Engine() string
}
