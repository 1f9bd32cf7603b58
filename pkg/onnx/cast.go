package onnx

import (
	"fmt"
	"strconv"
)

// buildCast makes the kernel of Cast, to the type that an attribute names.
func buildCast(n *node) (kernel, error) {
	n.ignore("saturate", "round_mode") // of 8-bit floats only
	return castTo(n, n.integer("to", 0))
}

// buildCastLike makes the kernel of CastLike: Cast to the type of the second input.
func buildCastLike(n *node) (kernel, error) {
	n.ignore("saturate", "round_mode")
	return castTo(n, n.inCodes[1])
}

func castTo(n *node, code int64) (kernel, error) {
	to, err := dtypeOfCode(code)
	if err != nil {
		return nil, err
	}
	n.giveAs(0, code)
	switch {
	case n.in[0] == String && to == Float32:
		return parsed(func(text string) (float32, error) {
			v, err := strconv.ParseFloat(text, 32)
			return toHalfIf(code, float32(v)), err
		}), nil
	case n.in[0] == String && to == Int64:
		return parsed(func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }), nil
	case n.in[0] == String && to == Bool:
		return nil, fmt.Errorf("texts are not cast to %v", to)
	case to == String:
		return n.byDtype(0, unary(printed(printFloat)), unary(printed(printInt)), nil, identity)
	}
	return castNumbers(to, code, n.inCodes[0]), nil
}

// castNumbers converts numbers and bools; what does not fit wraps around, and what is too fine is rounded.
func castNumbers(to Dtype, code, from int64) kernel {
	cut, same := truncations[code], code == from
	return func(mem *Arena, in, out []Tensor) error {
		switch t := in[0]; {
		case to == Bool:
			out[0] = toBools(mem, t)
		case to == Int64:
			if out[0] = toInts(mem, t); cut != nil && !same {
				out[0] = wrap(t.Shape, mem.copyInts(out[0].Ints))
				truncate(out[0].Ints, cut)
			}
		case code == codeFloat16 || code == codeBFloat16:
			values := mem.floats.take(t.size())
			for i, v := range toFloats(mem, t).Floats {
				values[i] = toHalf(code, v)
			}
			out[0] = wrap(t.Shape, values)
		default:
			out[0] = toFloats(mem, t)
		}
		return nil
	}
}

func toHalfIf(code int64, v float32) float32 {
	if code == codeFloat16 || code == codeBFloat16 {
		return toHalf(code, v)
	}
	return v
}

// copyInts returns a copy.
func (a *Arena) copyInts(values []int64) []int64 {
	to := a.ints.take(len(values))
	copy(to, values)
	return to
}

// parsed reads numbers from texts.
func parsed[T number](parse func(text string) (T, error)) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		t, dst, err := alloc[T](mem, in[0].Shape)
		if err != nil {
			return err
		}
		for i, text := range in[0].Strings {
			if dst[i], err = parse(text); err != nil {
				return fmt.Errorf("element %d: %q is not such a number", i, text)
			}
		}
		out[0] = t
		return nil
	}
}

func printed[T number](format func(v T) string) func(dst []string, src []T) {
	return func(dst []string, src []T) {
		for i, v := range src {
			dst[i] = format(v)
		}
	}
}

func printFloat(v float32) string { return strconv.FormatFloat(float64(v), 'g', -1, 32) }
func printInt(v int64) string     { return strconv.FormatInt(v, 10) }
