package onnx

import (
	"errors"
	"fmt"
)

// convolution is the attributes of the operators that multiply a window with weights, for groups of channels.
type convolution struct {
	windowing
	groups int64
}

func readConvolution(n *node) convolution {
	return convolution{windowing: readWindowing(n), groups: n.integer("group", 1)}
}

// buildConv makes the kernel of Conv.
func buildConv(n *node) (kernel, error) {
	c := readConvolution(n)
	n.give(Float32)
	return conv[float32](c), errors.Join(n.expect(0, Float32), n.expect(1, Float32), n.expect(2, Float32))
}

// buildConvInteger makes the kernel of ConvInteger, of integers with zero points.
func buildConvInteger(n *node) (kernel, error) {
	run := conv[int64](readConvolution(n))
	n.giveAs(0, codeInt32)
	for i := range n.in {
		if err := n.expect(i, Int64); err != nil {
			return nil, err
		}
	}
	return func(mem *Arena, in, out []Tensor) error {
		x, err := shifted(mem, in[0], optional(in, 2), 1)
		if err != nil {
			return err
		}
		w, err := shifted(mem, in[1], optional(in, 3), 0)
		if err != nil {
			return err
		}
		return run(mem, mem.tensors(x, w), out)
	}, nil
}

// check verifies the shapes of the input and the weights, of which dimension shared is the channels of the input.
func (c convolution) check(x, w Tensor, shared int) error {
	if len(x.Shape) < 3 || len(w.Shape) != len(x.Shape) {
		return fmt.Errorf("shapes %v and %v, expected batch, channels and one dimension or more", x.Shape, w.Shape)
	}
	if c.groups < 1 || int64(x.Shape[1]) != c.groups*int64(w.Shape[1]) && shared == 1 || int64(w.Shape[0])%c.groups != 0 ||
		shared == 0 && x.Shape[1] != w.Shape[0] {
		return fmt.Errorf("shapes %v and %v do not go together in %d groups", x.Shape, w.Shape, c.groups)
	}
	for d, size := range w.Shape[2:] {
		if len(c.kernel) > 0 && entry(c.kernel, d, 1) != int64(size) {
			return fmt.Errorf("kernel_shape %v, but the weights have shape %v", c.kernel, w.Shape)
		}
	}
	return nil
}

// sized returns a windowing with the size of the weights.
func (c convolution) sized(mem *Arena, w Tensor) windowing {
	sized := c.windowing
	sized.kernel = mem.ints.take(len(w.Shape) - 2)
	for d, size := range w.Shape[2:] {
		sized.kernel[d] = int64(size)
	}
	return sized
}

func conv[T number](c convolution) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		x, w := in[0], in[1]
		if err := c.check(x, w, 1); err != nil {
			return err
		}
		sized := c.sized(mem, w)
		v, taps, err := sized.begin(mem, x, x.Shape[0]*w.Shape[0]*w.Shape[1])
		if err != nil {
			return err
		}
		batch, filters, width := x.Shape[0], w.Shape[0], w.Shape[1]
		places, shape := v.outs(mem, batch, filters)
		t, dst, err := alloc[T](mem, shape)
		if err != nil {
			return err
		}
		var bias []T
		if b := optional(in, 2); b.Dtype() != 0 {
			if bias = data[T](b); len(bias) != filters {
				return fmt.Errorf("input 2 has %d values, expected %d", len(bias), filters)
			}
		}
		src, weights := data[T](x), data[T](w)
		inner, size := count(v.in[:v.rank]), count(v.kernel[:v.rank])
		perGroup := filters / int(c.groups)
		for place := range places {
			taps = v.taps(place, taps)
			for b := range batch {
				for m := range filters {
					var sum T
					if bias != nil {
						sum = bias[m]
					}
					for ch := range width {
						plane := src[(b*x.Shape[1]+m/perGroup*width+ch)*inner:]
						filter := weights[(m*width+ch)*size:]
						for _, t := range taps {
							sum += plane[t.in] * filter[t.kernel]
						}
					}
					dst[(b*filters+m)*places+place] = sum
				}
			}
		}
		out[0] = t
		return nil
	}
}

// buildConvTranspose makes the kernel of ConvTranspose: each element of the input adds its weights to the window of the output that
// Conv would make it from.
func buildConvTranspose(n *node) (kernel, error) {
	c := readConvolution(n)
	extra, shape := n.integers("output_padding"), n.integers("output_shape")
	n.give(Float32)
	return func(mem *Arena, in, out []Tensor) error {
		if err := c.check(in[0], in[1], 0); err != nil {
			return err
		}
		return c.transposed(mem, in, out, extra, shape)
	}, errors.Join(n.expect(0, Float32), n.expect(1, Float32), n.expect(2, Float32))
}

// reversed returns the window over the output, whose places are the elements of the input.
func (w *windowing) reversed(x, weights Tensor, extra, wanted []int64) (v window, err error) {
	v.rank = len(x.Shape) - 2
	for d := range v.rank {
		size, k := int64(x.Shape[2+d]), int64(weights.Shape[2+d])
		stride, dilation := entry(w.strides, d, 1), entry(w.dilations, d, 1)
		more, before, after := entry(extra, d, 0), entry(w.pads, d, 0), entry(w.pads, v.rank+d, 0)
		if min(stride, dilation, k) < 1 || max(stride, dilation, more, before, after) > maxElements || min(more, before, after) < 0 {
			return v, errors.New("the window has a size, stride, dilation or pad that is out of range")
		}
		full := stride*(size-1) + more + (k-1)*dilation + 1
		target := full - before - after
		if w.auto == "SAME_UPPER" || w.auto == "SAME_LOWER" {
			target = size * stride
		}
		if target = entry(wanted[max(0, len(wanted)-v.rank):], d, target); target != full-before-after {
			total := max(0, full-target)
			if before = total / 2; w.auto == "SAME_LOWER" {
				before = total - total/2
			}
		}
		if target < 1 || target > maxElements {
			return v, fmt.Errorf("dimension %d of the result would be %d", d+2, target)
		}
		v.kernel[d], v.stride[d], v.dilation[d], v.before[d] = int(k), int(stride), int(dilation), int(before)
		v.in[d], v.out[d] = int(target), int(size)
	}
	return v, nil
}

func (c convolution) transposed(mem *Arena, in, out []Tensor, extra, wanted []int64) error {
	x, w := in[0], in[1]
	v, err := c.reversed(x, w, extra, wanted)
	if err != nil {
		return err
	}
	taps, err := v.room(mem, len(x.Floats)/max(1, count(v.out[:v.rank]))*max(1, w.Shape[1]))
	if err != nil {
		return err
	}
	batch, inputs, width := x.Shape[0], x.Shape[1], w.Shape[1]
	filters := width * int(c.groups)
	t, dst, err := alloc[float32](mem, mem.joined(mem.shape(batch, filters), v.in[:v.rank], nil))
	if err != nil {
		return err
	}
	inner, places, size := count(v.in[:v.rank]), count(v.out[:v.rank]), count(v.kernel[:v.rank])
	if bias := optional(in, 2).Floats; bias != nil {
		if len(bias) != filters {
			return fmt.Errorf("input 2 has %d values, expected %d", len(bias), filters)
		}
		for i := range dst {
			dst[i] = bias[i/inner%filters]
		}
	}
	perGroup := inputs / int(c.groups)
	for place := range places {
		taps = v.taps(place, taps)
		for b := range batch {
			for ch := range inputs {
				value := x.Floats[(b*inputs+ch)*places+place]
				for m := range width {
					plane := dst[(b*filters+ch/perGroup*width+m)*inner:]
					filter := w.Floats[(ch*width+m)*size:]
					for _, t := range taps {
						plane[t.in] += value * filter[t.kernel]
					}
				}
			}
		}
	}
	out[0] = t
	return nil
}
