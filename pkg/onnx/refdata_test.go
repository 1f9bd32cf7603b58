//go:build refdata

package onnx_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/reftest"
)

// array is a tensor of golden.json: nested lists of numbers.
type array struct {
	Shape []int `json:"shape"`
	Data  any   `json:"data"`
}

type golden struct {
	Tolerance float64 `json:"tolerance_abs"`
	Cases     []struct {
		Name    string           `json:"name"`
		N       int              `json:"n"`
		Inputs  map[string]array `json:"inputs"`
		Outputs map[string]array `json:"outputs"`
	} `json:"cases"`
}

func flatten(data any) []float64 {
	if v, ok := data.(float64); ok {
		return []float64{v}
	}
	values := []float64{}
	for _, part := range data.([]any) {
		values = append(values, flatten(part)...)
	}
	return values
}

func (a array) tensor(dtype onnx.Dtype) onnx.Tensor {
	t := onnx.Tensor{Shape: a.Shape}
	for _, v := range flatten(a.Data) {
		if dtype == onnx.Int64 {
			t.Ints = append(t.Ints, int64(v))
		} else {
			t.Floats = append(t.Floats, float32(v))
		}
	}
	return t
}

func bundleFile(tb testing.TB, bundle, file string) []byte {
	tb.Helper()
	dir := os.Getenv("REPLI_REFDATA")
	if dir == "" {
		tb.Fatal("REPLI_REFDATA is not set: it names the folder of reference data")
	}
	data, err := os.ReadFile(filepath.Join(dir, "models", bundle, file))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func loadBundle(tb testing.TB, bundle string) (*onnx.Graph, golden) {
	tb.Helper()
	g, err := onnx.Load(bundleFile(tb, bundle, "model.onnx"))
	if err != nil {
		tb.Fatal(err)
	}
	var gold golden
	if err := json.Unmarshal(bundleFile(tb, bundle, "golden.json"), &gold); err != nil {
		tb.Fatal(err)
	}
	return g, gold
}

func bind(g *onnx.Graph, arrays map[string]array) map[string]onnx.Tensor {
	inputs := map[string]onnx.Tensor{}
	for _, info := range g.Inputs() {
		inputs[info.Name] = arrays[info.Name].tensor(info.Dtype)
	}
	return inputs
}

// TestRefDataGolden runs every golden case from several goroutines, twice each.
func TestRefDataGolden(t *testing.T) {
	t.Parallel()
	for _, bundle := range reftest.Models(t) {
		t.Run(bundle, func(t *testing.T) {
			t.Parallel()
			g, gold := loadBundle(t, bundle)
			var wg sync.WaitGroup
			worst := make([]float64, 4)
			for worker := range worst {
				wg.Go(func() { worst[worker] = runGolden(t, g, gold) })
			}
			wg.Wait()
			t.Logf("max abs error %.2g over %d cases", worst[0], len(gold.Cases))
		})
	}
}

func runGolden(t *testing.T, g *onnx.Graph, gold golden) (worst float64) {
	for _, c := range gold.Cases {
		for range 2 {
			got, err := g.Run(t.Context(), bind(g, c.Inputs))
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
				return worst
			}
			for name, want := range c.Outputs {
				values := flatten(want.Data)
				if len(got[name].Floats) != len(values) {
					t.Errorf("%s: %s has shape %v, want %v", c.Name, name, got[name].Shape, want.Shape)
					continue
				}
				for i, v := range values {
					diff := math.Abs(float64(got[name].Floats[i]) - v)
					worst = max(worst, diff)
					if !(diff <= 1e-5) {
						t.Errorf("%s: %s[%d] is %v, want %v", c.Name, name, i, got[name].Floats[i], v)
					}
				}
			}
		}
	}
	return worst
}

// TestRefDataDamaged loads damaged copies of real files: each gives a graph or an error, and never panics.
func TestRefDataDamaged(t *testing.T) {
	t.Parallel()
	for _, bundle := range reftest.Models(t) {
		t.Run(bundle, func(t *testing.T) {
			t.Parallel()
			whole := bundleFile(t, bundle, "model.onnx")
			for size := 0; size < len(whole); size += 97 {
				if _, err := onnx.Load(whole[:size]); err == nil {
					t.Fatalf("the first %d of %d bytes loaded without an error", size, len(whole))
				}
			}
			for at := 0; at < len(whole); at += 331 {
				damaged := append([]byte{}, whole...)
				damaged[at] ^= 1 << (at % 8)
				_, _ = onnx.Load(damaged) // a flipped weight is no error
			}
		})
	}
}

func BenchmarkRefData(b *testing.B) {
	for _, bundle := range reftest.Models(b) {
		g, gold := loadBundle(b, bundle)
		for _, c := range gold.Cases {
			if c.N != 50 && c.N != 200 {
				continue
			}
			b.Run(fmt.Sprintf("%s/N=%d", bundle, c.N), func(b *testing.B) {
				inputs := bind(g, c.Inputs)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := g.Run(b.Context(), inputs); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
