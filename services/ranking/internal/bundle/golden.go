package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"strconv"
	"unicode"

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

// Case is one of the cases of golden.json.
type Case struct {
	// Name is what errors call it.
	Name string
	// Inputs are in the manifest's order.
	Inputs []onnx.Tensor
	// Scores are what another engine made of them.
	Scores []float32
}

// readGolden reads the cases of golden.json, where there is one.
func (b *Bundle) readGolden(folder fs.FS) error {
	b.Tolerance = defaultTolerance
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
	if g.Tolerance != nil {
		b.Tolerance = *g.Tolerance
	}
	if b.Tolerance < 0 || b.Tolerance > 1 {
		return fmt.Errorf("%s: tolerance_abs: is %v, expected 0 to 1", goldenFile, b.Tolerance)
	}
	if len(g.Cases) == 0 {
		return fmt.Errorf("%s: cases: none, expected at least 1", goldenFile)
	}
	for i, each := range g.Cases {
		runtime.Gosched() // requests come first
		if err := b.addCase(each); err != nil {
			return fmt.Errorf("%s: cases[%d] %q: %w", goldenFile, i, each.Name, err)
		}
	}
	return nil
}

func (b *Bundle) addCase(c goldenCase) error {
	out := Case{Name: c.Name}
	for _, input := range b.Inputs {
		tensor, err := c.Inputs[input.Name].tensor(input.Dtype)
		if err != nil {
			return fmt.Errorf("inputs.%s: %w", input.Name, err)
		}
		out.Inputs = append(out.Inputs, tensor)
	}
	want, err := c.Outputs[b.Output.Name].tensor(onnx.Float32)
	if err != nil {
		return fmt.Errorf("outputs.%s: %w", b.Output.Name, err)
	}
	out.Scores = want.Floats
	b.Cases = append(b.Cases, out)
	return nil
}

// ScoreFunc computes the scores of inputs in the manifest's order into out; it is scorer.Scorer's Score.
type ScoreFunc func(ctx context.Context, inputs []onnx.Tensor, out []float32) error

// Deviation is how far an engine is from the golden cases.
type Deviation struct {
	// Cases is how many there are.
	Cases int
	// Most is the largest difference from a golden score; NaN where a score is NaN and should not be.
	Most float64
	// Where is the score with that difference.
	Where string
}

// Deviates runs the golden cases on an engine. The error is the engine's, or says which case does not fit the model.
func (b *Bundle) Deviates(ctx context.Context, score ScoreFunc) (Deviation, error) {
	d := Deviation{Cases: len(b.Cases)}
	for i, c := range b.Cases {
		runtime.Gosched() // as above
		got := make([]float32, len(c.Scores))
		if err := score(ctx, c.Inputs, got); err != nil {
			return d, fmt.Errorf("%s: cases[%d] %q: %w", goldenFile, i, c.Name, err)
		}
		for k, want := range c.Scores {
			// Written so that NaN counts, and stays.
			if diff := math.Abs(float64(got[k]) - float64(want)); !(diff <= d.Most) && !math.IsNaN(d.Most) {
				d.Most = diff
				d.Where = fmt.Sprintf("%s: cases[%d] %q: outputs.%s: score %d is %v, the model gives %v",
					goldenFile, i, c.Name, b.Output.Name, k, want, got[k])
			}
		}
	}
	return d, nil
}

// Check is an error where an engine is further from the golden cases than their tolerance allows.
func (b *Bundle) Check(ctx context.Context, score ScoreFunc) error {
	d, err := b.Deviates(ctx, score)
	if err != nil {
		return err
	}
	if !(d.Most <= b.Tolerance) { // NaN is too far
		return fmt.Errorf("%s, tolerance %v", d.Where, b.Tolerance)
	}
	return nil
}

// Interpret computes scores operator by operator: the reference that every engine is held against.
func (b *Bundle) Interpret(ctx context.Context, inputs []onnx.Tensor, out []float32) error {
	named := make(map[string]onnx.Tensor, len(inputs))
	for i, input := range b.Inputs {
		named[input.Name] = inputs[i]
	}
	outputs, err := b.Graph.Run(ctx, named)
	if err != nil {
		return err
	}
	scores := outputs[b.Output.Name].Floats
	if len(scores) != len(out) {
		return fmt.Errorf("outputs.%s: %d scores, the model gives %d", b.Output.Name, len(out), len(scores))
	}
	copy(out, scores)
	return nil
}

// tensor reads the values in the order they are written in; their nesting is not looked at, the shape counts.
func (t goldenTensor) tensor(dtype onnx.Dtype) (onnx.Tensor, error) {
	out := onnx.Tensor{Shape: t.Shape}
	if len(t.Data) == 0 {
		return out, fmt.Errorf("data: is missing")
	}
	for number := range bytes.FieldsFuncSeq(t.Data, between) { // a decoder would make garbage of each number
		if dtype == onnx.Int64 {
			value, err := strconv.ParseInt(string(number), 10, 64)
			if err != nil {
				return out, fmt.Errorf("data: %w", err)
			}
			out.Ints = append(out.Ints, value)
			continue
		}
		value, err := strconv.ParseFloat(string(number), 32)
		if err != nil {
			return out, fmt.Errorf("data: %w", err)
		}
		out.Floats = append(out.Floats, float32(value))
	}
	return out, nil
}

// between reports what stands between the numbers of nested lists.
func between(r rune) bool { return r == '[' || r == ']' || r == ',' || unicode.IsSpace(r) }
