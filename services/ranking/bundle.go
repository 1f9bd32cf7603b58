package ranking

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
)

// Bundle is a checked model bundle outside the service: for measuring a model's quality, and for holding the service
// against. It shares the reading of bundles with the service and nothing else. Safe for concurrent use.
type Bundle struct {
	model *bundle.Bundle
}

// OpenBundle reads and checks the bundle in a folder, golden cases included. Errors name the file and the place in it.
func OpenBundle(ctx context.Context, folder fs.FS) (*Bundle, error) {
	model, err := bundle.Open(ctx, folder, Defaults().MaxModelBytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	return &Bundle{model: model}, nil
}

// ID is the model's name and version, as "name/version".
func (b *Bundle) ID() string { return b.model.ID() }

// Retrieves reports whether the manifest has the items searched for further candidates.
func (b *Bundle) Retrieves() bool { return b.model.Retrieval != nil }

// Features returns the names of the model's features, input by input in the manifest's order.
func (b *Bundle) Features() []string {
	var names []string
	for _, input := range b.model.Inputs {
		for _, feature := range input.Features {
			names = append(names, feature.Name)
		}
	}
	return names
}

// Score returns the model's score of each item for a user, as the graph gives it. Values are found by name, the user's
// first; one that is in neither map is missing and is replaced by the manifest's default. Values of int64 inputs must be
// whole numbers up to 2^53. It is slow and simple: one map access a value. The error names the item and the feature that
// is missing without a default; or it is the context's or the graph's.
func (b *Bundle) Score(ctx context.Context, user map[string]float64, items []map[string]float64) ([]float32, error) {
	inputs := make(map[string]onnx.Tensor, len(b.model.Inputs))
	for _, input := range b.model.Inputs {
		rows := items
		if !input.PerItem {
			rows = []map[string]float64{nil}
		}
		tensor := onnx.Tensor{Shape: []int{len(rows), len(input.Features)}}
		if input.Flat {
			tensor.Shape = tensor.Shape[:1]
		}
		for i, row := range rows {
			for _, feature := range input.Features {
				value, err := lookup(feature, user, row)
				if err != nil {
					return nil, fmt.Errorf("item %d: %w", i, err)
				}
				if input.Dtype == onnx.Float32 {
					tensor.Floats = append(tensor.Floats, float32(value))
				} else {
					tensor.Ints = append(tensor.Ints, int64(value))
				}
			}
		}
		inputs[input.Name] = tensor
	}
	outputs, err := b.model.Graph.Run(ctx, inputs)
	if err != nil {
		return nil, err
	}
	return outputs[b.model.Output.Name].Floats, nil
}

func lookup(feature bundle.Feature, user, item map[string]float64) (float64, error) {
	if value, ok := user[feature.Name]; ok {
		return value, nil
	}
	if value, ok := item[feature.Name]; ok {
		return value, nil
	}
	if !feature.HasDefault {
		return 0, fmt.Errorf("feature %q is missing and the manifest has no default", feature.Name)
	}
	return feature.Default, nil
}
