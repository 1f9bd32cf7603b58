// Package bundle owns model bundles: a folder with manifest.json, model.onnx and, where there is one, golden.json.
//
// It reads and checks them; it knows neither users nor items.
package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// The files of a bundle; the manifest names the model.
const (
	manifestFile = "manifest.json"
	goldenFile   = "golden.json"
)

// maxText bounds manifest.json and golden.json.
const maxText = 16 << 20

// Bundle is a checked model. It never changes and is safe for concurrent use.
type Bundle struct {
	// Name and Version are the manifest's.
	Name, Version string
	// SHA256 is that of the model file, in hexadecimal digits.
	SHA256 string
	// TrainedAt is the zero time when the manifest does not say.
	TrainedAt time.Time
	// Inputs are in the manifest's order; there is one for each input of the graph.
	Inputs []Input
	// Output is the score.
	Output Output
	// Retrieval is nil when the manifest asks for none.
	Retrieval *Retrieval
	// Graph is the model, and File what it was read from.
	Graph *onnx.Graph
	File  []byte
	// Cases are those of golden.json, and Tolerance is how far an engine's scores may be from theirs.
	Cases     []Case
	Tolerance float64
}

// Input is one input of the model.
type Input struct {
	// Name is the graph's.
	Name string
	// Dtype is onnx.Float32 or onnx.Int64.
	Dtype onnx.Dtype
	// PerItem says whether there is one row for each candidate ([N,F] or [N]) or one for the request ([1,F] or [1]).
	PerItem bool
	// Flat says whether the shape has no second dimension.
	Flat bool
	// Features are the columns, in order.
	Features []Feature
}

// Feature is one column of an input.
type Feature struct {
	// Name is unique within the input.
	Name string
	// HasDefault says whether a missing value is replaced by Default.
	HasDefault bool
	// Default is finite, and a whole number for an int64 input.
	Default float64
}

// Output is the model's score: float32 of shape [N] or [N,1].
type Output struct {
	// Name is the graph's.
	Name string
	// Scale is the range of the score; nil when the manifest does not say.
	Scale *[2]float64
}

// Open reads and checks the bundle in a folder as Read does, and runs its golden cases, if it has any, operator by operator.
func Open(ctx context.Context, folder fs.FS, maxModel int64) (*Bundle, error) {
	b, err := Read(folder, maxModel)
	if err != nil {
		return nil, err
	}
	if err := b.Check(ctx, b.Interpret); err != nil {
		return nil, err
	}
	return b, nil
}

// Read reads and checks the bundle in a folder, whose model may have up to maxModel bytes, and
// as many in files beside it; it runs nothing. Errors name the
// file, the place in it, what is there and what was expected.
func Read(folder fs.FS, maxModel int64) (*Bundle, error) {
	text, err := read(folder, manifestFile, maxText)
	if err != nil {
		return nil, err
	}
	manifest, err := parseManifest(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	model, err := read(folder, manifest.File, maxModel)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(model)
	digits := hex.EncodeToString(sum[:])
	if manifest.SHA256 != "" && !strings.EqualFold(manifest.SHA256, digits) {
		return nil, fmt.Errorf("%s: SHA-256 is %s, %s says %s", manifest.File, digits, manifestFile, manifest.SHA256)
	}
	files, err := fs.Sub(folder, path.Dir(manifest.File))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", manifest.File, err)
	}
	graph, err := onnx.LoadIn(model, files, maxModel)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", manifest.File, err)
	}
	b, err := manifest.bind(graph)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	b.SHA256, b.File = digits, model
	if err := b.readGolden(folder); err != nil {
		return nil, err
	}
	return b, nil
}

// ID is the model's name and version, as "name/version".
func (b *Bundle) ID() string { return b.Name + "/" + b.Version }

// Wants reports whether the model, or its retrieval of items, has a feature of that name.
func (b *Bundle) Wants(name string) bool {
	if name == "" {
		return false
	}
	for _, input := range b.Inputs {
		for _, feature := range input.Features {
			if feature.Name == name {
				return true
			}
		}
	}
	return b.Retrieval.wants(name)
}

// read reads a file of at most limit bytes.
func read(folder fs.FS, name string, limit int64) (content []byte, err error) {
	file, err := folder.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	content, err = io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", name, limit)
	}
	return content, nil
}
