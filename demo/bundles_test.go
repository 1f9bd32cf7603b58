package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"testing"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/views"
)

var bundleNames = []string{"mlp", "dcn", "gbdt"}

type manifest struct {
	Name, Version, File, SHA256 string
	Inputs                      []struct {
		Name     string
		Dtype    string
		Shape    []any // numbers, or "N"
		Features []struct {
			Name    string
			Default *float64
		}
	}
	Baseline struct {
		Features map[string]struct{ Quantiles []float64 }
		Score    struct{ Quantiles []float64 }
	}
}

type golden struct {
	Tolerance float64 `json:"tolerance_abs"`
	Cases     []struct {
		Name    string
		N       int
		Inputs  map[string]array
		Outputs map[string]array
	}
}

// array is a tensor of golden.json: nested lists of numbers.
type array struct {
	Shape []int
	Data  any
}

func (a array) flat() []float64 {
	var values []float64
	var walk func(any)
	walk = func(data any) {
		switch data := data.(type) {
		case []any:
			for _, part := range data {
				walk(part)
			}
		case float64:
			values = append(values, data)
		}
	}
	walk(a.Data)
	return values
}

func readBundle(t *testing.T, files fs.FS) (manifest, golden, []byte) {
	t.Helper()
	var m manifest
	var g golden
	for name, into := range map[string]any{"manifest.json": &m, "golden.json": &g} {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(content, into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	model, err := fs.ReadFile(files, m.File)
	if err != nil {
		t.Fatal(err)
	}
	return m, g, model
}

// A manifest names its model's file, and every feature it asks for is in the views, with a default where it may be
// missing.
func TestManifestsFitViews(t *testing.T) {
	t.Parallel()
	features := map[string]views.Feature{}
	entity := map[string]views.Entity{}
	for _, view := range parseViews(t).Views {
		for _, feature := range view.Features {
			features[feature.Name], entity[feature.Name] = feature, view.Entity
		}
	}
	for _, name := range bundleNames {
		m, _, model := readBundle(t, os.DirFS("bundles/"+name))
		if sum := sha256.Sum256(model); m.Name != name || m.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: manifest has name %q and sha256 %q, expected those of %x", name, m.Name, m.SHA256, sum)
		}
		for _, input := range m.Inputs {
			for _, asked := range input.Features {
				feature, ok := features[asked.Name]
				if !ok {
					t.Errorf("%s: input %s: views.yaml has no feature %s", name, input.Name, asked.Name)
				}
				if asked.Default == nil && (feature.Nullable || entity[asked.Name] == "user") {
					t.Errorf("%s: %s may be missing and has no default", name, asked.Name)
				}
				if feature.Dtype == views.Float32 && len(m.Baseline.Features[asked.Name].Quantiles) != 51 {
					t.Errorf("%s: %s has no baseline of 51 quantiles", name, asked.Name)
				}
			}
		}
		if len(m.Baseline.Score.Quantiles) != 51 {
			t.Errorf("%s: the score has no baseline of 51 quantiles", name)
		}
	}
}

func TestEmbeddedBundleIsTheCommittedOne(t *testing.T) {
	t.Parallel()
	m, _, model := readBundle(t, Bundle())
	_, _, committed := readBundle(t, os.DirFS("bundles/"+m.Name))
	if !bytes.Equal(model, committed) {
		t.Errorf("the embedded %s differs from bundles/%s", m.File, m.Name)
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range bundleNames {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, g, model := readBundle(t, os.DirFS("bundles/"+name))
			graph, err := onnx.Load(model)
			if err != nil {
				t.Fatal(err)
			}
			if len(g.Cases) != 6 || g.Tolerance != 1e-5 {
				t.Fatalf("golden.json has %d cases and tolerance %g, expected 6 and 1e-5", len(g.Cases), g.Tolerance)
			}
			for _, test := range g.Cases {
				inputs := map[string]onnx.Tensor{}
				for name, input := range test.Inputs {
					inputs[name] = tensor(name, input)
				}
				outputs, err := graph.Run(t.Context(), inputs)
				if err != nil {
					t.Fatalf("%s: %v", test.Name, err)
				}
				want := test.Outputs["score"].flat()
				if got := outputs["score"].Floats; len(got) != test.N || len(want) != test.N {
					t.Fatalf("%s: got %d scores, file has %d, expected %d", test.Name, len(got), len(want), test.N)
				}
				for i, score := range outputs["score"].Floats {
					if math.Abs(float64(score)-want[i]) > g.Tolerance {
						t.Errorf("%s: row %d: got %v, expected %v", test.Name, i, score, want[i])
					}
				}
			}
		})
	}
}

func tensor(name string, input array) onnx.Tensor {
	out := onnx.Tensor{Shape: input.Shape}
	for _, value := range input.flat() {
		if name == "item_index" {
			out.Ints = append(out.Ints, int64(value))
		} else {
			out.Floats = append(out.Floats, float32(value))
		}
	}
	return out
}
