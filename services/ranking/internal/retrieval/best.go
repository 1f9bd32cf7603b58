package retrieval

import (
	"cmp"
	"math"
	"slices"
)

// hit is a row and how well it fits.
type hit struct {
	score float32
	row   uint32
}

// rank orders hits as one number: by score and, of equal scores, the lower row above the higher.
type rank uint64

const signBit = 1 << 31

func rankOf(h hit) rank {
	order := math.Float32bits(h.score + 0) // 0 for -0, which is as much
	if order&signBit != 0 {
		order = ^order
	} else {
		order |= signBit
	}
	return rank(order)<<32 | rank(^h.row)
}

func (r rank) hit() hit {
	order := uint32(r >> 32)
	if order&signBit != 0 {
		order &^= signBit
	} else {
		order = ^order
	}
	return hit{math.Float32frombits(order), ^uint32(r)} //nolint:gosec // the lower half
}

// best keeps the most hits so far, and some that it has not yet sorted out: where a hit belongs is chance, which a CPU cannot
// foresee, so it is asked as seldom as possible.
type best struct {
	most  int
	ranks []rank  // no two alike
	floor float32 // a score below it is not among the best
}

func (b *best) reset(most int) {
	b.most, b.ranks, b.floor = most, b.ranks[:0], -math.MaxFloat32
}

// offer takes a hit if it may be among the best. NaN and infinities never are.
func (b *best) offer(h hit) {
	if !(h.score >= b.floor && h.score <= math.MaxFloat32) {
		return
	}
	b.ranks = append(b.ranks, rankOf(h))
	if len(b.ranks) >= 2*b.most+64 {
		b.settle()
	}
}

// settle drops all but the best, and finds the floor.
func (b *best) settle() {
	if len(b.ranks) < b.most {
		return
	}
	front(b.ranks, b.most)
	b.ranks = b.ranks[:b.most]
	b.floor = slices.Min(b.ranks).hit().score
}

// sorted returns the ranks of the best, best first.
func (b *best) sorted() []rank {
	b.settle()
	slices.Sort(b.ranks)
	slices.Reverse(b.ranks)
	return b.ranks
}

// front moves the greatest n of ranks, of which no two are alike, to the front.
func front(ranks []rank, n int) {
	for low, high := 0, len(ranks); low < n && n < high; {
		if high-low < 8 {
			slices.SortFunc(ranks[low:high], func(a, b rank) int { return cmp.Compare(b, a) })
			return
		}
		if at := low + divide(ranks[low:high]); at <= n {
			low = at
		} else {
			high = at
		}
	}
}

// divide moves the ranks above one of them, which is neither the least nor the greatest, to the front, and returns how many
// there are.
func divide(ranks []rank) int {
	a, b, c := ranks[0], ranks[len(ranks)/2], ranks[len(ranks)-1]
	middle := max(min(a, b), min(max(a, b), c))
	at := 0
	for i, r := range ranks {
		ranks[i], ranks[at] = ranks[at], r
		above := 0
		if r > middle {
			above = 1
		}
		at += above // no jump
	}
	return at
}
