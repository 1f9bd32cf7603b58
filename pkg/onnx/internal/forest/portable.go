package forest

import "math/bits"

// strikePortable finds the leaves of all trees for 16 rows.
func strikePortable(f *Forest, w *work) {
	for i := range w.bits {
		w.bits[i] = ^uint64(0)
	}
	for lane := range lanes {
		f.above.strike(w, lane, func(x, threshold float32) bool { return !(x <= threshold) })
		f.ordered.strike(w, lane, func(x, threshold float32) bool { return x > threshold })
	}
}

func (b *branches) strike(w *work, lane int, above func(x, threshold float32) bool) {
	for _, s := range b.segments {
		x := w.x[int(s.x)/4+lane]
		for _, n := range b.nodes[s.first/16 : s.end/16] {
			if !above(x, n.threshold) {
				break
			}
			w.bits[int(n.tree)/8+lane] &= n.mask
		}
	}
}

// sumPortable adds up the votes of the leaves that are left.
func sumPortable(_ *Forest, w *work, out *output) {
	w.sums = [lanes]float64{}
	for i := range out.count {
		table := out.tables[i*maxLeaves:][:maxLeaves]
		for lane, b := range w.bits[(out.first+i)*lanes:][:lanes] {
			w.sums[lane] += float64(table[bits.LeadingZeros64(b)&(maxLeaves-1)])
		}
	}
}
