package onnx

import (
	"cmp"
	"slices"
)

// buildUnique makes the kernel of Unique: the different slices along a dimension, or elements, and for each of them where it is
// first and how often; and for each slice which of them it is.
func buildUnique(n *node) (kernel, error) {
	axis, flat, sorted := n.integer("axis", 0), !n.present("axis"), n.integer("sorted", 1) != 0
	n.give(n.in[0])
	for i := 1; i < len(n.out); i++ {
		n.giveAs(i, codeInt64)
	}
	return n.byDtype(0, unique[float32](axis, flat, sorted), unique[int64](axis, flat, sorted), nil, unique[string](axis, flat, sorted))
}

// sortable elements are those that can be sorted.
type sortable interface{ float32 | int64 | string }

func unique[T sortable](at int64, flat, sorted bool) kernel {
	return func(mem *Arena, in, out []Tensor) error {
		x := in[0]
		if flat {
			x = x.view(mem.shape(x.size()))
		}
		l, err := alongAxis(x.Shape, at)
		if err != nil {
			return err
		}
		src := data[T](x)
		firsts, inverse, counts := groups(mem, l, sorted, func(i, j int64) int { return compareSlices(l, src, i, j) })
		shape := mem.shape(x.Shape...)
		shape[l.axis] = len(firsts)
		t, dst, err := alloc[T](mem, shape)
		if err != nil {
			return err
		}
		for o := range l.outer {
			for _, i := range firsts {
				dst = dst[copy(dst, src[(o*l.size+int(i))*l.inner:][:l.inner]):]
			}
		}
		different, all := mem.shape(len(firsts)), mem.shape(l.size)
		copy(out, mem.tensors(t, wrap(different, firsts), wrap(all, inverse), wrap(different, counts)))
		return nil
	}
}

// compareSlices compares two slices element by element.
func compareSlices[T sortable](l lines, src []T, i, j int64) int {
	for o := range l.outer {
		from := src[o*l.size*l.inner:]
		if c := slices.Compare(from[int(i)*l.inner:][:l.inner], from[int(j)*l.inner:][:l.inner]); c != 0 {
			return c
		}
	}
	return 0
}

// groups finds equal slices: the first of each group, the group of each slice and the sizes of the groups. The groups are in
// the order of their values, or of their first slices.
func groups(mem *Arena, l lines, sorted bool, compare func(i, j int64) int) (firsts, inverse, counts []int64) {
	order := mem.ints.take(l.size)
	for i := range order {
		order[i] = int64(i)
	}
	slices.SortFunc(order, func(i, j int64) int { return cmp.Or(compare(i, j), cmp.Compare(i, j)) })
	firsts, inverse, counts = mem.ints.take(l.size)[:0], mem.ints.take(l.size), mem.ints.take(l.size)
	for k, i := range order {
		if k == 0 || compare(order[k-1], i) != 0 {
			firsts = append(firsts, i)
		}
		inverse[i] = int64(len(firsts) - 1)
		counts[len(firsts)-1]++
	}
	counts = counts[:len(firsts)]
	if sorted {
		return firsts, inverse, counts
	}
	// Number the groups again, by their first slices.
	names, sizes := mem.ints.take(len(firsts)), mem.ints.take(len(firsts))
	byPlace := mem.copyInts(firsts)
	slices.Sort(byPlace)
	for g, first := range firsts {
		place, _ := slices.BinarySearch(byPlace, first)
		names[g], sizes[place] = int64(place), counts[g]
	}
	for i, g := range inverse {
		inverse[i] = names[g]
	}
	return byPlace, inverse, sizes
}
