package onnx

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// tensorAttributes are the attributes of one node that are tensors.
type tensorAttributes map[string]Tensor

// slim writes the model that onnx-go gets to decode: the nodes with their edges and plain attributes, and the names of the
// graph's inputs and outputs. The attributes that are tensors come back decoded, one entry per node.
func (m *model) slim() ([]byte, []tensorAttributes, error) {
	var graph []byte
	tensors := make([]tensorAttributes, len(m.nodes))
	for i, n := range m.nodes {
		msg := append([]byte{}, n.edges...)
		msg = appendMessage(msg, 4, []byte(n.op))
		seen := map[string]bool{}
		for _, attribute := range n.attributes {
			name, plain, err := splitAttribute(attribute, &tensors[i])
			if err == nil && seen[name] {
				err = errors.New("is given twice")
			}
			if err != nil {
				return nil, nil, fmt.Errorf("%s: attribute %q: %w", n.label, name, err)
			}
			seen[name] = true
			if plain != nil {
				msg = appendMessage(msg, 5, plain)
			}
		}
		graph = appendMessage(graph, 1, msg)
	}
	for num, infos := range map[protowire.Number][][]byte{11: m.inputs, 12: m.outputs} {
		for _, info := range infos {
			graph = appendMessage(graph, num, nameOnly(info))
		}
	}
	return appendMessage(nil, 7, graph), tensors, nil
}

func appendMessage(to []byte, num protowire.Number, msg []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, num, protowire.BytesType), msg)
}

// nameOnly returns a ValueInfoProto without its type.
func nameOnly(info []byte) []byte {
	var name []byte
	_ = fields(info, func(f field) error { // a malformed one was refused by parseInfos
		if f.num == 1 {
			name = f.raw
		}
		return nil
	})
	return name
}

// splitAttribute copies an AttributeProto that holds numbers or texts, or decodes the tensor in it and returns nil.
func splitAttribute(msg []byte, tensors *tensorAttributes) (name string, plain []byte, err error) {
	var found [][]byte
	err = fields(msg, func(f field) error {
		switch f.num {
		case 1:
			plain = append(plain, f.raw...)
			return f.text(&name)
		case 2, 3, 4, 7, 8, 9, 20: // f, i, s, floats, ints, strings, type
			plain = append(plain, f.raw...)
		case 5:
			return f.message(&found)
		case 6, 10, 11, 14, 15, 21, 22, 23:
			return errors.New("only numbers, texts, lists of them and tensors are supported")
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		return name, plain, err
	}
	if len(found) > 1 {
		return name, nil, errors.New("holds several tensors, expected 1")
	}
	_, t, err := parseTensor(found[0])
	if *tensors == nil {
		*tensors = tensorAttributes{}
	}
	(*tensors)[name] = t
	return name, nil, err
}
