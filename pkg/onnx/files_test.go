package onnx

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func readFile(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// TestFiles runs models that another encoder has written (testdata/generate.py).
func TestFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file     string
		in, want map[string]Tensor
	}{
		{
			file: "towers.onnx",
			in:   map[string]Tensor{"user": floats([]int{1, 2}, 1, 2), "items": floats([]int{2, 2}, 0, 0, 1, 3), "item_index": ivec(2, 1)},
			// rows 1 2 0 0 -1 and 1 2 1 3 1: hidden -1 2.5 and 2 -0.5, active 0 2.5 and 2 0
			want: map[string]Tensor{"score": floats([]int{2, 1}, 0.9241418, 0.880797)},
		},
		{
			file: "tree.onnx",
			in:   map[string]Tensor{"features": floats([]int{3, 1}, 1, 1.5, nan)},
			want: map[string]Tensor{
				"label": ivec(0, 1, 0),
				"score": floats([]int{3, 2}, 0.880797, 0.11920292, 0.11920292, 0.880797, 0.880797, 0.11920292),
			},
		},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			g, err := Load(readFile(t, c.file))
			if err != nil {
				t.Fatal(err)
			}
			got, err := g.Run(t.Context(), c.in)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range c.want {
				if err := compare(got[name], want); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// FuzzLoad loads any bytes and runs what loads on inputs of ones: neither may panic, nor take more than its share.
func FuzzLoad(f *testing.F) {
	f.Add(readFile(f, "towers.onnx"))
	f.Add(readFile(f, "tree.onnx"))
	f.Add(small().bytes())
	for _, file := range seeds() {
		if _, err := Load(file); err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		g, err := Load(file)
		if err != nil {
			return
		}
		var inputs []Tensor
		for _, info := range g.Inputs() {
			for d := range info.Shape {
				if info.Shape[d] < 0 {
					info.Shape[d] = 2
				}
			}
			if n, err := elements(info.Shape); err != nil || n > 1<<12 {
				return
			}
			inputs = append(inputs, ones(info))
		}
		var mem Arena
		mem.Bound(1<<16, 1<<20)
		if values, err := g.Evaluate(t.Context(), &mem, inputs); err == nil {
			for v, value := range values {
				if n, err := elements(value.Shape); value.Dtype() != 0 && (err != nil || n != value.size()) {
					t.Errorf("value %d has shape %v and %d elements", v, value.Shape, value.size())
				}
			}
		}
	})
}

func ones(info ValueInfo) Tensor {
	n := count(info.Shape)
	switch info.Dtype {
	case Float32:
		return wrap(info.Shape, slices.Repeat([]float32{1}, n))
	case Int64:
		return wrap(info.Shape, slices.Repeat([]int64{1}, n))
	case String:
		return wrap(info.Shape, slices.Repeat([]string{"1"}, n))
	default:
		return wrap(info.Shape, slices.Repeat([]bool{true}, n))
	}
}
