package onnx

import "fmt"

// buildEyeLike makes the kernel of EyeLike: a matrix of zeros with a diagonal of ones.
func buildEyeLike(n *node) (kernel, error) {
	diagonal := n.integer("k", 0)
	code := n.integer("dtype", n.inCodes[0])
	n.giveAs(0, code)
	to, err := dtypeOfCode(code)
	if err != nil {
		return nil, err
	}
	switch to {
	case Float32:
		return eye(diagonal, float32(1)), nil
	case Int64:
		return eye(diagonal, int64(1)), nil
	case Bool:
		return eye(diagonal, true), nil
	default:
		return nil, fmt.Errorf("dtype %v has no ones", to)
	}
}

func eye[T element](diagonal int64, one T) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		if len(in[0].Shape) != 2 {
			return fmt.Errorf("input 0 has shape %v, expected a matrix", in[0].Shape)
		}
		t, dst, err := alloc[T](mem, in[0].Shape)
		columns := in[0].Shape[1]
		for i := range dst {
			if int64(i%columns-i/columns) == diagonal {
				dst[i] = one
			}
		}
		out[0] = t
		return err
	}
}

// buildDepthToSpace makes the kernel of DepthToSpace: blocks of channels become blocks of a plane.
func buildDepthToSpace(n *node) (kernel, error) {
	size, mode := int(n.integer("blocksize", 0)), n.text("mode", "DCR")
	n.give(n.in[0])
	if size < 1 || size > maxElements || mode != "DCR" && mode != "CRD" {
		return nil, fmt.Errorf("blocksize %d, mode %q: expected 1 or more, DCR or CRD", size, mode)
	}
	order := []int64{0, 3, 4, 1, 5, 2}
	if mode == "CRD" {
		order = []int64{0, 1, 4, 2, 5, 3}
	}
	run, err := n.byDtype(0, transpose[float32](order), transpose[int64](order), transpose[bool](order))
	return func(mem *Arena, in, out []Tensor) error {
		s := in[0].Shape
		if len(s) != 4 || s[1]%(size*size) != 0 {
			return fmt.Errorf("input 0 has shape %v, expected channels in blocks of %d", s, size*size)
		}
		depth := s[1] / (size * size)
		split := mem.shape(s[0], size, size, depth, s[2], s[3])
		if mode == "CRD" {
			split = mem.shape(s[0], depth, size, size, s[2], s[3])
		}
		if err := run(mem, mem.tensors(in[0].view(split)), out); err != nil {
			return err
		}
		var err error
		out[0], err = viewed(out[0], mem.shape(s[0], depth, s[2]*size, s[3]*size))
		return err
	}, err
}

// buildSpaceToDepth makes the kernel of SpaceToDepth: blocks of a plane become channels.
func buildSpaceToDepth(n *node) (kernel, error) {
	size := int(n.integer("blocksize", 0))
	n.give(n.in[0])
	if size < 1 || size > maxElements {
		return nil, fmt.Errorf("blocksize is %d, expected 1 or more", size)
	}
	order := []int64{0, 3, 5, 1, 2, 4}
	run, err := n.byDtype(0, transpose[float32](order), transpose[int64](order), transpose[bool](order))
	return func(mem *Arena, in, out []Tensor) error {
		s := in[0].Shape
		if len(s) != 4 || s[2]%size != 0 || s[3]%size != 0 {
			return fmt.Errorf("input 0 has shape %v, expected planes in blocks of %d", s, size)
		}
		split := mem.shape(s[0], s[1], s[2]/size, size, s[3]/size, size)
		if err := run(mem, mem.tensors(in[0].view(split)), out); err != nil {
			return err
		}
		var err error
		out[0], err = viewed(out[0], mem.shape(s[0], s[1]*size*size, s[2]/size, s[3]/size))
		return err
	}, err
}

// buildReverseSequence makes the kernel of ReverseSequence: of each sequence of a batch the first elements in reverse, as many as
// its length says.
func buildReverseSequence(n *node) (kernel, error) {
	batch, time := n.integer("batch_axis", 1), n.integer("time_axis", 0)
	n.give(n.in[0])
	if batch+time != 1 || batch*time != 0 {
		return nil, fmt.Errorf("batch_axis %d, time_axis %d: expected 0 and 1", batch, time)
	}
	if err := n.expect(1, Int64); err != nil {
		return nil, err
	}
	at := int(time)
	return n.byDtype(0, reverse[float32](at), reverse[int64](at), reverse[bool](at), reverse[string](at))
}

func reverse[T element](time int) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		s, lengths := in[0].Shape, in[1].Ints
		if len(s) < 2 || len(lengths) != s[1-time] {
			return fmt.Errorf("%d lengths for shape %v, expected one for each sequence", len(lengths), s)
		}
		t, dst, err := alloc[T](mem, s)
		if err != nil {
			return err
		}
		src, size := data[T](in[0]), count(s[2:])
		for row := range s[0] * s[1] {
			index := [2]int{row / s[1], row % s[1]}
			length := lengths[index[1-time]]
			if length < 0 || length > int64(s[time]) {
				return fmt.Errorf("length %d is out of range for %d elements", length, s[time])
			}
			if index[time] < int(length) {
				index[time] = int(length) - 1 - index[time]
			}
			copy(dst[row*size:][:size], src[(index[0]*s[1]+index[1])*size:])
		}
		out[0] = t
		return nil
	}
}
