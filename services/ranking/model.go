package ranking

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
)

// Model is a compiled model bundle outside the service: what `repli model` looks at. Safe for concurrent use.
type Model struct {
	model *models.Model
}

// OpenModel reads, checks and compiles the bundle in a folder; its golden cases are not run. engine is "plan" or "ort", and
// library the path of onnxruntime for the latter. Errors wrap ErrBundle.
func OpenModel(folder fs.FS, engine, library string) (*Model, error) {
	m, err := models.Read(folder, models.Options{Engine: engine, Library: library, MaxBytes: Defaults().MaxModelBytes})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBundle, err)
	}
	return &Model{model: m}, nil
}

// ID is the model's name and version, as "name/version".
func (m *Model) ID() string { return m.model.ID() }

// Deviates runs the golden cases and returns how many there are, the largest difference from a golden score, and where it is.
func (m *Model) Deviates(ctx context.Context) (cases int, most float64, where string, err error) {
	d, err := m.model.Deviates(ctx, m.model.Scorer.Score)
	return d.Cases, d.Most, d.Where, err
}

// Description is what a bundle says of itself, as lines of a name and a text.
type Description [][2]string

// Describe returns the model's names, shapes, operators and how it is run.
func (m *Model) Describe() Description {
	b := m.model
	d := Description{
		{"name", b.Name},
		{"version", b.Version},
		{"sha256", b.SHA256},
		{"engine", b.Scorer.Engine()},
		{"golden cases", fmt.Sprint(len(b.Cases))},
	}
	if !b.TrainedAt.IsZero() {
		d = append(d, [2]string{"trained at", b.TrainedAt.UTC().Format("2006-01-02T15:04:05Z")})
	}
	for _, in := range b.Inputs {
		d = append(d, [2]string{"input", fmt.Sprintf("%s %v %s, %d features", in.Name, in.Dtype, shape(in), len(in.Features))})
	}
	d = append(d, [2]string{"output", b.Output.Name + " float32 [N]"})
	var opsets []string
	for domain, version := range b.Graph.Opsets() {
		if domain == "" {
			domain = "ai.onnx"
		}
		opsets = append(opsets, fmt.Sprintf("%s %d", domain, version))
	}
	slices.Sort(opsets)
	d = append(d, [2]string{"operator sets", strings.Join(opsets, ", ")}, [2]string{"operators", operators(b.Graph)},
		[2]string{"constants", fmt.Sprint(constants(b.Graph)) + " elements"})
	if p, ok := b.Scorer.(interface{ Blocked() (bool, string) }); ok {
		how := "in blocks of candidates"
		if blocked, reason := p.Blocked(); !blocked {
			how = "operator by operator: " + reason
		}
		d = append(d, [2]string{"runs", how})
	}
	return d
}

func shape(in bundle.Input) string {
	rows := "1"
	if in.PerItem {
		rows = "N"
	}
	if in.Flat {
		return "[" + rows + "]"
	}
	return fmt.Sprintf("[%s,%d]", rows, len(in.Features))
}

// operators counts the operators by name.
func operators(g *onnx.Graph) string {
	counts := map[string]int{}
	for _, n := range g.Nodes() {
		counts[strings.TrimPrefix(n.Op(), ":")]++
	}
	var names []string
	for name, n := range counts {
		names = append(names, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func constants(g *onnx.Graph) int {
	n := 0
	for v := range g.Values() {
		if t, ok := g.Known(v); ok {
			n += t.Size()
		}
	}
	return n
}

// Trial is inputs that two models, or two engines, can be held against each other with.
type Trial struct {
	N      int
	inputs []onnx.Tensor
}

// NewTrial makes n random candidates: values near the manifest's defaults, and whole numbers of 0 to 2 for int64 inputs.
func (m *Model) NewTrial(n int, seed uint64) *Trial {
	r := rand.New(rand.NewPCG(seed, uint64(n))) //nolint:gosec // a trial's numbers
	t := &Trial{N: n}
	for _, in := range m.model.Inputs {
		rows := 1
		if in.PerItem {
			rows = n
		}
		tensor := onnx.Tensor{Shape: []int{rows, len(in.Features)}}
		if in.Flat {
			tensor.Shape = []int{rows}
		}
		for range rows {
			for _, f := range in.Features {
				if in.Dtype == onnx.Int64 {
					tensor.Ints = append(tensor.Ints, r.Int64N(3))
				} else {
					tensor.Floats = append(tensor.Floats, float32(f.Default+r.NormFloat64()*(1+math.Abs(f.Default)/4)))
				}
			}
		}
		t.inputs = append(t.inputs, tensor)
	}
	return t
}

// Fits reports whether a trial has the inputs of this model too: the same names, types and features in the same order.
func (m *Model) Fits(other *Model) bool {
	return slices.EqualFunc(m.model.Inputs, other.model.Inputs, func(a, b bundle.Input) bool {
		return a.Name == b.Name && a.Dtype == b.Dtype && a.PerItem == b.PerItem && a.Flat == b.Flat &&
			slices.EqualFunc(a.Features, b.Features, func(x, y bundle.Feature) bool { return x.Name == y.Name })
	})
}

// Score computes the scores of a trial into out, which has N elements.
func (m *Model) Score(ctx context.Context, t *Trial, out []float32) error {
	return m.model.Scorer.Score(ctx, t.inputs, out)
}
