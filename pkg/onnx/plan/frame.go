package plan

import "github.com/repli-mesh/repli/pkg/onnx"

// frame is the memory of one call. Values are found by number; of a rowed one there is the part of the block at work.
type frame struct {
	floats [][]float32
	ints   [][]int64
	bools  [][]bool
	texts  [][]string
	// shapes are those of tensors for operators that run as package onnx runs them; the first dimension is set before a call.
	shapes [][]int
	in     []onnx.Tensor
	out    []onnx.Tensor
	mem    onnx.Arena
	// scratch is for instructions that need room of their own.
	scratch []float32
}

// newFrame makes the memory of a call and gives each value its part.
func (p *Plan) newFrame() *frame {
	f := &frame{
		floats: make([][]float32, len(p.values)), ints: make([][]int64, len(p.values)), bools: make([][]bool, len(p.values)),
		texts:  make([][]string, len(p.values)),
		shapes: make([][]int, len(p.values)), in: make([]onnx.Tensor, p.widest), out: make([]onnx.Tensor, p.widest),
		scratch: make([]float32, p.scratch),
	}
	floats := make([]float32, p.space[onnx.Float32])
	ints := make([]int64, p.space[onnx.Int64])
	bools := make([]bool, p.space[onnx.Bool])
	texts := make([]string, p.space[onnx.String])
	for i := range p.values {
		v := &p.values[i]
		f.shapes[i] = v.shape
		if v.class == rowed {
			f.shapes[i] = append([]int{0}, v.shape...)
		}
		root := &p.values[v.root]
		switch place := p.places[v.root]; {
		case root.class == constant:
			f.floats[i], f.ints[i], f.bools[i], f.texts[i] = root.known.Floats, root.known.Ints, root.known.Bools, root.known.Strings
		case place.size == 0: // an input, or dead
		case v.dtype == onnx.Float32:
			f.floats[i] = floats[place.at:][:place.size]
		case v.dtype == onnx.Int64:
			f.ints[i] = ints[place.at:][:place.size]
		case v.dtype == onnx.String:
			f.texts[i] = texts[place.at:][:place.size]
		default:
			f.bools[i] = bools[place.at:][:place.size]
		}
	}
	return f
}

// set makes a part of an input the memory of all views of it.
func (f *frame) set(views []int, t onnx.Tensor, from, to int) {
	for _, v := range views {
		switch {
		case t.Floats != nil:
			f.floats[v] = t.Floats[from:to]
		case t.Ints != nil:
			f.ints[v] = t.Ints[from:to]
		case t.Strings != nil:
			f.texts[v] = t.Strings[from:to]
		default:
			f.bools[v] = t.Bools[from:to]
		}
	}
}
