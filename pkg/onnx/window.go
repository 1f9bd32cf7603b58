package onnx

import (
	"errors"
	"fmt"
	"math"
)

// windowing is the attributes of operators that move a window over the dimensions from 2 on.
type windowing struct {
	kernel, strides, dilations, pads []int64
	auto                             string
	ceil                             bool
}

func readWindowing(n *node) windowing {
	return windowing{
		kernel: n.integers("kernel_shape"), strides: n.integers("strides"), dilations: n.integers("dilations"),
		pads: n.integers("pads"), auto: n.text("auto_pad", "NOTSET"), ceil: n.integer("ceil_mode", 0) != 0,
	}
}

// window is a windowing for a shape.
type window struct {
	rank                             int
	kernel, stride, dilation, before [maxRank]int
	in, out                          [maxRank]int
}

// tap is an element under the window: its place in the window and in the input.
type tap struct{ kernel, in int }

// entry returns a number of a list, or another where there is no list.
func entry(list []int64, i int, absent int64) int64 {
	if i < len(list) {
		return list[i]
	}
	return absent
}

// over fits a windowing to the spatial dimensions of a shape.
func (w *windowing) over(spatial []int) (v window, err error) {
	v.rank = len(spatial)
	for _, list := range [...][]int64{w.kernel, w.strides, w.dilations} {
		if list != nil && len(list) != v.rank {
			return v, fmt.Errorf("attributes of the window have %d entries, expected %d", len(list), v.rank)
		}
	}
	if w.pads != nil && len(w.pads) != 2*v.rank {
		return v, fmt.Errorf("%d pads, expected %d", len(w.pads), 2*v.rank)
	}
	for d, size := range spatial {
		k, stride, dilation := entry(w.kernel, d, 1), entry(w.strides, d, 1), entry(w.dilations, d, 1)
		before, after := entry(w.pads, d, 0), entry(w.pads, v.rank+d, 0)
		if min(k, stride, dilation) < 1 || max(k, stride, dilation, before, after) > maxElements || min(before, after) < 0 {
			return v, errors.New("the window has a size, stride, dilation or pad that is out of range")
		}
		extent := int64(size)
		reach := (k-1)*dilation + 1
		out := (extent + before + after - reach) / stride
		if w.ceil {
			out = (extent + before + after - reach + stride - 1) / stride
			if out*stride >= extent+before { // a window must begin inside
				out--
			}
		}
		out++
		switch w.auto {
		case "SAME_UPPER", "SAME_LOWER":
			out = (extent + stride - 1) / stride
			total := max(0, (out-1)*stride+reach-extent)
			if before = total / 2; w.auto == "SAME_LOWER" {
				before = total - total/2
			}
		case "VALID":
			before, out = 0, (extent-reach)/stride+1
		case "NOTSET":
		default:
			return v, fmt.Errorf("auto_pad %q is not known", w.auto)
		}
		if out < 1 || extent+before+after < reach && w.auto == "NOTSET" || out > maxElements {
			return v, fmt.Errorf("a window of %d does not fit dimension %d of %d", reach, d+2, size)
		}
		v.kernel[d], v.stride[d], v.dilation[d], v.before[d] = int(k), int(stride), int(dilation), int(before)
		v.in[d], v.out[d] = size, int(out)
	}
	return v, nil
}

// outs returns the number of places of the window, and their shape behind two dimensions.
func (v *window) outs(mem *Arena, first, second int) (int, []int) {
	shape := mem.joined(mem.shape(first, second), v.out[:v.rank], nil)
	return count(v.out[:v.rank]), shape
}

// taps appends what lies under the window at a place. What is outside of the input is left out.
func (v *window) taps(place int, list []tap) []tap {
	list = list[:0]
	positions := count(v.kernel[:v.rank])
	for k := range positions {
		at, inside, restK, restP := 0, true, k, place
		stride := 1
		for d := v.rank - 1; d >= 0; d-- {
			i := restP%v.out[d]*v.stride[d] + restK%v.kernel[d]*v.dilation[d] - v.before[d]
			inside = inside && i >= 0 && i < v.in[d]
			at += i * stride
			stride *= v.in[d]
			restK, restP = restK/v.kernel[d], restP/v.out[d]
		}
		if inside {
			list = append(list, tap{k, at})
		}
	}
	return list
}

// room returns room for the taps of a place, or an error where a window is absurdly large or there are too many places for it;
// each takes as many products as there are planes.
func (v *window) room(mem *Arena, planes int) ([]tap, error) {
	n, err := elements(v.kernel[:v.rank])
	if err != nil {
		return nil, err
	}
	places, err := elements(v.out[:v.rank])
	if err != nil {
		return nil, err
	}
	if err := mem.spend(min(int64(places)*int64(n), maxWork+1) * int64(max(1, min(planes, maxElements)))); err != nil {
		return nil, err
	}
	inputs := count(v.in[:v.rank])
	return mem.taps.take(min(n, inputs) + 1)[:0], nil
}

// buildMaxPool makes the kernel of MaxPool; the second output is where each maximum lies in the input.
func buildMaxPool(n *node) (kernel, error) {
	w, columns := readWindowing(n), n.integer("storage_order", 0) != 0
	n.give(n.in[0])
	n.giveAs(1, codeInt64)
	return n.byDtype(0, maxPool[float32](w, columns), maxPool[int64](w, columns), nil)
}

func maxPool[T number](w windowing, columns bool) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		v, taps, err := w.beginPool(mem, in[0])
		if err != nil {
			return err
		}
		planes, inner := in[0].Shape[0]*in[0].Shape[1], count(v.in[:v.rank])
		places, shape := v.outs(mem, in[0].Shape[0], in[0].Shape[1])
		t, dst, err := alloc[T](mem, shape)
		if err != nil {
			return err
		}
		t2, found, err := alloc[int64](mem, shape)
		if err != nil {
			return err
		}
		src := data[T](in[0])
		for place := range places {
			taps = v.taps(place, taps)
			for p := range planes {
				if len(taps) == 0 {
					continue
				}
				best := p*inner + taps[0].in
				for _, t := range taps[1:] {
					if i := p*inner + t.in; src[i] > src[best] {
						best = i
					}
				}
				dst[p*places+place] = src[best]
				found[p*places+place] = int64(p*inner + v.number(best-p*inner, columns))
			}
		}
		copy(out, mem.tensors(t, t2))
		return nil
	}
}

// number renumbers an element of a plane, with the last dimension first for columns.
func (v *window) number(at int, columns bool) int {
	if !columns {
		return at
	}
	n, stride := 0, count(v.in[:v.rank])
	for d := v.rank - 1; d >= 0; d-- {
		stride /= v.in[d]
		n += at % v.in[d] * stride
		at /= v.in[d]
	}
	return n
}

// begin checks the input, of which dimensions 0 and 1 are batch and channel.
// The window moves over as many planes.
func (w *windowing) begin(mem *Arena, t Tensor, planes int) (window, []tap, error) {
	if len(t.Shape) < 3 {
		return window{}, nil, fmt.Errorf("input 0 has shape %v, expected batch, channels and one dimension or more", t.Shape)
	}
	v, err := w.over(t.Shape[2:])
	if err != nil {
		return v, nil, err
	}
	taps, err := v.room(mem, planes)
	return v, taps, err
}

// beginPool is begin for a window that moves over each plane of the input.
func (w *windowing) beginPool(mem *Arena, t Tensor) (window, []tap, error) {
	planes := 0
	if len(t.Shape) > 1 {
		planes = t.Shape[0] * t.Shape[1]
	}
	return w.begin(mem, t, planes)
}

// buildAveragePool makes the kernel of AveragePool: means, over what is inside of the input or over the pads too.
func buildAveragePool(n *node) (kernel, error) {
	w, padded := readWindowing(n), n.integer("count_include_pad", 0) != 0
	n.give(Float32)
	return func(mem *Arena, in, out []Tensor) error {
		v, taps, err := w.beginPool(mem, in[0])
		if err != nil {
			return err
		}
		places, shape := v.outs(mem, in[0].Shape[0], in[0].Shape[1])
		t, dst, err := alloc[float32](mem, shape)
		if err != nil {
			return err
		}
		inner := count(v.in[:v.rank])
		for place := range places {
			taps = v.taps(place, taps)
			size := len(taps)
			if padded {
				size = v.covered(&w, place)
			}
			for p := 0; p*places+place < len(dst); p++ {
				sum := 0.0
				for _, t := range taps {
					sum += float64(in[0].Floats[p*inner+t.in])
				}
				dst[p*places+place] = float32(sum / float64(size))
			}
		}
		out[0] = t
		return nil
	}, n.expect(0, Float32)
}

// covered counts what lies under the window at a place, pads included.
func (v *window) covered(w *windowing, place int) int {
	n := 1
	for d := v.rank - 1; d >= 0; d-- {
		from := place%v.out[d]*v.stride[d] - v.before[d]
		place /= v.out[d]
		end := math.MaxInt
		if w.auto == "NOTSET" {
			end = v.in[d] + int(entry(w.pads, v.rank+d, 0))
		}
		inside := 0
		for k := range v.kernel[d] {
			if from+k*v.dilation[d] < end {
				inside++
			}
		}
		n *= inside
	}
	return n
}

// buildGlobalPool makes a builder for pools over all of a plane.
func buildGlobalPool(r func(r reducer) kernel) func(n *node) (kernel, error) {
	return func(n *node) (kernel, error) {
		n.give(Float32)
		if err := n.expect(0, Float32); err != nil {
			return nil, err
		}
		var byRank [maxRank + 1]kernel
		var axes []int64
		for rank := 2; rank <= maxRank; rank++ {
			byRank[rank] = r(reducer{axes: append([]int64{}, axes...), keep: true})
			axes = append(axes, int64(rank))
		}
		return func(mem *Arena, in, out []Tensor) error {
			run := byRank[len(in[0].Shape)]
			if run == nil || len(in[0].Shape) < 3 {
				return fmt.Errorf("input 0 has shape %v, expected batch, channels and one dimension or more", in[0].Shape)
			}
			return run(mem, in, out)
		}, nil
	}
}
