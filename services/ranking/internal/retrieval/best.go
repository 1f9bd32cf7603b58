package retrieval

import "math"

// hit is a row and how well it fits.
type hit struct {
	score float32
	row   uint32
}

// better reports whether a comes before b: of equal scores the lower row does.
func (a hit) better(b hit) bool {
	if a.score != b.score {
		return a.score > b.score
	}
	return a.row < b.row
}

// best keeps the most hits so far, in a heap with the worst on top.
type best struct {
	most  int
	hits  []hit
	floor float32 // a score below it is not among the best
}

func (b *best) reset(most int) {
	b.most, b.hits, b.floor = most, b.hits[:0], -math.MaxFloat32
}

// offer takes a hit if it is among the best so far. NaN and infinities never are.
func (b *best) offer(h hit) {
	if !(h.score >= b.floor && h.score <= math.MaxFloat32) {
		return
	}
	if len(b.hits) < b.most {
		b.push(h)
	} else if h.better(b.hits[0]) {
		b.hits[0] = h
		b.sink(len(b.hits))
	}
	if len(b.hits) == b.most {
		b.floor = b.hits[0].score
	}
}

func (b *best) push(h hit) {
	b.hits = append(b.hits, h)
	for child := len(b.hits) - 1; child > 0; {
		parent := (child - 1) / 2
		if !b.hits[parent].better(b.hits[child]) {
			return
		}
		b.hits[child], b.hits[parent] = b.hits[parent], b.hits[child]
		child = parent
	}
}

// sink restores the order of the first n hits below the top.
func (b *best) sink(n int) {
	for parent := 0; ; {
		child := 2*parent + 1
		if child >= n {
			return
		}
		if child+1 < n && b.hits[child].better(b.hits[child+1]) {
			child++
		}
		if !b.hits[parent].better(b.hits[child]) {
			return
		}
		b.hits[parent], b.hits[child] = b.hits[child], b.hits[parent]
		parent = child
	}
}

// sorted returns the hits, best first. The heap must be reset afterwards.
func (b *best) sorted() []hit {
	for n := len(b.hits) - 1; n > 0; n-- {
		b.hits[0], b.hits[n] = b.hits[n], b.hits[0]
		b.sink(n)
	}
	return b.hits
}
