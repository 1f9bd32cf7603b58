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

// TestONNXNodes runs ONNX's own test data for operators: folders with model.onnx and test_data_set_*/input_*.pb and output_*.pb, as
// Debian's libonnx-testdata has them. REPLI_ONNX_NODE_TESTS names the folder of folders. Every model whose operators and dtypes are
// all supported must give the expected values.
//
// docs/operators.md says what this run has found. It is written where REPLI_OPERATORS_PAGE names it, and otherwise compared.
func TestONNXNodes(t *testing.T) {
	dir := os.Getenv("REPLI_ONNX_NODE_TESTS")
	models, err := filepath.Glob(filepath.Join(dir, "test_*", "model.onnx"))
	if err != nil || len(models) == 0 {
		t.Fatalf("REPLI_ONNX_NODE_TESTS=%q holds no test_*/model.onnx: %v", dir, err)
	}
	var results []nodeResult
	for _, model := range models {
		r, err := runNodeModel(t, model)
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
		}
		results = append(results, r)
	}
	for name := range refused {
		if !slices.ContainsFunc(results, func(r nodeResult) bool { return r.name == name && r.outcome == refusedTest }) {
			t.Errorf("%s is said to be refused, but passes or is not there", name)
		}
	}
	if t.Failed() {
		return
	}
	page := operatorsPage(results)
	if to := os.Getenv("REPLI_OPERATORS_PAGE"); to != "" {
		if err := os.WriteFile(to, []byte(page), 0o644); err != nil {
			t.Error(err)
		}
		return
	}
	committed, err := os.ReadFile("../../docs/operators.md")
	if err != nil || string(committed) != page {
		t.Errorf("docs/operators.md is stale: run make generate and commit (%v)", err)
	}
}

// outcome is what became of a test.
type outcome int

const (
	passedTest outcome = iota
	failedTest
	refusedTest     // by design: refused says why
	unsupportedTest // an operator is not there
	otherTypesTest  // a type of value is not there
)

// nodeResult is one test with what it is of.
type nodeResult struct {
	name    string
	outcome outcome
	// ops are the operators of the model, "domain:name"; missing those of them that the package does not have.
	ops, missing []string
	types        []int64 // TensorProto.DataType of the inputs
}

// refused are the tests of what the package does not do, and why.
var refused = map[string]string{
	"test_cast_FLOAT_to_BFLOAT16":              cutBFloat16,
	"test_castlike_BFLOAT16_to_FLOAT":          wrongShape,
	"test_castlike_BFLOAT16_to_FLOAT_expanded": wrongShape,
	"test_castlike_FLOAT_to_BFLOAT16":          wrongShape,
	"test_castlike_FLOAT_to_BFLOAT16_expanded": wrongShape,
	"test_batchnorm_epsilon_training_mode":     training,
	"test_batchnorm_example_training_mode":     training,
	"test_training_dropout":                    training,
	"test_training_dropout_default":            training,
	"test_training_dropout_default_mask":       training,
	"test_training_dropout_mask":               training,
	"test_training_dropout_zero_ratio":         training,
	"test_training_dropout_zero_ratio_mask":    training,
}

const (
	cutBFloat16 = "the data was written by a release of ONNX that cut BFLOAT16 off instead of rounding it"
	wrongShape  = "the model declares another shape than its data has"
	training    = "it trains"
)

// runNodeModel runs one test. The error is what makes it fail.
func runNodeModel(t *testing.T, model string) (nodeResult, error) {
	t.Helper()
	r := nodeResult{name: filepath.Base(filepath.Dir(model))}
	data, err := os.ReadFile(model)
	if err != nil {
		return r, err
	}
	outline, err := parseModel(data)
	if err != nil {
		return r, err
	}
	for _, n := range outline.nodes {
		op := n.domain + ":" + n.op
		r.ops = append(r.ops, op)
		if _, ok := operators[op]; !ok {
			r.missing = append(r.missing, op)
		}
	}
	for _, info := range outline.inputs {
		if _, code, err := parseInfo(info, func(string) bool { return false }); err == nil {
			r.types = append(r.types, code)
		}
	}
	g, err := Load(data)
	if err == nil {
		err = runNodeTest(t, g, filepath.Dir(model))
	}
	r.outcome = passedTest
	switch {
	case err == nil:
	case errors.Is(err, ErrUnsupported):
		r.outcome = unsupportedTest
	case strings.Contains(err.Error(), "dtype ") || strings.Contains(err.Error(), errNoTensor.Error()):
		r.outcome = otherTypesTest
	case refused[r.name] != "":
		r.outcome = refusedTest
	default:
		r.outcome = failedTest
		return r, err
	}
	return r, nil
}

// official is the relative difference that ONNX's own runner of these tests allows.
const official = 1e-3

func runNodeTest(t *testing.T, g *Graph, dir string) error {
	t.Helper()
	sets, err := filepath.Glob(filepath.Join(dir, "test_data_set_*"))
	if err != nil || len(sets) == 0 {
		return errors.Join(errors.New("no test_data_set_*"), err)
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
