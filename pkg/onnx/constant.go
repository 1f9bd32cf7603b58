package onnx

import (
	"errors"
	"slices"
)

// buildConstant makes a value that is known before Run, from whichever attribute is there.
func buildConstant(n *node) (kernel, error) {
	t, ok := n.tensor("value")
	switch {
	case ok:
	case n.present("value_float"):
		t = wrap([]int{}, []float32{n.float("value_float", 0)})
	case n.present("value_int"):
		t = wrap([]int{}, []int64{n.integer("value_int", 0)})
	case n.present("value_floats"):
		v := append([]float32{}, n.floats("value_floats")...)
		t = wrap([]int{len(v)}, v)
	case n.present("value_ints"):
		v := append([]int64{}, n.integers("value_ints")...)
		t = wrap([]int{len(v)}, v)
	case n.present("value_string"):
		t = wrap([]int{}, []string{n.text("value_string", "")})
	case n.present("value_strings"):
		v := append([]string{}, n.texts("value_strings")...)
		t = wrap([]int{len(v)}, v)
	default:
		return nil, errors.New("has no value that is a tensor, a number, a text or a list of them")
	}
	n.value = &t
	n.give(t.Dtype())
	n.outCodes[0] = n.codes["value"]
	return nil, nil
}

// buildConstantOfShape makes the kernel of ConstantOfShape: one value, float32 0 where none is given.
func buildConstantOfShape(n *node) (kernel, error) {
	value, ok := n.tensor("value")
	if !ok {
		value = wrap([]int{1}, []float32{0})
	}
	if value.size() != 1 {
		return nil, errors.New(`attribute "value": expected one element`)
	}
	n.give(value.Dtype())
	if n.outCodes[0] = n.codes["value"]; !ok {
		n.outCodes[0] = codeFloat
	}
	if err := n.expect(0, Int64); err != nil {
		return nil, err
	}
	switch value.Dtype() {
	case Float32:
		return filled(value.Floats[0]), nil
	case Int64:
		return filled(value.Ints[0]), nil
	case String:
		return filled(value.Strings[0]), nil
	default:
		return filled(value.Bools[0]), nil
	}
}

func filled[T element](value T) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		shape, err := toShape(in[0].Ints)
		if err != nil {
			return err
		}
		t, dst, err := alloc[T](mem, shape)
		for i := range dst {
			dst[i] = value
		}
		out[0] = t
		return err
	}
}

func buildIdentity(n *node) (kernel, error) {
	n.give(n.in[0])
	return identity, nil
}

func identity(mem *Arena, in, out []Tensor) error {
	out[0] = in[0]
	return nil
}

var errTraining = errors.New("training mode is not supported")

// buildDropout makes the kernel of Dropout, which does nothing outside of training; its mask is true everywhere.
func buildDropout(n *node) (kernel, error) {
	n.ignore("ratio", "seed", "is_test")
	n.give(n.in[0])
	if len(n.out) > 1 {
		n.out[1] = Bool
	}
	if n.has(2) && n.known[2] != nil && slices.Contains(n.known[2].Bools, true) {
		return nil, errTraining
	}
	return func(mem *Arena, in, out []Tensor) error {
		training, err := scalarOr(in, 2, false)
		if err != nil {
			return err
		}
		if training {
			return errTraining
		}
		out[0] = in[0]
		if len(out) > 1 {
			mask := mem.bools.take(in[0].size())
			for i := range mask {
				mask[i] = true
			}
			out[1] = wrap(in[0].Shape, mask)
		}
		return nil
	}, n.expect(2, Bool)
}
