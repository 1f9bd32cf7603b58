package onnx

import "errors"

// Arena is the memory of one run: everything that kernels make lies in it until the next run begins. A warm one, that is
// one which has served a run as large, hands out memory without allocating. The zero value is ready. Not safe for
// concurrent use.
type Arena struct {
	floats  slab[float32]
	ints    slab[int64]
	bools   slab[bool]
	dims    slab[int]
	parts   slab[Tensor]
	sums    slab[float64]
	strings slab[string]
	taps    slab[tap]

	elements, work int64 // what may still be made and spent
	bounded        bool
}

// Bounds of one run, since a small file can ask for many large tensors, and for many products of them.
const (
	// maxElementsPerRun is 512 MiB of float32.
	maxElementsPerRun = 2 * maxElements
	// maxWork is elementary products and look-ups.
	maxWork = 1 << 36
)

// Bound sets how many elements and how much work, in elementary products and look-ups, everything that runs in the arena until the
// next Bound may take together; Reset does not change that. Without it each run is bounded, by more than any ranker needs.
func (a *Arena) Bound(elements, work int64) { a.elements, a.work, a.bounded = elements, work, true }

// Left returns what may still be made and done.
func (a *Arena) Left() (elements, work int64) { return a.elements, a.work }

// begin allows a run as much as any may take, unless Bound has been called.
func (a *Arena) begin() {
	if !a.bounded {
		a.elements, a.work = maxElementsPerRun, maxWork
	}
}

var errElements = errors.New("the run makes more elements than one may")

// made counts the elements of tensors that a node has made.
func (a *Arena) made(tensors []Tensor) error {
	for _, t := range tensors {
		a.elements -= int64(t.size())
	}
	if a.elements < 0 {
		return errElements
	}
	return nil
}

// spend counts work that grows faster than inputs and outputs do, before it is done.
func (a *Arena) spend(work int64) error {
	if work < 0 || work > a.work {
		return errors.New("the run takes more products and look-ups than one may")
	}
	a.work -= work
	return nil
}

// reset makes all memory free again: tensors from before must not be used any more.
func (a *Arena) reset() {
	a.floats.reset()
	a.ints.reset()
	a.bools.reset()
	a.dims.reset()
	a.parts.reset()
	a.sums.reset()
	a.strings.reset()
	a.taps.reset()
}

// shape returns a copy of dims.
func (a *Arena) shape(dims ...int) []int {
	s := a.dims.take(len(dims))
	copy(s, dims)
	return s
}

// joined returns the dimensions of three shapes, one after the other.
func (a *Arena) joined(first, second, third []int) []int {
	s := a.dims.take(len(first) + len(second) + len(third))
	copy(s[copy(s, first):][:len(second)], second)
	copy(s[len(first)+len(second):], third)
	return s
}

// tensors returns a list that holds given.
func (a *Arena) tensors(given ...Tensor) []Tensor {
	list := a.parts.take(len(given))
	copy(list, given)
	return list
}

// slab hands out parts of large blocks. A block is never given back: the next run needs as much.
type slab[T any] struct {
	blocks [][]T
	at     int // the block in use
	used   int // of that block
}

// smallestBlock is the number of elements of the first block.
const smallestBlock = 1 << 10

func (s *slab[T]) reset() { s.at, s.used = 0, 0 }

// take returns n zeros.
func (s *slab[T]) take(n int) []T {
	for ; s.at < len(s.blocks); s.at, s.used = s.at+1, 0 {
		if block := s.blocks[s.at]; n <= len(block)-s.used {
			out := block[s.used : s.used+n : s.used+n]
			s.used += n
			clear(out)
			return out
		}
	}
	size := smallestBlock
	if len(s.blocks) > 0 {
		size = 2 * len(s.blocks[len(s.blocks)-1])
	}
	s.blocks = append(s.blocks, make([]T, max(size, n)))
	s.at, s.used = len(s.blocks)-1, n
	return s.blocks[s.at][:n:n]
}
