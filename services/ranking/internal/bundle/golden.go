package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strconv"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// defaultTolerance is how far a score may be from the golden one when golden.json does not say.
const defaultTolerance = 1e-5

// golden is what golden.json holds: inputs, and the outputs that another engine computed from them.
type golden struct {
	Tolerance *float64     `json:"tolerance_abs"`
	Cases     []goldenCase `json:"cases"`
}

type goldenCase struct {
	Name    string                  `json:"name"`
	Inputs  map[string]goldenTensor `json:"inputs"`
	Outputs map[string]goldenTensor `json:"outputs"`
}

// goldenTensor has its values in nested lists or in a flat one.
type goldenTensor struct {
	Shape []int           `json:"shape"`
	Data  json.RawMessage `json:"data"`
}

// checkGolden runs the cases of golden.json, where there is one, and compares.
func checkGolden(ctx context.Context, folder fs.FS, b *Bundle) error {
	content, err := read(folder, goldenFile, maxText)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	g := golden{}
	if err := json.Unmarshal(content, &g); err != nil {
		return fmt.Errorf("%s: %w", goldenFile, err)
	}
	tolerance := defaultTolerance
	if g.Tolerance != nil {
		tolerance = *g.Tolerance
	}
	if tolerance < 0 || tolerance > 1 {
		return fmt.Errorf("%s: tolerance_abs: is %v, expected 0 to 1", goldenFile, tolerance)
	}
	if len(g.Cases) == 0 {
		return fmt.Errorf("%s: cases: none, expected at least 1", goldenFile)
	}
	for i, each := range g.Cases {
		if err := each.check(ctx, b, tolerance); err != nil {
			return fmt.Errorf("%s: cases[%d] %q: %w", goldenFile, i, each.Name, err)
		}
	}
	return nil
}

func (c goldenCase) check(ctx context.Context, b *Bundle, tolerance float64) error {
	inputs := make(map[string]onnx.Tensor, len(b.Inputs))
	for _, input := range b.Inputs {
		tensor, err := c.Inputs[input.Name].tensor(input.Dtype)
		if err != nil {
			return fmt.Errorf("inputs.%s: %w", input.Name, err)
		}
		inputs[input.Name] = tensor
	}
	outputs, err := b.Graph.Run(ctx, inputs)
	if err != nil {
		return err
	}
	want, err := c.Outputs[b.Output.Name].tensor(onnx.Float32)
	if err != nil {
		return fmt.Errorf("outputs.%s: %w", b.Output.Name, err)
	}
	got := outputs[b.Output.Name].Floats
	if len(got) != len(want.Floats) {
		return fmt.Errorf("outputs.%s: %d scores, the model gives %d", b.Output.Name, len(want.Floats), len(got))
	}
	for i, score := range got {
		// Written so that NaN fails.
		if !(math.Abs(float64(score)-float64(want.Floats[i])) <= tolerance) {
			return fmt.Errorf("outputs.%s: score %d is %v, the model gives %v, tolerance %v",
				b.Output.Name, i, want.Floats[i], score, tolerance)
		}
	}
	return nil
}

// tensor reads the values in the order they are written in; their nesting is not looked at, the shape counts.
func (t goldenTensor) tensor(dtype onnx.Dtype) (onnx.Tensor, error) {
	out := onnx.Tensor{Shape: t.Shape}
	if len(t.Data) == 0 {
		return out, fmt.Errorf("data: is missing")
	}
	decoder := json.NewDecoder(bytes.NewReader(t.Data))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("data: %w", err)
		}
		number, ok := token.(json.Number)
		switch {
		case !ok:
			continue
		case dtype == onnx.Int64:
			value, err := number.Int64()
			if err != nil {
				return out, fmt.Errorf("data: %w", err)
			}
			out.Ints = append(out.Ints, value)
		default:
			value, err := strconv.ParseFloat(number.String(), 32)
			if err != nil {
				return out, fmt.Errorf("data: %w", err)
			}
			out.Floats = append(out.Floats, float32(value))
		}
	}
}
