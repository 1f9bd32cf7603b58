package onnx

import (
	"errors"
	"fmt"
)

// padder is the attributes of Pad. Axes is nil where all are meant.
type padder struct {
	mode   string
	pads   []int64
	value  float32
	inputs bool // pads, value and axes come as inputs
}

// buildPad makes the kernel of Pad: more, or fewer, elements at the ends of each dimension.
func buildPad(n *node) (kernel, error) {
	p := padder{mode: n.text("mode", "constant"), inputs: n.opset >= 11}
	switch p.mode {
	case "constant", "edge", "reflect", "wrap":
	default:
		return nil, fmt.Errorf("mode %q is not known", p.mode)
	}
	n.give(n.in[0])
	if !p.inputs {
		p.pads, p.value = n.integers("pads"), n.float("value", 0)
		if n.in[0] == Int64 {
			return nil, fmt.Errorf("integers are not padded at opset %d", n.opset)
		}
	} else if err := errors.Join(n.expect(1, Int64), n.expect(2, n.in[0]), n.expect(3, Int64)); err != nil {
		return nil, err
	}
	return n.byDtype(0, padded(p, p.value), padded(p, int64(0)), padded(p, false), padded(p, ""))
}

// ends returns the numbers of elements that are added before and after each dimension.
func (p *padder) ends(mem *Arena, in []Tensor) (before, after []int64, err error) {
	pads, rank := p.pads, len(in[0].Shape)
	var axes []int64
	if p.inputs {
		pads, axes = optional(in, 1).Ints, optional(in, 3).Ints
	}
	given := rank
	if axes != nil {
		given = len(axes)
	}
	if len(pads) != 2*given {
		return nil, nil, fmt.Errorf("%d pads, expected %d", len(pads), 2*given)
	}
	if _, err := axisSet(axes, rank); err != nil {
		return nil, nil, err
	}
	before, after = mem.ints.take(rank), mem.ints.take(rank)
	for i := range given {
		d := i
		if axes != nil {
			d, _ = axisOf(axes[i], rank)
		}
		before[d], after[d] = pads[i], pads[given+i]
		if max(before[d], after[d]) > maxElements || min(before[d], after[d]) < -maxElements {
			return nil, nil, fmt.Errorf("pads %v are out of range", pads)
		}
	}
	return before, after, nil
}

func padded[T element](p padder, absent T) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		before, after, err := p.ends(mem, in)
		if err != nil {
			return err
		}
		value, err := scalarOr(in, 2, absent)
		if err != nil {
			return err
		}
		from := in[0].Shape
		shape := mem.dims.take(len(from))
		for d, size := range from {
			if shape[d] = size + int(before[d]+after[d]); size == 0 && shape[d] > 0 && p.mode != "constant" {
				return fmt.Errorf("dimension %d of %v is empty", d, from)
			}
		}
		t, dst, err := alloc[T](mem, shape)
		if err != nil {
			return err
		}
		src, own, strides := data[T](in[0]), rowMajor(from), rowMajor(shape)
		for i := range dst {
			at, inside := 0, true
			for d := range shape {
				k, ok := p.source(i/strides[d]%shape[d]-int(before[d]), from[d])
				at += k * own[d]
				inside = inside && ok
			}
			if dst[i] = value; inside {
				dst[i] = src[at]
			}
		}
		out[0] = t
		return nil
	}
}

// source returns the position that an element at i, inside or outside of a dimension, is taken from.
func (p *padder) source(i, size int) (int, bool) {
	if i >= 0 && i < size {
		return i, true
	}
	switch p.mode {
	case "edge":
		return min(max(i, 0), size-1), true
	case "wrap":
		return (i%size + size) % size, true
	case "reflect":
		period := max(1, 2*(size-1))
		i = (i%period + period) % period
		return min(i, period-i), true
	default:
		return 0, false
	}
}
