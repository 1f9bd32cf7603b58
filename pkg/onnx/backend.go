package onnx

import (
	"fmt"

	decoder "github.com/owulveryck/onnx-go"
	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/multi"
	"gonum.org/v1/gonum/graph/simple"
)

// backend receives a graph from onnx-go: the values as nodes, and an edge from each value to those that it is computed
// of, weighted by their position. It is a multigraph, since an operator may take one value twice (a+a), and keeps the
// operators in the order of the file. The embedded graph answers the queries that onnx-go's interface asks for.
type backend struct {
	*multi.WeightedDirectedGraph
	operations []operation
	pending    []graph.WeightedEdge // edges of the operator that comes next
}

var _ decoder.Backend = (*backend)(nil)

// operation is one operator as onnx-go decoded it.
type operation struct {
	op              string
	attributes      map[string]any
	inputs, outputs []string // "" is an absent optional one
}

// value is a node: one value of the graph. Identity is by name, since onnx-go makes two nodes for a name that is both
// an input and an output of the graph, and one node for all absent operands.
type value struct {
	graph.Node
	name string
}

func (v *value) SetName(name string) { v.name = name }
func (v *value) GetName() string     { return v.name }

// NewNode makes a node with a new number.
func (b *backend) NewNode() graph.Node { return &value{Node: b.WeightedDirectedGraph.NewNode()} }

// NewWeightedEdge makes an edge without adding it.
func (b *backend) NewWeightedEdge(from, to graph.Node, weight float64) graph.WeightedEdge {
	return simple.WeightedEdge{F: from, T: to, W: weight}
}

// SetWeightedEdge adds an edge beside those that connect the same nodes already.
func (b *backend) SetWeightedEdge(e graph.WeightedEdge) {
	b.SetWeightedLine(b.NewWeightedLine(e.From(), e.To(), e.Weight()))
	b.pending = append(b.pending, e)
}

// ApplyOperation takes the operator whose edges came since the last call. onnx-go repeats the edges for each output.
func (b *backend) ApplyOperation(op decoder.Operation, outputs ...graph.Node) error {
	done := operation{op: op.Name, attributes: op.Attributes}
	for _, out := range outputs {
		done.outputs = append(done.outputs, nameOf(out))
	}
	if len(outputs) > 0 {
		for _, e := range b.pending[:len(b.pending)/len(outputs)] {
			done.inputs = append(done.inputs, nameOf(e.To()))
		}
	}
	b.pending = nil
	b.operations = append(b.operations, done)
	return nil
}

func nameOf(n graph.Node) string { return n.(*value).name }

// decode runs onnx-go over a model. It is the one place that recovers from a panic: onnx-go is written for files it
// trusts, and its protobuf, graph and tensor libraries panic on some that are malformed. Nothing outlives such a panic:
// the backend it wrote to is dropped.
func decode(slim []byte) (operations []operation, err error) {
	defer func() {
		if p := recover(); p != nil {
			operations, err = nil, fmt.Errorf("decoder: %v", p)
		}
	}()
	b := &backend{WeightedDirectedGraph: multi.NewWeightedDirectedGraph()}
	if err := decoder.NewModel(b).UnmarshalBinary(slim); err != nil {
		return nil, fmt.Errorf("decoder: %w", err)
	}
	return b.operations, nil
}
