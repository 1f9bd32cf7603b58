//go:build !ort

package ort

import (
	"errors"

	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/scorer"
)

// New says that this build has no onnxruntime.
func New(*bundle.Bundle, string) (scorer.Scorer, error) {
	return nil, errors.New("engine ort: this build has no onnxruntime: build with -tags ort, which needs cgo")
}
