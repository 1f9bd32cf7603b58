package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// testModel writes an ONNX file from its parts.
type testModel struct {
	opset, mlOpset                       int64
	nodes, initialisers, inputs, outputs []([]byte)
}

// attrs are the attributes of a node: int, float32, string, lists of them, or Tensor.
type attrs map[string]any

func floats(shape []int, values ...float32) Tensor {
	return wrap(shape, append([]float32{}, values...))
}

func ints(shape []int, values ...int64) Tensor { return wrap(shape, append([]int64{}, values...)) }

func bools(shape []int, values ...bool) Tensor { return wrap(shape, append([]bool{}, values...)) }

func texts(shape []int, values ...string) Tensor { return wrap(shape, append([]string{}, values...)) }

func vec(values ...float32) Tensor { return floats([]int{len(values)}, values...) }
func ivec(values ...int64) Tensor  { return ints([]int{len(values)}, values...) }

func (m testModel) bytes() []byte {
	var graph []byte
	for num, parts := range map[protowire.Number][][]byte{1: m.nodes, 5: m.initialisers, 11: m.inputs, 12: m.outputs} {
		for _, part := range parts {
			graph = appendMessage(graph, num, part)
		}
	}
	file := appendMessage(nil, 7, graph)
	for domain, version := range map[string]int64{"": m.opset, mlDomain: m.mlOpset} {
		if version > 0 {
			file = appendMessage(file, 8, appendVarint(appendMessage(nil, 1, []byte(domain)), 2, version))
		}
	}
	return file
}

func appendVarint(to []byte, num protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(to, num, protowire.VarintType), uint64(v))
}

// writeNode writes a node; op is "Op" or "domain:Op".
func writeNode(name, op string, in, out []string, a attrs) []byte {
	var msg []byte
	for _, s := range in {
		msg = appendMessage(msg, 1, []byte(s))
	}
	for _, s := range out {
		msg = appendMessage(msg, 2, []byte(s))
	}
	msg = appendMessage(msg, 3, []byte(name))
	domain, op, found := strings.Cut(op, ":")
	if !found {
		domain, op = "", domain
	}
	msg = appendMessage(appendMessage(msg, 4, []byte(op)), 7, []byte(domain))
	for key, value := range a {
		msg = appendMessage(msg, 5, writeAttribute(key, value))
	}
	return msg
}

func writeAttribute(name string, value any) []byte {
	msg := appendMessage(nil, 1, []byte(name))
	switch v := value.(type) {
	case int:
		return appendVarint(appendVarint(msg, 3, int64(v)), 20, 2)
	case float32:
		msg = protowire.AppendFixed32(protowire.AppendTag(msg, 2, protowire.Fixed32Type), math.Float32bits(v))
		return appendVarint(msg, 20, 1)
	case string:
		return appendVarint(appendMessage(msg, 4, []byte(v)), 20, 3)
	case Tensor:
		return appendVarint(appendMessage(msg, 5, writeTensor("", v)), 20, 4)
	case []float32:
		for _, x := range v {
			msg = protowire.AppendFixed32(protowire.AppendTag(msg, 7, protowire.Fixed32Type), math.Float32bits(x))
		}
		return appendVarint(msg, 20, 6)
	case []int64:
		for _, x := range v {
			msg = appendVarint(msg, 8, x)
		}
		return appendVarint(msg, 20, 7)
	case []string:
		for _, x := range v {
			msg = appendMessage(msg, 9, []byte(x))
		}
		return appendVarint(msg, 20, 8)
	}
	panic(fmt.Sprintf("attribute %s: %T", name, value))
}

func codeOf(d Dtype) int64 { return map[Dtype]int64{Float32: 1, Int64: 7, Bool: 9, String: 8}[d] }

// writeTensor writes a tensor as raw data.
func writeTensor(name string, t Tensor) []byte {
	var msg, raw []byte
	for _, d := range t.Shape {
		msg = appendVarint(msg, 1, int64(d))
	}
	for _, v := range t.Floats {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	for _, v := range t.Ints {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	for _, v := range t.Bools {
		raw = append(raw, map[bool]byte{true: 1}[v])
	}
	msg = appendMessage(appendVarint(msg, 2, codeOf(t.Dtype())), 8, []byte(name))
	if t.Dtype() == String {
		for _, v := range t.Strings {
			msg = appendMessage(msg, 6, []byte(v))
		}
		return msg
	}
	return appendMessage(msg, 9, raw)
}

// writeInfo declares an input or output; a dimension of -1 is symbolic, a nil shape is none.
func writeInfo(name string, code int64, shape []int) []byte {
	var dims []byte
	for _, d := range shape {
		dim := appendMessage(nil, 2, []byte("N"))
		if d >= 0 {
			dim = appendVarint(nil, 1, int64(d))
		}
		dims = appendMessage(dims, 1, dim)
	}
	tensor := appendVarint(nil, 1, code)
	if shape != nil {
		tensor = appendMessage(tensor, 2, dims)
	}
	return appendMessage(appendMessage(nil, 1, []byte(name)), 2, appendMessage(nil, 1, tensor))
}

// opCase runs one operator. Inputs with no data are absent optional ones. err, when set, is part of the error of Load
// or Run that is expected.
type opCase struct {
	name  string
	op    string
	opset int64 // 17 when 0
	ml    int64 // the version of ai.onnx.ml, 3 when 0
	attrs attrs
	in    []Tensor
	want  []Tensor
	known bool // the inputs after the first are initialisers
	err   string
}

func (c opCase) run(t *testing.T) ([]Tensor, error) {
	t.Helper()
	m := testModel{opset: c.opset, mlOpset: c.ml}
	if m.mlOpset == 0 {
		m.mlOpset = 3
	}
	if m.opset == 0 {
		m.opset = 17
	}
	var names, results []string
	inputs := map[string]Tensor{}
	for i, tensor := range c.in {
		name := fmt.Sprintf("in%d", i)
		switch {
		case tensor.Dtype() == 0:
			name = ""
		case c.known && i > 0:
			m.initialisers = append(m.initialisers, writeTensor(name, tensor))
		default:
			m.inputs = append(m.inputs, writeInfo(name, codeOf(tensor.Dtype()), nil))
			inputs[name] = tensor
		}
		names = append(names, name)
	}
	for i, tensor := range c.want {
		results = append(results, fmt.Sprintf("out%d", i))
		m.outputs = append(m.outputs, writeInfo(results[i], codeOf(tensor.Dtype()), nil))
	}
	m.nodes = append(m.nodes, writeNode("n", c.op, names, results, c.attrs))
	g, err := Load(m.bytes())
	if err != nil {
		return nil, err
	}
	got, err := g.Run(t.Context(), inputs)
	if err != nil {
		return nil, err
	}
	outputs := make([]Tensor, len(results))
	for i, name := range results {
		outputs[i] = got[name]
	}
	return outputs, nil
}

// runOps runs a table of cases.
func runOps(t *testing.T, cases []opCase) {
	t.Helper()
	t.Parallel()
	for _, c := range cases {
		t.Run(c.op+" "+c.name, func(t *testing.T) {
			t.Parallel()
			if c.err != "" && c.want == nil {
				c.want = []Tensor{{Floats: []float32{}}}
				if len(c.in) > 0 {
					c.want[0] = emptyOf(c.in[0].Dtype(), nil)
				}
			}
			got, err := c.run(t)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error is %v, expected one with %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range c.want {
				if err := compare(got[i], want); err != nil {
					t.Errorf("output %d: %v", i, err)
				}
			}
		})
	}
}

// compare checks shape and values, floats within 1e-5 absolute and 1e-4 relative.
func compare(got, want Tensor) error { return compareWithin(got, want, 1e-4) }

func compareWithin(got, want Tensor, relative float64) error {
	if !slices.Equal(got.Shape, want.Shape) || !slices.Equal(got.Ints, want.Ints) || !slices.Equal(got.Bools, want.Bools) || !slices.Equal(got.Strings, want.Strings) ||
		len(got.Floats) != len(want.Floats) {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	for i, v := range want.Floats {
		a, b := float64(got.Floats[i]), float64(v)
		if a != b && !(math.IsNaN(a) && math.IsNaN(b)) && !(math.Abs(a-b) <= 1e-5+relative*math.Abs(b)) {
			return fmt.Errorf("element %d is %v, want %v", i, a, b)
		}
	}
	return nil
}

func appendMessage(to []byte, num protowire.Number, msg []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, num, protowire.BytesType), msg)
}
