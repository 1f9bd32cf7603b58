package onnx

func equal[T element](dst []bool, a []T, stepA int, b []T, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] == b[i*stepB]
	}
}

func greater[T number](dst []bool, a []T, stepA int, b []T, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] > b[i*stepB]
	}
}

func less[T number](dst []bool, a []T, stepA int, b []T, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] < b[i*stepB]
	}
}

func greaterOrEqual[T number](dst []bool, a []T, stepA int, b []T, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] >= b[i*stepB]
	}
}

func lessOrEqual[T number](dst []bool, a []T, stepA int, b []T, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] <= b[i*stepB]
	}
}

func and(dst, a []bool, stepA int, b []bool, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] && b[i*stepB]
	}
}

func or(dst, a []bool, stepA int, b []bool, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] || b[i*stepB]
	}
}

func xor(dst, a []bool, stepA int, b []bool, stepB int) {
	for i := range dst {
		dst[i] = a[i*stepA] != b[i*stepB]
	}
}

func not(dst, src []bool) {
	for i, v := range src {
		dst[i] = !v
	}
}

// buildCompare makes a builder for operators on two tensors of one dtype that give bools.
func buildCompare(floats, ints, bools kernel, texts ...kernel) func(n *node) (kernel, error) {
	return func(n *node) (kernel, error) {
		n.give(Bool)
		if err := n.same(0, 2); err != nil {
			return nil, err
		}
		return n.byDtype(0, floats, ints, bools, texts...)
	}
}

// buildWhere makes the kernel of Where: the second input where the first is true, else the third.
func buildWhere(n *node) (kernel, error) {
	if err := n.expect(0, Bool); err != nil {
		return nil, err
	}
	n.give(n.in[1])
	if err := n.same(1, 3); err != nil {
		return nil, err
	}
	return n.byDtype(1, where[float32], where[int64], where[bool], where[string])
}

func where[T element](mem *Arena, in, out []Tensor) error {
	shape, err := broadcast(mem, in[1].Shape, in[2].Shape)
	if err != nil {
		return err
	}
	if shape, err = broadcast(mem, in[0].Shape, shape); err != nil {
		return err
	}
	t, dst, err := alloc[T](mem, shape)
	if err != nil {
		return err
	}
	cond, x, y := in[0].Bools, data[T](in[1]), data[T](in[2])
	n := newNest(shape, spread(in[0].Shape, shape), spread(in[1].Shape, shape), spread(in[2].Shape, shape))
	row, stepCond, stepX, stepY := n.row(), n.step(0), n.step(1), n.step(2)
	n.each(func(at int, offsets [3]int) {
		for i := range row {
			if cond[offsets[0]+i*stepCond] {
				dst[at+i] = x[offsets[1]+i*stepX]
			} else {
				dst[at+i] = y[offsets[2]+i*stepY]
			}
		}
	})
	out[0] = t
	return nil
}
