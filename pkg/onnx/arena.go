package onnx

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
