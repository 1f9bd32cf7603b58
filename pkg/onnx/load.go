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

var opsetRanges = map[string]opsetRange{"": {7, 23}, mlDomain: {1, 5}}

// since is the first version of the operators that have meant the same since before the range of their set.
var since = map[string]int64{
	":Elu": 6, ":HardSigmoid": 6, ":Selu": 6, ":Not": 1, ":Softplus": 1, ":Softsign": 1, ":ReduceLogSum": 1, ":Identity": 1,
	":GlobalAveragePool": 1, ":GlobalMaxPool": 1, ":InstanceNormalization": 6, ":DepthToSpace": 1, ":SpaceToDepth": 1, ":LRN": 1, ":Conv": 1, ":ConvTranspose": 1,
	":LpNormalization": 1, ":GroupNormalization": 18, ":RMSNormalization": 23, ":Gelu": 20, mlDomain + ":TreeEnsemble": 5,
}

// mlDomain is the operator set of trees, scalers and linear models.
const mlDomain = "ai.onnx.ml"

// Load decodes an ONNX file and prepares it to run. The error names what is wrong and where; operators that are not
// supported are all in one error, which wraps ErrUnsupported. Memory and time are bounded by a small multiple of the
// file's size. The graph keeps no reference to data.
func Load(data []byte) (*Graph, error) { return loaded(data, nil) }

func loaded(data []byte, files *folder) (*Graph, error) {
	g, err := load(data, files)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return g, nil
}

func load(data []byte, files *folder) (*Graph, error) {
	if err := checkSize(len(data)); err != nil {
		return nil, err
	}
	m, err := parseModel(data)
	if err != nil {
		return nil, err
	}
	if err := m.checkOperators(); err != nil {
		return nil, err
	}
	m.files = files
	b := &builder{slots: map[string]int{}}
	if err := b.declare(m); err != nil {
		return nil, err
	}
	for i := range m.nodes {
		n, err := m.node(i)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.nodes[i].label, err)
		}
		b.nodes = append(b.nodes, n)
	}
	if err := b.build(); err != nil {
		return nil, err
	}
	b.graph.opsets = m.opsets
	return &b.graph, nil
}

// maxFile is the most bytes that a protobuf message may have.
const maxFile = 1<<31 - 1

func checkSize(bytes int) error {
	if bytes > maxFile {
		return fmt.Errorf("the file has %d bytes, expected at most %d: larger weights lie in files of their own", bytes, maxFile)
	}
	return nil
}

// checkOperators returns every operator that cannot run.
func (m *model) checkOperators() error {
	var faults []error
	for _, n := range m.nodes {
		version, imported := m.opsets[n.domain]
		versions, known := opsetRanges[n.domain]
		_, exists := operators[n.domain+":"+n.op]
		from := versions.from
		if first, ok := since[n.domain+":"+n.op]; ok {
			from = first
		}
		switch {
		case !imported:
			faults = append(faults, fmt.Errorf("%s: domain %q is not imported", n.label, n.domain))
		case !exists:
			faults = append(faults, fmt.Errorf("%s: %w operator, domain %q, opset %d", n.label, ErrUnsupported, n.domain, version))
		case known && (version < from || version > versions.to):
			faults = append(faults, fmt.Errorf("%s: %w opset %d of domain %q, expected %d to %d",
				n.label, ErrUnsupported, version, n.domain, from, versions.to))
		}
	}
	return errors.Join(faults...)
}

// node decodes a node's attributes.
func (m *model) node(i int) (*node, error) {
	p := &m.nodes[i]
	attributes, err := parseAttributes(p.attributes, m.files)
	n := &node{
		attributes: attributes, op: p.domain + ":" + p.op, label: p.label, opset: m.opsets[p.domain],
		kind: operators[p.domain+":"+p.op], inputs: p.inputs, outputs: p.outputs,
	}
	for len(n.inputs) > 0 && n.inputs[len(n.inputs)-1] == "" {
		n.inputs = n.inputs[:len(n.inputs)-1]
	}
	n.in = make([]Dtype, len(n.inputs))
	n.known = make([]*Tensor, len(n.inputs))
	n.inCodes = make([]int64, len(n.inputs))
	n.out = make([]Dtype, len(n.outputs))
	n.outCodes = make([]int64, len(n.outputs))
	return n, err
}
