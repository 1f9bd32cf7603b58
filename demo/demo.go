// Package demo holds the demonstration that is compiled into the binary: the data of a generated shop and a model
// trained on it.
//
// The data is written by demo/generate from demo/shop, the model by demo/train from the data. The package only hands out
// files; it does not read them.
package demo

import (
	"embed"
	"io/fs"
)

//go:generate go run ./generate -out data

// Users that show something.
const (
	// KnownUser has a long history that differs from the segment's mean: personalising pays.
	KnownUser = "u02746"
	// NewUser registers after the data's end: no file but replay.csv.gz knows them.
	NewUser = "u03004"
)

//go:embed data/users.csv.gz data/items.csv.gz data/events.csv.gz data/replay.csv.gz data/views.yaml
var data embed.FS

//go:embed bundles/dcn/model.onnx bundles/dcn/manifest.json bundles/dcn/golden.json
var bundle embed.FS

// Data is the shop's files: users.csv.gz, items.csv.gz, events.csv.gz (purchases before the snapshot), replay.csv.gz (the
// two weeks after it) and views.yaml, which declares their features. It is safe for concurrent use.
func Data() fs.FS { return sub(data, "data") }

// Bundle is a model bundle trained on Data: model.onnx, manifest.json and golden.json. It is the best of those in
// demo/bundles. It is safe for concurrent use.
func Bundle() fs.FS { return sub(bundle, "bundles/dcn") }

func sub(files embed.FS, folder string) fs.FS {
	opened, err := fs.Sub(files, folder)
	if err != nil {
		panic(err) // only for a malformed path, and the paths are constants
	}
	return opened
}
