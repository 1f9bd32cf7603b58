package onnx

import (
	"errors"
	"fmt"
)

// ErrUnsupported marks the error of Load for a model with operators, or versions of operator sets, that the package
// does not have.
var ErrUnsupported = errors.New("unsupported")

// opsetRange is the versions of an operator set whose rules the package knows.
type opsetRange struct{ from, to int64 }

var opsetRanges = map[string]opsetRange{"": {7, 22}, mlDomain: {1, 3}}

// mlDomain is the operator set of trees, scalers and linear models.
const mlDomain = "ai.onnx.ml"

// Load decodes an ONNX file and prepares it to run. The error names what is wrong and where; operators that are not
// supported are all in one error, which wraps ErrUnsupported. Memory and time are bounded by a small multiple of the
// file's size. The graph keeps no reference to data.
func Load(data []byte) (*Graph, error) {
	g, err := load(data)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return g, nil
}

func load(data []byte) (*Graph, error) {
	m, err := parseModel(data)
	if err != nil {
		return nil, err
	}
	if err := m.checkOperators(); err != nil {
		return nil, err
	}
	b := &builder{slots: map[string]int{}}
	if err := b.declare(m); err != nil {
		return nil, err
	}
	slim, tensors, err := m.slim()
	if err != nil {
		return nil, err
	}
	operations, err := decode(slim)
	if err != nil {
		return nil, err
	}
	if len(operations) != len(m.nodes) {
		return nil, fmt.Errorf("decoder: gave %d nodes, expected %d", len(operations), len(m.nodes))
	}
	for i, op := range operations {
		b.nodes = append(b.nodes, m.node(i, op, tensors[i]))
	}
	if err := b.build(); err != nil {
		return nil, err
	}
	b.graph.opsets = m.opsets
	return &b.graph, nil
}

// checkOperators returns every operator that cannot run.
func (m *model) checkOperators() error {
	var faults []error
	for _, n := range m.nodes {
		version, imported := m.opsets[n.domain]
		versions, known := opsetRanges[n.domain]
		_, exists := operators[n.domain+":"+n.op]
		switch {
		case !imported:
			faults = append(faults, fmt.Errorf("%s: domain %q is not imported", n.label, n.domain))
		case !exists:
			faults = append(faults, fmt.Errorf("%s: %w operator, domain %q, opset %d", n.label, ErrUnsupported, n.domain, version))
		case known && (version < versions.from || version > versions.to):
			faults = append(faults, fmt.Errorf("%s: %w opset %d of domain %q, expected %d to %d",
				n.label, ErrUnsupported, version, n.domain, versions.from, versions.to))
		}
	}
	return errors.Join(faults...)
}

// node joins what onnx-go decoded with what it does not tell.
func (m *model) node(i int, op operation, tensors tensorAttributes) *node {
	n := &node{
		attributes: attributes{plain: op.attributes, tensors: tensors},
		label:      m.nodes[i].label,
		opset:      m.opsets[m.nodes[i].domain],
		kind:       operators[m.nodes[i].domain+":"+m.nodes[i].op],
		inputs:     op.inputs,
		outputs:    op.outputs,
	}
	if m.nodes[i].inputs == 0 {
		n.inputs = nil // onnx-go invents an input for a node that has none
	}
	for len(n.inputs) > 0 && n.inputs[len(n.inputs)-1] == "" {
		n.inputs = n.inputs[:len(n.inputs)-1]
	}
	n.in = make([]Dtype, len(n.inputs))
	n.known = make([]*Tensor, len(n.inputs))
	n.out = make([]Dtype, len(n.outputs))
	return n
}
