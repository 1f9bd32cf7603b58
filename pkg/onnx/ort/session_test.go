//go:build ort

package ort_test

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/onnx/ort"
)

func library(tb testing.TB) string {
	tb.Helper()
	path := os.Getenv("REPLI_ONNXRUNTIME")
	if path == "" {
		tb.Fatal("REPLI_ONNXRUNTIME is not set: it names onnxruntime's shared library")
	}
	return path
}

func TestSessionScoresAsTheGraphDoes(t *testing.T) {
	model, err := os.ReadFile("../../../demo/bundles/gbdt/model.onnx")
	if err != nil {
		t.Fatal(err)
	}
	g, err := onnx.Load(model)
	if err != nil {
		t.Fatal(err)
	}
	in, out := g.Inputs()[0], g.Outputs()[0]
	s, err := ort.Open(library(t), model, []string{in.Name}, []string{out.Name})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	features := onnx.Tensor{Shape: []int{3, in.Shape[1]}, Floats: make([]float32, 3*in.Shape[1])}
	for i := range features.Floats {
		features.Floats[i] = float32(i%17) / 4
	}
	want, err := g.Run(t.Context(), map[string]onnx.Tensor{in.Name: features})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Run(t.Context(), []onnx.Tensor{features})
	if err != nil {
		t.Fatal(err)
	}
	bound, err := s.Bind([]onnx.Tensor{features}, got[0].Shape)
	if err != nil {
		t.Fatal(err)
	}
	defer bound.Close()
	scores, err := bound.Run()
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range want[out.Name].Floats {
		if math.Abs(float64(got[0].Floats[i]-w)) > 1e-5 || scores[i] != got[0].Floats[i] {
			t.Errorf("score %d is %v and %v when bound, expected %v", i, got[0].Floats[i], scores[i], w)
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	if _, err := ort.Open("/nowhere/libonnxruntime.so", nil, nil, nil); err == nil || !strings.Contains(err.Error(), `"/nowhere/libonnxruntime.so"`) {
		t.Errorf("error is %v, expected one with the path", err)
	}
	if _, err := ort.Open(library(t), []byte("no model"), []string{"x"}, []string{"y"}); err == nil {
		t.Error("a file that is no model was opened")
	}
}
