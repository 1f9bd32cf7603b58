package onnx

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// model is a ModelProto as far as this package reads it from the wire.
type model struct {
	opsets               map[string]int64
	nodes                []nodeProto
	inputs, outputs      [][]byte // ValueInfoProto
	initialisers         [][]byte // TensorProto
	sparse, hasFunctions bool
	files                *folder // where data of tensors may lie
}

// nodeProto is a NodeProto whose attributes are not decoded yet.
type nodeProto struct {
	label      string // what errors call it
	op, domain string
	inputs     []string // "" is an absent optional one
	outputs    []string
	attributes [][]byte // AttributeProto
}

// parseModel reads the outline of a model; the tensors and types in it stay undecoded.
func parseModel(data []byte) (*model, error) {
	m := &model{opsets: map[string]int64{}}
	var graphs, imports [][]byte
	err := fields(data, func(f field) error {
		switch f.num {
		case 7:
			return f.message(&graphs)
		case 8:
			return f.message(&imports)
		case 25:
			m.hasFunctions = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(graphs) != 1 {
		return nil, fmt.Errorf("the file holds %d graphs, expected 1", len(graphs))
	}
	for _, msg := range imports {
		if err := m.addOpset(msg); err != nil {
			return nil, err
		}
	}
	return m, m.parseGraph(graphs[0])
}

func (m *model) addOpset(msg []byte) error {
	var domain string
	var version int64
	err := fields(msg, func(f field) error {
		switch f.num {
		case 1:
			return f.text(&domain)
		case 2:
			return f.integer(&version)
		}
		return nil
	})
	if err != nil {
		return err
	}
	domain = canonical(domain)
	if before, ok := m.opsets[domain]; ok && before != version {
		return fmt.Errorf("operator set %q is imported at versions %d and %d", domain, before, version)
	}
	m.opsets[domain] = version
	return nil
}

// canonical returns the one name this package uses for a domain: the default domain has two.
func canonical(domain string) string {
	if domain == "ai.onnx" {
		return ""
	}
	return domain
}

func (m *model) parseGraph(msg []byte) error {
	err := fields(msg, func(f field) error {
		switch f.num {
		case 1:
			return m.addNode(f)
		case 5:
			return f.message(&m.initialisers)
		case 11:
			return f.message(&m.inputs)
		case 12:
			return f.message(&m.outputs)
		case 15:
			m.sparse = true
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case m.sparse:
		return errors.New("sparse initialisers are not supported")
	case m.hasFunctions:
		return errors.New("functions of the model itself are not supported: export with them inlined")
	case len(m.nodes) == 0:
		return errors.New("the graph has no nodes")
	case len(m.outputs) == 0:
		return errors.New("the graph has no outputs")
	}
	return nil
}

func (m *model) addNode(f field) error {
	if err := f.expect(protowire.BytesType); err != nil {
		return err
	}
	var n nodeProto
	var name string
	err := fields(f.bytes, func(f field) error {
		switch f.num {
		case 1:
			return f.texts(&n.inputs)
		case 2:
			return f.texts(&n.outputs)
		case 3:
			return f.text(&name)
		case 4:
			return f.text(&n.op)
		case 5:
			return f.message(&n.attributes)
		case 7:
			return f.text(&n.domain)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("node #%d: %w", len(m.nodes), err)
	}
	n.domain = canonical(n.domain)
	n.label = fmt.Sprintf("node %q (%s)", name, n.op)
	if name == "" {
		n.label = fmt.Sprintf("node #%d (%s)", len(m.nodes), n.op)
	}
	m.nodes = append(m.nodes, n)
	return nil
}
