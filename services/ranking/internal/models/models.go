// Package models owns models that are ready to serve: a bundle, compiled by an engine, held against its golden cases and
// warmed up. It knows neither users nor items, and does not decide which model serves.
package models

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/scorer"
	"github.com/repli-mesh/repli/services/ranking/internal/scorer/ort"
	"github.com/repli-mesh/repli/services/ranking/internal/scorer/plan"
)

// The engines.
const (
	// Plan is the one of this repository.
	Plan = "plan"
	// ORT is onnxruntime, in builds that have it.
	ORT = "ort"
)

// Options says how models are loaded.
type Options struct {
	// Engine is Plan or ORT, and Library the path of onnxruntime's shared library.
	Engine, Library string
	// MaxBytes is how large a model file may be.
	MaxBytes int64
}

// Model is a bundle with the engine that runs it. It never changes and is safe for concurrent use.
type Model struct {
	*bundle.Bundle
	Scorer scorer.Scorer
}

// Read reads, checks and compiles the bundle in a folder, and runs nothing.
func Read(folder fs.FS, options Options) (*Model, error) {
	b, err := bundle.Read(folder, options.MaxBytes)
	if err != nil {
		return nil, err
	}
	m := &Model{Bundle: b}
	switch options.Engine {
	case Plan:
		m.Scorer, err = plan.New(b)
	case ORT:
		m.Scorer, err = ort.New(b, options.Library)
	default:
		err = fmt.Errorf("engine %q is not known, expected %s or %s", options.Engine, Plan, ORT)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Load reads the bundle in a folder and runs its golden cases on the engine that will serve it, which warms it up too.
func Load(ctx context.Context, folder fs.FS, options Options) (*Model, error) {
	m, err := Read(folder, options) //nolint:contextcheck // compiling is bounded by the size of the file
	if err != nil {
		return nil, err
	}
	if err := m.Check(ctx, m.Scorer.Score); err != nil {
		return nil, err
	}
	return m, nil
}
