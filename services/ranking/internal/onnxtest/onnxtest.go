// Package onnxtest writes small ONNX models for tests.
package onnxtest

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The element types of TensorProto.
const (
	Float32 = 1
	Int64   = 7
)

// Value declares an input or output. A negative dimension is symbolic.
type Value struct {
	Name  string
	Dtype int
	Shape []int
}

// Constant is a float32 or int64 initialiser.
type Constant struct {
	Name   string
	Shape  []int
	Floats []float32
	Ints   []int64
}

// Node is one operator; its attributes are integers.
type Node struct {
	Op              string
	Inputs, Outputs []string
	Attributes      map[string]int64
}

// Model is a graph of opset 13.
type Model struct {
	Inputs, Outputs []Value
	Constants       []Constant
	Nodes           []Node
}

// Encode returns the bytes of model.onnx.
func (m Model) Encode() []byte {
	graph := text(nil, 2, "test")
	for _, node := range m.Nodes {
		graph = message(graph, 1, node.encode())
	}
	for _, constant := range m.Constants {
		graph = message(graph, 5, constant.encode())
	}
	for _, input := range m.Inputs {
		graph = message(graph, 11, input.encode())
	}
	for _, output := range m.Outputs {
		graph = message(graph, 12, output.encode())
	}
	model := number(nil, 1, 8)
	model = message(model, 7, graph)
	return message(model, 8, number(text(nil, 1, ""), 2, 13))
}

func (n Node) encode() []byte {
	var out []byte
	for _, input := range n.Inputs {
		out = text(out, 1, input)
	}
	for _, output := range n.Outputs {
		out = text(out, 2, output)
	}
	out = text(out, 4, n.Op)
	for name, value := range n.Attributes {
		out = message(out, 5, number(number(text(nil, 1, name), 3, value), 20, 2))
	}
	return out
}

func (c Constant) encode() []byte {
	var out []byte
	for _, d := range c.Shape {
		out = number(out, 1, int64(d))
	}
	if c.Ints != nil {
		out = number(out, 2, Int64)
		for _, v := range c.Ints {
			out = number(out, 7, v)
		}
	} else {
		out = number(out, 2, Float32)
		for _, v := range c.Floats {
			out = protowire.AppendFixed32(protowire.AppendTag(out, 4, protowire.Fixed32Type), math.Float32bits(v))
		}
	}
	return text(out, 8, c.Name)
}

func (v Value) encode() []byte {
	var shape []byte
	for _, d := range v.Shape {
		if d < 0 {
			shape = message(shape, 1, text(nil, 2, "N"))
		} else {
			shape = message(shape, 1, number(nil, 1, int64(d)))
		}
	}
	tensor := message(number(nil, 1, int64(v.Dtype)), 2, shape)
	return message(text(nil, 1, v.Name), 2, message(nil, 1, tensor))
}

func text(out []byte, field protowire.Number, value string) []byte {
	return protowire.AppendString(protowire.AppendTag(out, field, protowire.BytesType), value)
}

func message(out []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(out, field, protowire.BytesType), value)
}

func number(out []byte, field protowire.Number, value int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(out, field, protowire.VarintType), uint64(value)) //nolint:gosec // two's complement is the format
}
