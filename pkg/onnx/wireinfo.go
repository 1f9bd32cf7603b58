package onnx

import (
	"errors"
	"fmt"
	"slices"
)

// parseInfos decodes ValueInfoProtos; with each goes the TensorProto.DataType that it declares.
func parseInfos(kind string, messages [][]byte, skip func(name string) bool) ([]ValueInfo, []int64, error) {
	infos, codes := make([]ValueInfo, 0, len(messages)), make([]int64, 0, len(messages))
	seen := map[string]bool{}
	for _, msg := range messages {
		info, code, err := parseInfo(msg, skip)
		if err != nil {
			return nil, nil, fmt.Errorf("%s %q: %w", kind, info.Name, err)
		}
		if seen[info.Name] {
			return nil, nil, fmt.Errorf("%s %q is declared twice", kind, info.Name)
		}
		seen[info.Name] = true
		if !skip(info.Name) {
			infos, codes = append(infos, info), append(codes, code)
		}
	}
	return infos, codes, nil
}

func parseInfo(msg []byte, skip func(name string) bool) (ValueInfo, int64, error) {
	var info ValueInfo
	var types [][]byte
	err := fields(msg, func(f field) error {
		switch f.num {
		case 1:
			return f.text(&info.Name)
		case 2:
			return f.message(&types)
		}
		return nil
	})
	if err != nil || skip(info.Name) {
		return info, 0, err
	}
	if info.Name == "" {
		return info, 0, errors.New("has no name")
	}
	if len(types) != 1 {
		return info, 0, errors.New("declares no type")
	}
	code, err := info.parseType(types[0])
	return info, code, err
}

// parseType decodes a TypeProto.
func (v *ValueInfo) parseType(msg []byte) (int64, error) {
	var tensors, sequences, shapes [][]byte
	var code int64
	err := fields(msg, func(f field) error {
		switch f.num {
		case 1:
			return f.message(&tensors)
		case 4:
			return f.message(&sequences)
		}
		return nil
	})
	switch {
	case err != nil:
		return 0, err
	case len(sequences) == 1 && len(tensors) == 0 && holdsMaps(sequences[0]):
		v.Dtype = Float32
		return codeMaps, nil
	case len(tensors) != 1:
		return 0, errNoTensor
	}
	err = fields(tensors[0], func(f field) error {
		switch f.num {
		case 1:
			return f.integer(&code)
		case 2:
			return f.message(&shapes)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if v.Dtype, err = dtypeOfCode(code); err != nil || len(shapes) == 0 {
		return code, err
	}
	return code, v.parseShape(shapes[0])
}

// errNoTensor is what a value cannot be.
var errNoTensor = errors.New("is not a tensor: sequences, maps and optional values are not supported")

// codeMaps stands in place of a TensorProto.DataType for a sequence of maps, which ZipMap makes and nothing takes.
const codeMaps = -1

// holdsMaps reports whether a sequence type is one of maps from a label to a number.
func holdsMaps(sequence []byte) bool {
	found := false
	_ = fields(sequence, func(f field) error { // what is malformed holds none
		return fields(f.bytes, func(f field) error {
			found = found || f.num == 5
			return nil
		})
	})
	return found
}

// parseShape decodes a TensorShapeProto.
func (v *ValueInfo) parseShape(msg []byte) error {
	dims := [][]byte{}
	err := fields(msg, func(f field) error {
		if f.num == 1 {
			return f.message(&dims)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(dims) > maxRank {
		return fmt.Errorf("has %d dimensions, expected at most %d", len(dims), maxRank)
	}
	v.Shape = make([]int, 0, len(dims))
	for _, dim := range dims {
		value := int64(-1)
		err := fields(dim, func(f field) error {
			if f.num == 1 {
				return f.integer(&value)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if value < -1 || value > maxElements {
			return fmt.Errorf("dimension %d is out of range", value)
		}
		v.Shape = append(v.Shape, int(value))
	}
	_, err = elements(slices.DeleteFunc(slices.Clone(v.Shape), func(d int) bool { return d == -1 }))
	return err
}
