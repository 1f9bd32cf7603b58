package retrieval

import (
	"math"

	"github.com/repli-mesh/repli/pkg/vec"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
)

// block is the vectors of items.BlockRows rows: at 64 float32 each a quarter of a megabyte, which stays in a core's own cache
// while several searches look at it.
type block struct {
	rows   int
	floats []float32 // row-major
	hidden []uint16  // rows that may not be found

	// The int8 form: a row is about scale times its part of small, which is packed.
	small []int8
	scale float32
	worst rounding // the worst of all rows, divided by the scale
}

// rounding bounds what is lost by rounding a vector to int8.
type rounding struct {
	lost float64 // the length of the difference
	long float64 // the length of the rounded vector
}

func pack(table *items.Table, p *places, first, rows int, form Form) *block {
	width := len(p.vector)
	b := &block{rows: rows, floats: make([]float32, rows*width)}
	for i := range rows {
		if !p.read(table, uint32(first+i), b.floats[i*width:][:width]) { //nolint:gosec // the table bounds its rows
			b.hidden = append(b.hidden, uint16(i))
		}
	}
	if form == Int8 {
		b.round(width)
	}
	return b
}

// round makes the int8 form. One scale for the whole block lets a scan compare whole numbers; what a row loses by it is small
// beside the scores of the block's longest rows, which are the ones that are found.
func (b *block) round(width int) {
	padded := pad(width)
	small := make([]int8, b.rows*padded)
	b.scale = scaleOf(b.floats)
	for i := range b.rows {
		r := round(b.floats[i*width:][:width], b.scale, small[i*padded:])
		b.worst.lost, b.worst.long = max(b.worst.lost, r.lost), max(b.worst.long, r.long)
	}
	b.small = vec.PackInt8(small, padded)
	b.worst.lost, b.worst.long = b.worst.lost/float64(b.scale), b.worst.long/float64(b.scale)
}

// least returns a product of int8 vectors below which no row of the block reaches a score of floor, given the scale of the
// other vector and the slack of the products. What cannot be told, because a figure is too large or too small for its type,
// is no reason to pass a row by.
func (b *block) least(floor, scale, slack float32) int32 {
	least := math.Floor((float64(floor)/float64(b.scale)-float64(slack))/float64(scale)) - 1
	if !(least > hidden) { // NaN as well
		return hidden + 1
	}
	return int32(min(least, math.MaxInt32))
}

// pad returns the length of an int8 vector of width elements.
func pad(width int) int { return (width + vec.Int8Columns - 1) / vec.Int8Columns * vec.Int8Columns }

// scaleOf returns the least scale at which int8 holds all values, symmetric around 0. It is never 0.
func scaleOf(values []float32) float32 {
	top := float32(0)
	for _, v := range values {
		top = max(top, v, -v)
	}
	return max(top/math.MaxInt8, math.SmallestNonzeroFloat32)
}

// round writes a vector as int8 and returns what is lost. The rest of into stays.
func round(vector []float32, scale float32, into []int8) (r rounding) {
	for i, v := range vector {
		level := max(-math.MaxInt8, min(math.MaxInt8, math.Round(float64(v)/float64(scale))))
		into[i] = int8(level)
		kept := level * float64(scale)
		r.lost += (float64(v) - kept) * (float64(v) - kept)
		r.long += kept * kept
	}
	r.lost, r.long = math.Sqrt(r.lost), math.Sqrt(r.long)
	return r
}
