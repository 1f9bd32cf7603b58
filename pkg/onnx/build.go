package onnx

import (
	"cmp"
	"errors"
	"fmt"
)

// builder turns decoded nodes into the steps of a graph.
type builder struct {
	graph  Graph
	slots  map[string]int // value name to slot
	dtypes []Dtype        // by slot
	codes  []int64        // by slot: the TensorProto.DataType
	known  []*Tensor      // by slot; nil when not known before Run
	nodes  []*node

	declared []int64 // by output: the TensorProto.DataType
}

// declare takes over the inputs, outputs and initialisers of the graph.
func (b *builder) declare(m *model) error {
	for i, msg := range m.initialisers {
		p, t, err := decodeTensor(msg, m.files)
		if err != nil {
			return fmt.Errorf("initialiser %q: %w", p.name, err)
		}
		if p.name == "" {
			return fmt.Errorf("initialiser #%d has no name", i)
		}
		if _, err := b.define(p.name, t.Dtype(), p.code, &t); err != nil {
			return fmt.Errorf("initialiser: %w", err)
		}
	}
	var err error
	var codes []int64
	initialised := func(name string) bool { _, ok := b.slots[name]; return ok }
	if b.graph.inputs, codes, err = parseInfos("input", m.inputs, initialised); err != nil {
		return err
	}
	for i, info := range b.graph.inputs {
		if codes[i] == codeMaps {
			return fmt.Errorf("input %q: %w", info.Name, errNoTensor)
		}
		slot, err := b.define(info.Name, info.Dtype, codes[i], nil)
		if err != nil {
			return fmt.Errorf("input: %w", err)
		}
		b.graph.inputSlots = append(b.graph.inputSlots, slot)
	}
	b.graph.outputs, b.declared, err = parseInfos("output", m.outputs, func(string) bool { return false })
	return err
}

// define gives a value its slot.
func (b *builder) define(name string, dtype Dtype, code int64, known *Tensor) (int, error) {
	if _, ok := b.slots[name]; ok {
		return 0, fmt.Errorf("value %q is defined twice", name)
	}
	slot := len(b.dtypes)
	b.slots[name] = slot
	b.dtypes = append(b.dtypes, dtype)
	b.codes = append(b.codes, code)
	b.known = append(b.known, known)
	return slot, nil
}

// build orders the nodes, builds their kernels and connects the outputs.
func (b *builder) build() error {
	ordered, err := b.order()
	if err != nil {
		return err
	}
	for _, n := range ordered {
		if err := b.add(n); err != nil {
			return fmt.Errorf("%s: %w", n.label, err)
		}
	}
	if err := b.connectOutputs(); err != nil {
		return err
	}
	b.graph.values = make([]Tensor, len(b.known))
	for i, t := range b.known {
		if t != nil {
			b.graph.values[i] = *t
		}
	}
	return nil
}

// connectOutputs finds the value of each output.
func (b *builder) connectOutputs() error {
	for i, out := range b.graph.outputs {
		slot, ok := b.slots[out.Name]
		if !ok {
			return fmt.Errorf("output %q is made by no node", out.Name)
		}
		if b.declared[i] == codeMaps && b.codes[slot] != codeMaps {
			return fmt.Errorf("output %q: %w", out.Name, errNoTensor)
		}
		if b.dtypes[slot] != out.Dtype {
			return fmt.Errorf("output %q is declared %v, but is %v", out.Name, out.Dtype, b.dtypes[slot])
		}
		b.graph.outputSlots = append(b.graph.outputSlots, slot)
	}
	return nil
}

// order sorts the nodes so that each comes after those that make its inputs; files need not be in order.
func (b *builder) order() ([]*node, error) {
	makers, err := b.makers()
	if err != nil {
		return nil, err
	}
	users := map[*node][]*node{}
	missing := map[*node]int{}
	var ordered []*node
	var faults []error
	for _, n := range b.nodes {
		for i, name := range n.inputs {
			if _, ok := b.slots[name]; ok || name == "" {
				continue
			}
			maker := makers[name]
			if maker == nil {
				faults = append(faults, fmt.Errorf("%s: input %d (%q) is made by no node, input or initialiser", n.label, i, name))
				continue
			}
			users[maker] = append(users[maker], n)
			missing[n]++
		}
		if missing[n] == 0 {
			ordered = append(ordered, n)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	for done := 0; done < len(ordered); done++ {
		for _, user := range users[ordered[done]] {
			if missing[user]--; missing[user] == 0 {
				ordered = append(ordered, user)
			}
		}
	}
	for _, n := range b.nodes {
		if missing[n] > 0 {
			return nil, fmt.Errorf("%s: is part of a cycle or depends on one", n.label)
		}
	}
	return ordered, nil
}

// makers maps each value to the node that makes it.
func (b *builder) makers() (map[string]*node, error) {
	makers := map[string]*node{}
	for _, n := range b.nodes {
		for _, name := range n.outputs {
			_, declared := b.slots[name]
			if name != "" && (declared || makers[name] != nil) {
				return nil, fmt.Errorf("%s: value %q is defined twice", n.label, name)
			}
			makers[name] = n
		}
	}
	return makers, nil
}

// add builds one node whose inputs are all defined.
func (b *builder) add(n *node) error {
	s := step{op: n.op, label: n.label, opset: n.opset, attributes: n.plain}
	for i, name := range n.inputs {
		slot := -1
		if name != "" {
			slot = b.slots[name]
			n.in[i], n.inCodes[i], n.known[i] = b.dtypes[slot], b.codes[slot], b.known[slot]
			if n.inCodes[i] == codeMaps {
				return fmt.Errorf("input %d (%q): nothing takes the maps of a ZipMap", i, name)
			}
		}
		s.inputs = append(s.inputs, slot)
	}
	if err := n.checkArity(); err != nil {
		return err
	}
	var err error
	if s.kernel, err = n.kind.build(n); err != nil {
		return cmp.Or(n.err, err)
	}
	if err := n.finish(); err != nil {
		return err
	}
	n.inheritCodes()
	s.kernel = narrowed(n, s.kernel)
	for i, name := range n.outputs {
		slot := -1
		if name != "" {
			if slot, err = b.define(name, n.out[i], n.outCodes[i], n.value); err != nil {
				return err
			}
		}
		s.outputs = append(s.outputs, slot)
	}
	s.trees = n.trees
	if n.value == nil {
		b.graph.steps = append(b.graph.steps, s)
		b.graph.widest = max(b.graph.widest, len(s.inputs), len(s.outputs))
	}
	return nil
}

// inheritCodes gives each output the type of the first input that is held in the same way, unless the builder knew better.
func (n *node) inheritCodes() {
	for i, code := range n.outCodes {
		for k := 0; code == 0 && k < len(n.in); k++ {
			if n.in[k] == n.out[i] {
				code = n.inCodes[k]
			}
		}
		if code == 0 {
			code = natural(n.out[i])
		}
		n.outCodes[i] = code
	}
}

func (n *node) checkArity() error {
	if len(n.out) < 1 || n.kind.maxOut != anyNumber && len(n.out) > n.kind.maxOut {
		return fmt.Errorf("has %d outputs, expected %s", len(n.out), arity(1, n.kind.maxOut))
	}
	if len(n.in) < n.kind.minIn || n.kind.maxIn != anyNumber && len(n.in) > n.kind.maxIn {
		return fmt.Errorf("has %d inputs, expected %s", len(n.in), arity(n.kind.minIn, n.kind.maxIn))
	}
	required := n.kind.minIn
	if n.kind.maxIn == anyNumber {
		required = len(n.in)
	}
	for i := range required {
		if !n.has(i) {
			return fmt.Errorf("input %d is absent, but not optional", i)
		}
	}
	return nil
}

func arity(from, to int) string {
	if to == anyNumber {
		return fmt.Sprintf("%d or more", from)
	}
	return fmt.Sprintf("%d to %d", from, to)
}
