// Package onnxtest writes ONNX files for tests and benchmarks, node by node. It checks nothing: files that are wrong can be
// written too.
package onnxtest

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/repli-mesh/repli/pkg/onnx"
)

// Model is a file that is being written. The zero value is not ready; use New.
type Model struct {
	opset, mlOpset int64
	graph          []byte
	text           strings.Builder
	all            int
}

// New begins a file for a version of the default operator set, and one of ai.onnx.ml if it is not 0.
func New(opset, mlOpset int64) *Model { return &Model{opset: opset, mlOpset: mlOpset} }

// Input declares an input; -1 is the symbolic dimension N.
func (m *Model) Input(name string, dtype onnx.Dtype, dims ...int) string {
	m.graph = message(m.graph, 11, valueInfo(name, dtype, dims))
	fmt.Fprintf(&m.text, "input %s %v %v\n", name, dtype, dims)
	return name
}

// Output declares an output.
func (m *Model) Output(name string, dtype onnx.Dtype, dims ...int) {
	m.graph = message(m.graph, 12, valueInfo(name, dtype, dims))
	fmt.Fprintf(&m.text, "output %s %v %v\n", name, dtype, dims)
}

// Constant adds an initialiser under a new name and returns the name.
func (m *Model) Constant(t onnx.Tensor) string {
	name := m.name("c")
	m.graph = message(m.graph, 5, tensor(name, t))
	fmt.Fprintf(&m.text, "%s = constant %v %v\n", name, t.Dtype(), t.Shape)
	return name
}

// Floats adds a constant of float32.
func (m *Model) Floats(shape []int, values ...float32) string {
	return m.Constant(onnx.Tensor{Shape: shape, Floats: values})
}

// Ints adds a list of int64.
func (m *Model) Ints(values ...int64) string {
	return m.Constant(onnx.Tensor{Shape: []int{len(values)}, Ints: values})
}

// Octets adds a constant of INT8, or of UINT8, whose elements are given by their bits.
func (m *Model) Octets(signed bool, shape []int, values ...byte) string {
	name, code := m.name("c"), int64(2)
	if signed {
		code = 3
	}
	var msg []byte
	for _, d := range shape {
		msg = varint(msg, 1, int64(d))
	}
	msg = message(message(varint(msg, 2, code), 8, []byte(name)), 9, values)
	m.graph = message(m.graph, 5, msg)
	fmt.Fprintf(&m.text, "%s = constant of bytes %v\n", name, shape)
	return name
}

// Node adds an operator with one output and returns the output's name. An operator of ai.onnx.ml is written "ml:Scaler". Attributes
// are int64, float32, string, slices of them, onnx.Tensor, or []byte for a tensor of UINT8.
func (m *Model) Node(op string, attributes map[string]any, inputs ...string) string {
	return m.Nodes(op, 1, attributes, inputs...)[0]
}

// Nodes is Node for an operator with some outputs.
func (m *Model) Nodes(op string, outputs int, attributes map[string]any, inputs ...string) []string {
	var names []string
	for range outputs {
		names = append(names, m.name("v"))
	}
	m.Put(op, attributes, inputs, names)
	return names
}

// Put adds an operator whose outputs have given names.
func (m *Model) Put(op string, attributes map[string]any, inputs, outputs []string) {
	var msg []byte
	for _, in := range inputs {
		msg = message(msg, 1, []byte(in))
	}
	for _, out := range outputs {
		msg = message(msg, 2, []byte(out))
	}
	name, ml := strings.CutPrefix(op, "ml:")
	msg = message(msg, 4, []byte(name))
	keys := make([]string, 0, len(attributes))
	for key := range attributes {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	fmt.Fprintf(&m.text, "%s = %s(%s)", strings.Join(outputs, ", "), op, strings.Join(inputs, ", "))
	for _, key := range keys {
		msg = message(msg, 5, attribute(key, attributes[key]))
		fmt.Fprintf(&m.text, " %s=%.200s", key, fmt.Sprint(attributes[key]))
	}
	m.text.WriteByte('\n')
	if ml {
		msg = message(msg, 7, []byte("ai.onnx.ml"))
	}
	m.graph = message(m.graph, 1, msg)
}

func (m *Model) name(prefix string) string {
	m.all++
	return fmt.Sprintf("%s%d", prefix, m.all)
}

// String describes the graph, a line for each thing in it.
func (m *Model) String() string { return m.text.String() }

// Bytes returns the file.
func (m *Model) Bytes() []byte {
	out := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 8) // the version of the format
	out = message(out, 7, message(slices.Clone(m.graph), 2, []byte("graph")))
	out = message(out, 8, opset("", m.opset))
	if m.mlOpset > 0 {
		out = message(out, 8, opset("ai.onnx.ml", m.mlOpset))
	}
	return out
}

func opset(domain string, version int64) []byte {
	return varint(message(nil, 1, []byte(domain)), 2, version)
}

func message(to []byte, num protowire.Number, msg []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, num, protowire.BytesType), msg)
}

func varint(to []byte, num protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(to, num, protowire.VarintType), uint64(v)) //nolint:gosec // as protobuf writes it
}

func code(dtype onnx.Dtype) int64 {
	return map[onnx.Dtype]int64{onnx.Float32: 1, onnx.Int64: 7, onnx.Bool: 9, onnx.String: 8}[dtype]
}

func valueInfo(name string, dtype onnx.Dtype, dims []int) []byte {
	var shape []byte
	for _, d := range dims {
		dim := varint(nil, 1, int64(d))
		if d < 0 {
			dim = message(nil, 2, []byte("N"))
		}
		shape = message(shape, 1, dim)
	}
	typ := message(varint(nil, 1, code(dtype)), 2, shape)
	return message(message(nil, 1, []byte(name)), 2, message(nil, 1, typ))
}

func tensor(name string, t onnx.Tensor) []byte {
	var msg, raw []byte
	for _, d := range t.Shape {
		msg = varint(msg, 1, int64(d))
	}
	msg = varint(msg, 2, code(t.Dtype()))
	msg = message(msg, 8, []byte(name))
	for _, v := range t.Strings {
		msg = message(msg, 6, []byte(v))
	}
	if t.Strings != nil {
		return msg
	}
	for _, v := range t.Floats {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	for _, v := range t.Ints {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v)) //nolint:gosec // the bits
	}
	for _, v := range t.Bools {
		b := byte(0)
		if v {
			b = 1
		}
		raw = append(raw, b)
	}
	return message(msg, 9, raw)
}

// attribute writes an AttributeProto.
func attribute(name string, value any) []byte {
	msg := message(nil, 1, []byte(name))
	switch v := value.(type) {
	case float32:
		return varint(fixed(msg, 2, v), 20, 1)
	case int64:
		return varint(varint(msg, 3, v), 20, 2)
	case string:
		return varint(message(msg, 4, []byte(v)), 20, 3)
	case onnx.Tensor:
		return varint(message(msg, 5, tensor("", v)), 20, 4)
	case []byte:
		t := message(varint(varint(nil, 1, int64(len(v))), 2, 2), 9, v)
		return varint(message(msg, 5, t), 20, 4)
	case []float32:
		for _, f := range v {
			msg = fixed(msg, 7, f)
		}
		return varint(msg, 20, 6)
	case []int64:
		for _, i := range v {
			msg = varint(msg, 8, i)
		}
		return varint(msg, 20, 7)
	case []string:
		for _, s := range v {
			msg = message(msg, 9, []byte(s))
		}
		return varint(msg, 20, 8)
	default:
		panic(fmt.Sprintf("onnxtest: attribute %q is a %T", name, value))
	}
}

func fixed(to []byte, num protowire.Number, v float32) []byte {
	return protowire.AppendFixed32(protowire.AppendTag(to, num, protowire.Fixed32Type), math.Float32bits(v))
}
