// Package topk owns the choice of the best of many scores without sorting them all.
package topk

import "math"

// Select returns the positions of the k best scores, best first, and the number of scores that are NaN or infinite,
// which are never chosen. Of equal scores the one that comes first is better. It overwrites dst, and allocates only where
// that has no room for k positions. The k best so far are kept in a heap, the worst on top: n log k steps.
func Select(dst []uint32, scores []float32, k int) (best []uint32, nonFinite int) {
	heap := heap{scores: scores, at: dst[:0]}
	for i, score := range scores {
		switch {
		case !(math.Abs(float64(score)) <= math.MaxFloat32): // NaN counts
			nonFinite++
		case len(heap.at) < k:
			heap.push(uint32(i))
		case k > 0 && heap.worse(heap.at[0], uint32(i)):
			heap.at[0] = uint32(i)
			heap.sink(0, k)
		}
	}
	for n := len(heap.at) - 1; n > 0; n-- {
		heap.at[0], heap.at[n] = heap.at[n], heap.at[0]
		heap.sink(0, n)
	}
	return heap.at, nonFinite
}

// heap holds positions; no parent is better than its children.
type heap struct {
	scores []float32
	at     []uint32
}

// worse reports whether position a ranks below position b.
func (h *heap) worse(a, b uint32) bool {
	if h.scores[a] != h.scores[b] {
		return h.scores[a] < h.scores[b]
	}
	return a > b
}

func (h *heap) push(position uint32) {
	h.at = append(h.at, position)
	for child := len(h.at) - 1; child > 0; {
		parent := (child - 1) / 2
		if !h.worse(h.at[child], h.at[parent]) {
			return
		}
		h.at[child], h.at[parent] = h.at[parent], h.at[child]
		child = parent
	}
}

// sink restores the order of the first n positions below one that was replaced.
func (h *heap) sink(parent, n int) {
	for {
		child := 2*parent + 1
		if child >= n {
			return
		}
		if child+1 < n && h.worse(h.at[child+1], h.at[child]) {
			child++
		}
		if !h.worse(h.at[child], h.at[parent]) {
			return
		}
		h.at[parent], h.at[child] = h.at[child], h.at[parent]
		parent = child
	}
}
