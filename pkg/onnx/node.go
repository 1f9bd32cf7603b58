package onnx

import (
	"fmt"
	"slices"
)

// maxRank bounds the number of dimensions of every tensor.
const maxRank = 8

// kernel computes an operator's outputs. An absent optional input is a Tensor with no data. It must neither change its
// inputs nor keep state: runs are concurrent. An output may share the data of an input.
type kernel func(mem *Arena, in, out []Tensor) error

// operator is one entry of the table of what the package can run.
type operator struct {
	minIn, maxIn, maxOut int // maxIn any: as many as there are
	build                func(n *node) (kernel, error)
}

// node is one operator of a graph while it is being built: in the order of computation, so that what precedes it is
// known. A builder checks dtypes and attributes, sets the dtypes of the outputs and returns the kernel.
type node struct {
	attributes
	op              string // "domain:name"
	label           string
	kind            operator
	opset           int64 // of the operator's own domain
	inputs, outputs []string
	in, out         []Dtype   // parallel to inputs and outputs; 0 is an absent input
	inCodes         []int64   // parallel to inputs: the TensorProto.DataType that a file knows the value by
	outCodes        []int64   // parallel to outputs; 0 is that of the first input of the same dtype
	known           []*Tensor // parallel to inputs; nil when not known before Run
	trees           *Trees    // set by the builder of an ensemble of trees
	value           *Tensor   // set by a builder instead of a kernel: the node is a constant
}

// has reports whether input i is there.
func (n *node) has(i int) bool { return i < len(n.in) && n.in[i] != 0 }

// give sets the dtype of every output.
func (n *node) give(d Dtype) {
	for i := range n.out {
		n.out[i] = d
	}
}

// giveAs sets the dtype of output i, if it is there, to one that does not come from the inputs.
func (n *node) giveAs(i int, code int64) {
	if i < len(n.out) {
		n.out[i], _ = dtypeOfCode(code)
		n.outCodes[i] = code
	}
}

// expect checks the dtype of input i, if it is there.
func (n *node) expect(i int, allowed ...Dtype) error {
	if n.has(i) && !slices.Contains(allowed, n.in[i]) {
		return fmt.Errorf("input %d (%q) is %v, expected %v", i, n.inputs[i], n.in[i], allowed)
	}
	return nil
}

// same checks that all inputs from..to (exclusive) that are there have the dtype of the first of them.
func (n *node) same(from, to int) error {
	for i := from + 1; i < min(to, len(n.in)); i++ {
		if err := n.expect(i, n.in[from]); err != nil {
			return err
		}
	}
	return nil
}

// byDtype picks the kernel for the dtype of input i; a nil kernel is one that the operator does not have. The one of
// texts may be left out.
func (n *node) byDtype(i int, floats, ints, bools kernel, texts ...kernel) (kernel, error) {
	k := map[Dtype]kernel{Float32: floats, Int64: ints, Bool: bools}[n.in[i]]
	if n.in[i] == String && len(texts) > 0 {
		k = texts[0]
	}
	if k == nil {
		return nil, fmt.Errorf("input %d (%q): the operator does not take %v", i, n.inputs[i], n.in[i])
	}
	return k, nil
}

// attributes holds the attributes of a node: numbers, texts and lists of them, and tensors. The first fault is kept for finish.
type attributes struct {
	plain   map[string]any
	tensors map[string]Tensor
	codes   map[string]int64 // of the tensors: TensorProto.DataType
	files   *folder          // where data of tensors may lie
	read    []string
	err     error
}

func attribute[T any](a *attributes, name string, absent T) T {
	a.read = append(a.read, name)
	v, ok := a.plain[name]
	if !ok {
		if _, tensor := a.tensors[name]; tensor && a.err == nil {
			a.err = fmt.Errorf("attribute %q is a tensor, expected a %T", name, absent)
		}
		return absent
	}
	typed, ok := v.(T)
	if !ok && a.err == nil {
		a.err = fmt.Errorf("attribute %q is a %T, expected a %T", name, v, absent)
	}
	return typed
}

func (a *attributes) integer(name string, absent int64) int64 { return attribute(a, name, absent) }

func (a *attributes) float(name string, absent float32) float32 { return attribute(a, name, absent) }

func (a *attributes) text(name, absent string) string { return attribute(a, name, absent) }

func (a *attributes) integers(name string) []int64 { return attribute[[]int64](a, name, nil) }

func (a *attributes) floats(name string) []float32 { return attribute[[]float32](a, name, nil) }

// weights returns a list of floats, which may come as a tensor of its own name.
func (a *attributes) weights(name string) []float32 {
	if t, ok := a.tensor(name + "_as_tensor"); ok {
		return t.Floats
	}
	return a.floats(name)
}

func (a *attributes) texts(name string) []string { return attribute[[]string](a, name, nil) }

func (a *attributes) ignore(names ...string) { a.read = append(a.read, names...) }

func (a *attributes) present(name string) bool { _, ok := a.plain[name]; return ok }

// tensor returns the tensor under a name.
func (a *attributes) tensor(name string) (Tensor, bool) {
	a.read = append(a.read, name)
	if v, plain := a.plain[name]; plain && a.err == nil {
		a.err = fmt.Errorf("attribute %q is a %T, expected a tensor", name, v)
	}
	t, ok := a.tensors[name]
	return t, ok
}

// finish returns the first attribute of a wrong type, or one that nobody read: what it asks for would be missing from
// the result.
func (a *attributes) finish() error {
	if a.err != nil {
		return a.err
	}
	for name := range a.plain {
		if !slices.Contains(a.read, name) {
			return fmt.Errorf("attribute %q is not supported", name)
		}
	}
	for name := range a.tensors {
		if !slices.Contains(a.read, name) {
			return fmt.Errorf("attribute %q, a tensor, is not supported", name)
		}
	}
	return nil
}
