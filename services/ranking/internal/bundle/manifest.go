package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// The bounds of a manifest.
const (
	maxName     = 128
	maxFeatures = 4096 // of one input
)

// wholeNumbers is where float64 stops holding every whole number.
const wholeNumbers = 1 << 53

var hexDigest = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

// manifest is what manifest.json holds, as far as serving needs it. Other keys belong to other readers.
type manifest struct {
	Name      string          `json:"name"`
	Version   string          `json:"version"`
	File      string          `json:"file"`
	SHA256    string          `json:"sha256"`
	TrainedAt *time.Time      `json:"trained_at"`
	Inputs    []manifestInput `json:"inputs"`
	Output    manifestOutput  `json:"output"`
	Retrieval *Retrieval      `json:"retrieval"`
}

type manifestInput struct {
	Name     string            `json:"name"`
	Dtype    string            `json:"dtype"`
	Shape    shape             `json:"shape"`
	Features []manifestFeature `json:"features"`
}

type manifestFeature struct {
	Name    string       `json:"name"`
	Default *json.Number `json:"default"`
}

type manifestOutput struct {
	Name  string    `json:"name"`
	Dtype string    `json:"dtype"`
	Shape shape     `json:"shape"`
	Scale []float64 `json:"scale"`
}

// shape is a list of dimensions: whole numbers, or a name such as "N", which becomes -1.
type shape []int

// UnmarshalJSON reads a shape.
func (s *shape) UnmarshalJSON(text []byte) error {
	var dimensions []any
	if err := json.Unmarshal(text, &dimensions); err != nil {
		return fmt.Errorf("shape is %s, expected a list such as [1,41] or [\"N\",36]", text)
	}
	*s = shape{}
	for _, dimension := range dimensions {
		switch d := dimension.(type) {
		case string:
			*s = append(*s, -1)
		case float64:
			if d < 1 || d > math.MaxInt32 || d != math.Trunc(d) {
				return fmt.Errorf("shape is %s, expected whole numbers from 1 and names", text)
			}
			*s = append(*s, int(d))
		default:
			return fmt.Errorf("shape is %s, expected whole numbers from 1 and names", text)
		}
	}
	return nil
}

// parseManifest decodes a manifest and checks what can be checked without the graph.
func parseManifest(text []byte) (*manifest, error) {
	m := &manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, err
	}
	var faults []error
	for _, field := range []struct{ key, value string }{
		{"name", m.Name}, {"version", m.Version}, {"file", m.File}, {"output.name", m.Output.Name},
	} {
		if field.value == "" || len(field.value) > maxName {
			faults = append(faults, fmt.Errorf("%s: has %d bytes, expected 1 to %d", field.key, len(field.value), maxName))
		}
	}
	if !fs.ValidPath(m.File) || m.File == "." {
		faults = append(faults, fmt.Errorf("file: is %q, expected the name of a file inside the folder", m.File))
	}
	if m.SHA256 != "" && !hexDigest.MatchString(m.SHA256) {
		faults = append(faults, fmt.Errorf("sha256: is %q, expected 64 hexadecimal digits", m.SHA256))
	}
	return m, errors.Join(append(faults, m.Retrieval.check())...)
}

// bind holds the manifest against the graph.
func (m *manifest) bind(graph *onnx.Graph) (*Bundle, error) {
	b := &Bundle{Name: m.Name, Version: m.Version, Graph: graph, Retrieval: m.Retrieval}
	if m.TrainedAt != nil {
		b.TrainedAt = *m.TrainedAt
	}
	var faults []error
	if len(m.Inputs) == 0 {
		faults = append(faults, fmt.Errorf("inputs: none, expected those of %s", m.File))
	}
	declared := map[string]onnx.ValueInfo{}
	for _, info := range graph.Inputs() {
		declared[info.Name] = info
	}
	perItem := false
	for i, each := range m.Inputs {
		input, err := m.input(each, declared)
		if err != nil {
			faults = append(faults, fmt.Errorf("inputs[%d]%w", i, err))
		}
		delete(declared, each.Name)
		perItem = perItem || input.PerItem
		b.Inputs = append(b.Inputs, input)
	}
	for name := range declared {
		faults = append(faults, fmt.Errorf("inputs: %q is missing, %s has it", name, m.File))
	}
	if len(faults) == 0 && !perItem {
		faults = append(faults, fmt.Errorf("inputs: none has a row for each candidate, such as shape [\"N\",36]"))
	}
	output, err := m.output(graph.Outputs())
	if err != nil {
		faults = append(faults, fmt.Errorf("output%w", err))
	}
	b.Output = output
	return b, errors.Join(faults...)
}

// input checks one input; the error starts with the key below it.
func (m *manifest) input(each manifestInput, declared map[string]onnx.ValueInfo) (Input, error) {
	info, ok := declared[each.Name]
	if !ok {
		return Input{}, fmt.Errorf(".name: %q is not an input of %s or is there twice", each.Name, m.File)
	}
	dtype, ok := map[string]onnx.Dtype{"float32": onnx.Float32, "int64": onnx.Int64}[each.Dtype]
	if !ok {
		return Input{}, fmt.Errorf(".dtype: is %q, expected \"float32\" or \"int64\"", each.Dtype)
	}
	if dtype != info.Dtype {
		return Input{}, fmt.Errorf(".dtype: is %q, input %q of %s is %s", each.Dtype, info.Name, m.File, info.Dtype)
	}
	if !agree(each.Shape, info.Shape) {
		return Input{}, fmt.Errorf(".shape: is %s, input %q of %s has %s", text(each.Shape), info.Name, m.File, text(info.Shape))
	}
	width := 1
	switch n := len(each.Shape); {
	case n == 0 || n > 2 || each.Shape[0] > 1 || n == 2 && each.Shape[1] < 0:
		return Input{}, fmt.Errorf(".shape: is %s, expected [N,F], [N], [1,F] or [1]", text(each.Shape))
	case n == 2 && each.Shape[1] > maxFeatures:
		return Input{}, fmt.Errorf(".shape: is %s, expected at most %d features", text(each.Shape), maxFeatures)
	case n == 2:
		width = each.Shape[1]
	}
	if len(each.Features) != width {
		return Input{}, fmt.Errorf(".features: %d features, expected %d (shape %s of input %q in %s)",
			len(each.Features), width, text(info.Shape), info.Name, m.File)
	}
	features, err := features(each.Features, dtype)
	return Input{
		Name: each.Name, Dtype: dtype, PerItem: each.Shape[0] < 0, Flat: len(each.Shape) == 1, Features: features,
	}, err
}

func features(list []manifestFeature, dtype onnx.Dtype) ([]Feature, error) {
	features := make([]Feature, len(list))
	seen := make(map[string]struct{}, len(list))
	for i, each := range list {
		if each.Name == "" || len(each.Name) > maxName {
			return nil, fmt.Errorf(".features[%d].name: has %d bytes, expected 1 to %d", i, len(each.Name), maxName)
		}
		if _, ok := seen[each.Name]; ok {
			return nil, fmt.Errorf(".features[%d].name: %q is there twice", i, each.Name)
		}
		seen[each.Name] = struct{}{}
		features[i].Name = each.Name
		if each.Default == nil {
			continue
		}
		value, err := strconv.ParseFloat(each.Default.String(), 64)
		if err != nil || math.Abs(value) > math.MaxFloat32 {
			return nil, fmt.Errorf(".features[%d].default: is %s, expected a finite float32", i, each.Default)
		}
		if dtype == onnx.Int64 && (value != math.Trunc(value) || math.Abs(value) > wholeNumbers) {
			return nil, fmt.Errorf(".features[%d].default: is %s, expected a whole number", i, each.Default)
		}
		features[i].HasDefault, features[i].Default = true, value
	}
	return features, nil
}

// output checks the output; the error starts with the key below it.
func (m *manifest) output(declared []onnx.ValueInfo) (Output, error) {
	out := Output{Name: m.Output.Name}
	at := -1
	for i, info := range declared {
		if info.Name == out.Name {
			at = i
		}
	}
	if at < 0 {
		return out, fmt.Errorf(".name: %q is not an output of %s", out.Name, m.File)
	}
	info := declared[at]
	if m.Output.Dtype != "float32" || info.Dtype != onnx.Float32 {
		return out, fmt.Errorf(".dtype: is %q and %s in %s, expected float32", m.Output.Dtype, info.Dtype, m.File)
	}
	s := m.Output.Shape
	if n := len(s); n == 0 || n > 2 || s[0] != -1 || n == 2 && s[1] != 1 {
		return out, fmt.Errorf(".shape: is %s, expected [N] or [N,1]: one score for each candidate", text(s))
	}
	if info.Shape != nil && !agree(s, info.Shape) {
		return out, fmt.Errorf(".shape: is %s, output %q of %s has %s", text(s), info.Name, m.File, text(info.Shape))
	}
	if scale := m.Output.Scale; scale != nil {
		if len(scale) != 2 || scale[0] >= scale[1] {
			return out, fmt.Errorf(".scale: is %v, expected [low, high] with low < high", scale)
		}
		out.Scale = &[2]float64{scale[0], scale[1]}
	}
	return out, nil
}

// agree reports whether the graph takes every tensor of the manifest's shape: what is open in the manifest is open in
// the graph.
func agree(manifest shape, graph []int) bool {
	if len(manifest) != len(graph) {
		return false
	}
	for i, d := range manifest {
		if graph[i] != -1 && graph[i] != d {
			return false
		}
	}
	return true
}

// text shows a shape as a manifest would write it.
func text(dimensions []int) string {
	out := "["
	for i, d := range dimensions {
		if i > 0 {
			out += " "
		}
		if d < 0 {
			out += "N"
		} else {
			out += strconv.Itoa(d)
		}
	}
	return out + "]"
}
