package onnx

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// AttributeProto.AttributeType, as far as the package knows them.
const (
	attributeFloat = iota + 1
	attributeInt
	attributeString
	attributeTensor
	attributeGraph
	attributeFloats
	attributeInts
	attributeStrings
)

// attributeProto is an AttributeProto.
type attributeProto struct {
	name    string
	kind    int64
	float   float32
	integer int64
	text    string
	floats  []float32
	ints    []int64
	texts   []string
	tensors [][]byte
}

// parseAttributes decodes the attributes of a node: numbers, texts and lists of them, and tensors.
func parseAttributes(messages [][]byte, files *folder) (attributes, error) {
	a := attributes{plain: map[string]any{}, tensors: map[string]Tensor{}, codes: map[string]int64{}, files: files}
	for _, msg := range messages {
		p := attributeProto{}
		err := fields(msg, p.field)
		if err == nil {
			err = a.add(p)
		}
		if err != nil {
			return a, fmt.Errorf("attribute %q: %w", p.name, err)
		}
	}
	return a, nil
}

func (p *attributeProto) field(f field) error {
	switch f.num {
	case 1:
		return f.text(&p.name)
	case 2:
		p.float = math.Float32frombits(uint32(f.n)) //nolint:gosec // a fixed32 is checked for
		return f.expect(protowire.Fixed32Type)
	case 3:
		return f.integer(&p.integer)
	case 4:
		return f.text(&p.text)
	case 5:
		return f.message(&p.tensors)
	case 7:
		return f.floats(&p.floats)
	case 8:
		return f.integers(&p.ints)
	case 9:
		p.texts = append(p.texts, string(f.bytes))
		return f.expect(protowire.BytesType)
	case 20:
		return f.integer(&p.kind)
	case 6, 10, 11, 14, 15, 21, 22, 23:
		return errors.New("only numbers, texts, lists of them and tensors are supported")
	}
	return nil
}

// add stores an attribute under its name, by the type that it declares.
func (a *attributes) add(p attributeProto) error {
	_, plain := a.plain[p.name]
	_, tensor := a.tensors[p.name]
	if plain || tensor {
		return errors.New("is given twice")
	}
	switch p.kind {
	case attributeFloat:
		a.plain[p.name] = p.float
	case attributeInt:
		a.plain[p.name] = p.integer
	case attributeString:
		a.plain[p.name] = p.text
	case attributeFloats:
		a.plain[p.name] = p.floats
	case attributeInts:
		a.plain[p.name] = p.ints
	case attributeStrings:
		a.plain[p.name] = p.texts
	case attributeTensor:
		if len(p.tensors) != 1 {
			return fmt.Errorf("holds %d tensors, expected 1", len(p.tensors))
		}
		tensor, t, err := decodeTensor(p.tensors[0], a.files)
		a.tensors[p.name], a.codes[p.name] = t, tensor.code
		return err
	default:
		return fmt.Errorf("type %d is not supported: only numbers, texts, lists of them and tensors are", p.kind)
	}
	return nil
}
