package retrieval

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"github.com/repli-mesh/repli/pkg/vec"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
)

// hidden marks the int8 product of a row that may not be found; no product is as low.
const hidden = math.MinInt32

// fetched is how many rows ahead of the product the memory is asked for one: its vectors lie anywhere.
const fetched = 16

// scan is one search on its way. One goroutine at a time works on it.
type scan struct {
	ctx     context.Context //nolint:containedctx // whoever leads the pass asks it for all searches
	on      *snapshot
	vector  []float32
	without []uint32 // sorted rows that are not wanted
	best    best     // of the scores or, in the int8 form, of the least that they can be
	blocks  int      // that it has seen
	scanned int      // rows that may be found among them
	woken   chan wake

	small  []int8 // the vector in int8
	scale  float32
	lost   float64 // the length of what rounding took
	length float64 // of the vector
	near   []hit   // rows that may be among the best, with the most that their scores can be
	dense  int     // how many near ones are too many
}

// scratch is what a pass writes the products of a block to.
type scratch struct {
	floats [items.BlockRows]float32
	ints   [items.BlockRows]int32 // items.BlockRows is whole groups of packed rows
	bits   [items.BlockRows / 64]uint64
}

// begin makes the scan one of a query over a snapshot.
func (s *scan) begin(ctx context.Context, on *snapshot, form Form, query Query) {
	s.ctx, s.on, s.vector, s.blocks, s.scanned = ctx, on, query.Vector, 0, 0
	s.best.reset(query.Count)
	s.without = s.without[:0]
	for _, list := range query.Without {
		for _, id := range list {
			if row, ok := on.table.Find(id); ok {
				s.without = append(s.without, row)
			}
		}
	}
	slices.Sort(s.without)
	if form == Int8 {
		s.roundVector()
	}
}

func (s *scan) roundVector() {
	n := pad(len(s.vector))
	s.small = slices.Grow(s.small[:0], n)[:n]
	clear(s.small)
	s.scale = scaleOf(s.vector)
	r := round(s.vector, s.scale, s.small)
	s.lost, s.length = r.lost, math.Sqrt(square(s.vector))
	s.near, s.dense = s.near[:0], 4*s.best.most+items.BlockRows
}

func square(vector []float32) (sum float64) {
	for _, v := range vector {
		sum += float64(v) * float64(v)
	}
	return sum
}

// done reports whether the scan has seen all, or nobody waits for the rest.
func (s *scan) done() bool { return s.blocks == len(s.on.blocks) || s.ctx.Err() != nil }

// see looks at the next block of a pass that has come to a number.
func (s *scan) see(number uint64, form Form, into *scratch) {
	at := int(number % uint64(len(s.on.blocks)))            //nolint:gosec // less than the length
	b, first := s.on.blocks[at], uint32(at*items.BlockRows) //nolint:gosec // the table bounds its rows
	if form == Int8 {
		s.seeSmall(b, first, into)
	} else {
		s.seeFloats(b, first, into)
	}
	s.blocks++
	s.scanned += b.rows - len(b.hidden)
}

func (s *scan) seeFloats(b *block, first uint32, into *scratch) {
	scores := into.floats[:b.rows]
	vec.DotRows(scores, b.floats, s.vector)
	mask(s, b, first, scores, float32(math.Inf(-1)))
	vec.AtLeast(into.bits[:], scores, s.best.floor)
	for at, word := range into.bits[:(b.rows+63)/64] {
		for ; word != 0; word &= word - 1 {
			i := at*64 + bits.TrailingZeros64(word)
			s.best.offer(hit{scores[i], first + uint32(i)}) //nolint:gosec // less than items.BlockRows
		}
	}
}

// seeSmall keeps the rows whose scores, given what rounding can have done to them, may be among the best. For a row x = a X + e
// and a vector q = b Q + f, where X and Q are int8, x.q = ab X.Q + aX.f + e.q, and the last two are at most |aX||f| + |e||q|.
func (s *scan) seeSmall(b *block, first uint32, into *scratch) {
	products := into.ints[:(b.rows+vec.Int8Rows-1)/vec.Int8Rows*vec.Int8Rows]
	vec.DotInt8(products, b.small, s.small)
	products = products[:b.rows]
	mask(s, b, first, products, hidden)
	// Sums of float32, the exact ones included, are off by up to this part of the product of the lengths.
	sums := float64(len(s.vector)+8) * 0x1p-23 * s.length
	slack := float32(b.worst.long*(s.lost+sums) + b.worst.lost*(s.length+sums))
	least := b.least(s.best.floor, s.scale, slack)
	vec.AtLeastInt32(into.bits[:], products, least)
	for at, word := range into.bits[:(b.rows+63)/64] {
		floor := s.best.floor
		for ; word != 0; word &= word - 1 {
			i := at*64 + bits.TrailingZeros64(word)
			product := products[i]
			if product < least { // it has risen
				continue
			}
			middle, row := s.scale*float32(product), first+uint32(i) //nolint:gosec // less than items.BlockRows
			s.near = append(s.near, hit{b.scale * (middle + slack), row})
			s.best.offer(hit{b.scale * (middle - slack), row})
		}
		if s.best.floor > floor {
			least = b.least(s.best.floor, s.scale, slack)
		}
	}
	if len(s.near) > s.dense {
		s.thin()
		s.dense = max(s.dense, 2*len(s.near))
	}
}

// thin drops the near ones that better ones have left behind.
func (s *scan) thin() {
	floor := s.best.floor
	s.near = slices.DeleteFunc(s.near, func(h hit) bool { return h.score < floor })
}

// exact replaces the bounds of the int8 form by the scores of the near rows. Rows for which there is no time are not scanned.
func (s *scan) exact() {
	s.best.settle()
	s.thin()
	s.best.reset(s.best.most)
	for low := 0; low < len(s.near); low += items.BlockRows {
		if low > 0 && s.ctx.Err() != nil {
			s.scanned -= len(s.near) - low
			return
		}
		rows := s.near[low:min(low+items.BlockRows, len(s.near))]
		for i, h := range rows { // apart from the choice, so that rows are fetched while others are multiplied
			if i+fetched < len(rows) {
				vec.Prefetch(s.on.vector(rows[i+fetched].row))
			}
			rows[i].score = vec.Dot(s.on.vector(h.row), s.vector)
		}
		for _, h := range rows {
			s.best.offer(h)
		}
	}
}

// mask overwrites what may not be found in a block, and what this scan does not want.
func mask[T float32 | int32](s *scan, b *block, first uint32, products []T, with T) {
	for _, i := range b.hidden {
		products[i] = with
	}
	low, _ := slices.BinarySearch(s.without, first)
	for _, row := range s.without[low:] {
		if row-first >= uint32(len(products)) { //nolint:gosec // at most items.BlockRows
			return
		}
		products[row-first] = with
	}
}
