//go:build onnxnode

package onnx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestONNXNodes runs ONNX's own test data for operators: folders with model.onnx and test_data_set_*/input_*.pb and
// output_*.pb, as `python3 -m onnx.backend.test.cmd_tools generate-data` writes them into its folder node.
// REPLI_ONNX_NODE_TESTS names it. Every model whose operators and dtypes are all supported must give the expected values.
func TestONNXNodes(t *testing.T) {
	dir := os.Getenv("REPLI_ONNX_NODE_TESTS")
	models, err := filepath.Glob(filepath.Join(dir, "test_*", "model.onnx"))
	if err != nil || len(models) == 0 {
		t.Fatalf("REPLI_ONNX_NODE_TESTS=%q holds no test_*/model.onnx: %v", dir, err)
	}
	var passed, failed, unsupported, otherTypes, refused int
	for _, model := range models {
		name := filepath.Base(filepath.Dir(model))
		data, err := os.ReadFile(model)
		if err != nil {
			t.Fatal(err)
		}
		g, err := Load(data)
		switch {
		case errors.Is(err, ErrUnsupported):
			unsupported++
			continue
		case err != nil && (strings.Contains(err.Error(), "dtype ") || strings.Contains(err.Error(), "is not a tensor")):
			otherTypes++
			continue
		case err != nil && slices.Contains(outside, name):
			t.Logf("%s is refused: %v", name, err)
			refused++
			continue
		}
		if err == nil {
			err = runNodeTest(t, g, filepath.Dir(model))
		}
		switch {
		case err == nil:
			passed++
		case slices.Contains(outside, name):
			t.Logf("%s is refused: %v", name, err)
			refused++
		default:
			failed++
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Logf("%d passed, %d failed, %d refused by design, %d of other dtypes, %d with unsupported operators",
		passed, failed, refused, otherTypes, unsupported)
}

// outside are the tests of features that the package says it does not have.
var outside = []string{
	// Written by a release of ONNX that cut BFLOAT16 off instead of rounding it, or declared another shape than the data has.
	"test_cast_FLOAT_to_BFLOAT16", "test_castlike_BFLOAT16_to_FLOAT", "test_castlike_BFLOAT16_to_FLOAT_expanded",
	"test_castlike_FLOAT_to_BFLOAT16", "test_castlike_FLOAT_to_BFLOAT16_expanded",
	"test_batchnorm_epsilon_training_mode", "test_batchnorm_example_training_mode",
	"test_training_dropout", "test_training_dropout_default", "test_training_dropout_default_mask",
	"test_training_dropout_mask", "test_training_dropout_zero_ratio", "test_training_dropout_zero_ratio_mask",
}

// official is the relative difference that ONNX's own runner of these tests allows.
const official = 1e-3

func runNodeTest(t *testing.T, g *Graph, dir string) error {
	t.Helper()
	sets, err := filepath.Glob(filepath.Join(dir, "test_data_set_*"))
	if err != nil {
		return err
	}
	for _, set := range sets {
		inputs, err := readTensors(set, "input_", g.Inputs())
		if err != nil {
			return err
		}
		want, err := readTensors(set, "output_", g.Outputs())
		if err != nil {
			return err
		}
		got, err := g.Run(t.Context(), inputs)
		if err != nil {
			return err
		}
		for name, tensor := range want {
			if err := compareWithin(got[name], tensor, official); err != nil {
				return errors.Join(errors.New(name), err)
			}
		}
	}
	return nil
}

func readTensors(dir, prefix string, infos []ValueInfo) (map[string]Tensor, error) {
	tensors := map[string]Tensor{}
	for i, info := range infos {
		data, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%s%d.pb", prefix, i)))
		if err != nil {
			return nil, err
		}
		p, t, err := decodeTensor(data, nil)
		if err != nil {
			return nil, err
		}
		if info.Dtype == Float32 && p.code == codeUint16 { // the bits of BFLOAT16, which numpy does not have
			values := make([]float32, len(t.Ints))
			for i, bits := range t.Ints {
				values[i] = half(codeBFloat16, uint16(bits))
			}
			t = wrap(t.Shape, values)
		}
		tensors[info.Name] = t
	}
	return tensors, nil
}
