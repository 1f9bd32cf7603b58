package bundle_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/onnxtest"
)

const limit = 1 << 20

func tiny() []byte { return onnxtest.Tiny("Identity").Encode() }

// edited returns the bundle of Tiny with a piece of its manifest replaced.
func edited(t *testing.T, old, replacement string) fstest.MapFS {
	t.Helper()
	if strings.Count(onnxtest.TinyManifest, old) != 1 {
		t.Fatalf("%q is not in the manifest once", old)
	}
	return onnxtest.Folder(strings.Replace(onnxtest.TinyManifest, old, replacement, 1), tiny())
}

func TestOpen(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256(tiny())
	digest := hex.EncodeToString(sum[:])
	folder := edited(t, `"file": "model.onnx"`, `"file": "model.onnx", "sha256": "`+strings.ToUpper(digest)+`"`)
	b, err := bundle.Open(t.Context(), folder, limit)
	if err != nil {
		t.Fatal(err)
	}
	if b.ID() != "tiny/1" || b.SHA256 != digest || !b.TrainedAt.Equal(time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC)) {
		t.Errorf("got %s, %s, %v", b.ID(), b.SHA256, b.TrainedAt)
	}
	if len(b.Inputs) != 3 || b.Output.Name != "score" || *b.Output.Scale != [2]float64{0, 1000} {
		t.Fatalf("got %d inputs and output %+v", len(b.Inputs), b.Output)
	}
	user, items, place := b.Inputs[0], b.Inputs[1], b.Inputs[2]
	if user.PerItem || user.Flat || !items.PerItem || items.Flat || !place.PerItem || !place.Flat || place.Dtype != onnx.Int64 {
		t.Errorf("inputs are %+v", b.Inputs)
	}
	if items.Features[0].HasDefault || items.Features[2] != (bundle.Feature{Name: "i_c", HasDefault: true, Default: 0.5}) {
		t.Errorf("features of items are %+v", items.Features)
	}
	if !b.Wants("i_b") || b.Wants("score") {
		t.Error("i_b is a feature and score is not")
	}
}

func TestManifestFaultsAreNamed(t *testing.T) {
	t.Parallel()
	digest := strings.Repeat("ab", 32)
	for name, c := range map[string]struct{ old, replacement, want string }{
		"not JSON":            {`"name": "tiny",`, `"name": "tiny"`, "manifest.json: invalid character"},
		"wrong type":          {`"version": "1"`, `"version": 1`, "version"},
		"no name":             {`"name": "tiny",`, ``, "manifest.json: name: has 0 bytes, expected 1 to 128"},
		"long version":        {`"version": "1"`, `"version": "` + strings.Repeat("1", 129) + `"`, "version: has 129 bytes"},
		"path escape":         {`"model.onnx"`, `"../model.onnx"`, `file: is "../model.onnx", expected the name of a file inside the folder`},
		"absolute path":       {`"model.onnx"`, `"/etc/passwd"`, `file: is "/etc/passwd"`},
		"no such file":        {`"model.onnx"`, `"other.onnx"`, "other.onnx: open other.onnx: file does not exist"},
		"digest":              {`"version": "1"`, `"version": "1", "sha256": "xyz"`, `sha256: is "xyz", expected 64 hexadecimal digits`},
		"other digest":        {`"version": "1"`, `"version": "1", "sha256": "` + digest + `"`, "manifest.json says " + digest},
		"time":                {`2024-02-03T04:05:06Z`, `yesterday`, "yesterday"},
		"feature missing":     {`{"name": "u_a", "default": 1},`, ``, "manifest.json: inputs[0].features: 1 features, expected 2 (shape [1 2] of input \"user\" in model.onnx)"},
		"feature twice":       {`"i_b"`, `"i_a"`, `inputs[1].features[1].name: "i_a" is there twice`},
		"feature unnamed":     {`"i_b"`, `""`, `inputs[1].features[1].name: has 0 bytes`},
		"shape differs":       {`[1, 2]`, `[1, 3]`, `inputs[0].shape: is [1 3], input "user" of model.onnx has [1 2]`},
		"shape open":          {`[1, 2]`, `["N", 2]`, `inputs[0].shape: is [N 2], input "user" of model.onnx has [1 2]`},
		"shape of text":       {`[1, 2]`, `"1x2"`, "expected a list"},
		"shape of half":       {`[1, 2]`, `[1, 2.5]`, "expected whole numbers"},
		"shape of null":       {`[1, 2]`, `[1, null]`, "expected whole numbers"},
		"no item input":       {`"N", 4`, `3, 4`, "inputs[1].shape: is [3 4], expected [N,F]"},
		"order of shape":      {`"N", 4`, `4, "N"`, `inputs[1].shape: is [4 N], input "items" of model.onnx has [N 4]`},
		"dtype differs":       {`"int64"`, `"float32"`, `inputs[2].dtype: is "float32", input "place" of model.onnx is int64`},
		"dtype unknown":       {`"int64"`, `"int32"`, `inputs[2].dtype: is "int32", expected "float32" or "int64"`},
		"input unknown":       {`"name": "user"`, `"name": "usr"`, `inputs[0].name: "usr" is not an input of model.onnx`},
		"input missing":       {`"name": "user"`, `"name": "usr"`, `inputs: "user" is missing, model.onnx has it`},
		"default not whole":   {`"default": 7`, `"default": 7.5`, `inputs[2].features[0].default: is 7.5, expected a whole number`},
		"default too large":   {`"default": 1}`, `"default": 1e39}`, `inputs[0].features[0].default: is 1e39, expected a finite float32`},
		"output unknown":      {`"name": "score"`, `"name": "scores"`, `output.name: "scores" is not an output of model.onnx`},
		"output of two":       {`"shape": ["N"], "scale"`, `"shape": ["N", 2], "scale"`, "output.shape: is [N 2], expected [N] or [N,1]"},
		"output differs":      {`"shape": ["N"], "scale"`, `"shape": ["N", 1], "scale"`, `output.shape: is [N 1], output "score" of model.onnx has [N]`},
		"output dtype":        {`"dtype": "float32", "shape": ["N"], "scale"`, `"dtype": "int64", "shape": ["N"], "scale"`, "output.dtype"},
		"scale upside down":   {`[0, 1000]`, `[1, 0]`, "output.scale: is [1 0]"},
		"scale of one number": {`[0, 1000]`, `[1]`, "output.scale: is [1]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bundle.Open(t.Context(), edited(t, c.old, c.replacement), limit)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %s", err, c.want)
			}
		})
	}
}

func TestModelFaultsAreNamed(t *testing.T) {
	t.Parallel()
	model := tiny()
	for _, n := range []int{0, 1, len(model) / 4, len(model) / 2, len(model) - 1} {
		_, err := bundle.Open(t.Context(), onnxtest.Folder(onnxtest.TinyManifest, model[:n]), limit)
		if err == nil || !strings.Contains(err.Error(), "model.onnx: ") {
			t.Errorf("a model cut to %d bytes gives %v, want an error of model.onnx", n, err)
		}
	}
	if _, err := bundle.Open(t.Context(), fstest.MapFS{}, limit); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder gives %v, want fs.ErrNotExist", err)
	}
	_, err := bundle.Open(t.Context(), onnxtest.Folder(onnxtest.TinyManifest, model), int64(len(model)-1))
	if err == nil || !strings.Contains(err.Error(), "model.onnx: more than") {
		t.Errorf("a model over the limit gives %v", err)
	}
	large := onnxtest.Folder(onnxtest.TinyManifest+strings.Repeat(" ", 16<<20), model)
	if _, err := bundle.Open(t.Context(), large, limit); err == nil || !strings.Contains(err.Error(), "manifest.json: more than 16777216 bytes") {
		t.Errorf("a manifest over the limit gives %v", err)
	}
}

func TestSymbolicLinksStayInside(t *testing.T) {
	t.Parallel()
	outside, inside := t.TempDir(), t.TempDir()
	for name, content := range map[string][]byte{
		filepath.Join(outside, "secret.onnx"): tiny(), filepath.Join(inside, "manifest.json"): []byte(onnxtest.TinyManifest),
	} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(outside, "secret.onnx"), filepath.Join(inside, "model.onnx")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	if _, err := bundle.Open(t.Context(), root.FS(), limit); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("a link out of the folder gives %v, want an error", err)
	}
}

const goldenCases = `{"cases": [{"name": "two items", "inputs": {
	"user": {"shape": [1, 2], "data": [[1, 2]]},
	"items": {"shape": [2, 4], "data": [[1, 2, 3, 0], [0, 0, 0, 1]]},
	"place": {"shape": [2], "data": [0, 1]}},
	"outputs": {"score": {"shape": [2], "data": [38, 1121]}}}]}`

func TestGoldenCases(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, replacement, want string }{
		"right":         {"38", "38", ""},
		"wrong":         {"1121", "1121.5", `golden.json: cases[0] "two items": outputs.score: score 1 is 1121.5, the model gives 1121, tolerance 1e-05`},
		"tolerated":     {`"cases"`, `"tolerance_abs": 0.5, "cases"`, ""},
		"tolerance":     {`"cases"`, `"tolerance_abs": 2, "cases"`, "tolerance_abs: is 2, expected 0 to 1"},
		"not JSON":      {"{", "", "golden.json: "},
		"no cases":      {`"cases"`, `"case"`, "golden.json: cases: none"},
		"input missing": {`"place"`, `"plaice"`, "inputs.place: data: is missing"},
		"input a half":  {"[0, 1]", "[0, 0.5]", "inputs.place: data:"},
		"input shape":   {`"shape": [2, 4]`, `"shape": [2, 3]`, "two items"},
		"too few":       {"[38, 1121]", "[38]", "outputs.score: 1 scores, the model gives 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := onnxtest.Folder(onnxtest.TinyManifest, tiny())
			folder["golden.json"] = &fstest.MapFile{Data: []byte(strings.Replace(goldenCases, c.old, c.replacement, 1))}
			_, err := bundle.Open(t.Context(), folder, limit)
			if c.want == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error is %v, want one with %s", err, c.want)
			}
		})
	}
}

// A model that gives NaN must not pass for one that is within the tolerance.
func TestGoldenCasesRefuseNaN(t *testing.T) {
	t.Parallel()
	folder := onnxtest.Folder(onnxtest.TinyManifest, onnxtest.Tiny("Log").Encode())
	folder["golden.json"] = &fstest.MapFile{Data: []byte(strings.Replace(goldenCases, "[[1, 2]]", "[[-9999, 0]]", 1))}
	if _, err := bundle.Open(t.Context(), folder, limit); err == nil || !strings.Contains(err.Error(), "the model gives NaN") {
		t.Errorf("error is %v, want one about NaN", err)
	}
}
