package snapshot

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// ErrCorrupt says that a file is not a snapshot of this format, whole and consistent. Reading it again will not help.
var ErrCorrupt = errors.New("corrupt snapshot")

// decode checks everything before it is used: the checksum, then every length, index, order and number, so that no file
// can make the service panic or take more memory than a few times the file's size.
func decode(data []byte) (*Snapshot, error) {
	least := len(magic) + 4 + checksumSize
	if len(data) < least {
		return nil, fmt.Errorf("%w: has %d bytes, expected at least %d", ErrCorrupt, len(data), least)
	}
	if got := string(data[:len(magic)]); got != magic {
		return nil, fmt.Errorf("%w: byte 0: magic is %q, expected %q", ErrCorrupt, got, magic)
	}
	if got := binary.LittleEndian.Uint32(data[len(magic):]); got != format {
		return nil, fmt.Errorf("%w: byte %d: format version is %d, expected %d", ErrCorrupt, len(magic), got, format)
	}
	body, trailer := data[:len(data)-checksumSize], data[len(data)-checksumSize:]
	s := &Snapshot{checksum: sha256.Sum256(body)}
	if string(trailer) != string(s.checksum[:]) {
		return nil, fmt.Errorf("%w: byte %d: checksum is %x, expected %x", ErrCorrupt, len(body), trailer, s.checksum)
	}
	d := &decoder{data: body, at: len(magic) + 4, s: s}
	if err := d.sections(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	s.seal()
	return s, nil
}

// decoder walks over the body. Its first error sticks, and every read after it returns nothing.
type decoder struct {
	data     []byte
	at       int
	err      error
	s        *Snapshot
	items    int
	segments int
	listed   []int32 // by item: the number of the last list that held it
	lists    int32
}

func (d *decoder) sections() error {
	d.section(tagHead, d.head)
	d.section(tagItems, d.itemIDs)
	d.section(tagSegments, d.segmentLists)
	d.section(tagNeighbours, d.neighbourLists)
	if d.at != len(d.data) {
		d.fail("%d bytes follow the last section, expected none", len(d.data)-d.at)
	}
	return d.err
}

func (d *decoder) section(tag string, body func()) {
	if got := string(d.take(4)); got != tag {
		d.fail("section is %q, expected %q", got, tag)
	}
	length, start := d.u64(), d.at
	if length > uint64(len(d.data)-d.at) { //nolint:gosec // at is never beyond the end
		d.fail("section %s: length is %d, but %d bytes are left", tag, length, len(d.data)-d.at)
	}
	if d.err != nil {
		return
	}
	body()
	if uint64(d.at-start) != length { //nolint:gosec // at never goes back
		d.fail("section %s: length is %d, but its content has %d", tag, length, d.at-start)
	}
}

func (d *decoder) head() {
	built, from, to := d.time("built at"), d.time("from"), d.time("to")
	if from.After(to) || to.After(built) {
		d.fail("head: from %v, to %v, built at %v: expected in this order", from, to, built)
	}
	d.s.builtAt, d.s.from, d.s.to = built, from, to
	for _, field := range d.s.counts.fields() {
		*field = d.u64()
	}
	d.items = d.count("items", 2, math.MaxInt32) // a length and a byte each
	d.segments = d.count("segments", 9, math.MaxInt32)
	if d.items == 0 || d.segments == 0 {
		d.fail("head: has %d items and %d segments, expected at least one of each", d.items, d.segments)
	}
}

func (d *decoder) itemIDs() {
	d.s.items = make([]string, 0, d.items)
	for range d.items {
		id := d.text("item id", 1, maxID)
		if n := len(d.s.items); n > 0 && d.err == nil && id <= d.s.items[n-1] {
			d.fail("item %d: id %q does not follow %q in ascending order", n, id, d.s.items[n-1])
		}
		if d.err != nil {
			return
		}
		d.s.items = append(d.s.items, id)
	}
	d.listed = make([]int32, d.items)
}

func (d *decoder) segmentLists() {
	d.s.segments = make([]Segment, 0, d.segments)
	for n := range d.segments {
		name := d.text("segment", 0, maxSegment)
		switch {
		case n == 0 && name != "":
			d.fail("segment 0: name is %q, expected none: it is everybody", name)
		case n > 0 && d.err == nil && name <= d.s.segments[n-1].Name:
			d.fail("segment %d: name %q does not follow %q in ascending order", n, name, d.s.segments[n-1].Name)
		}
		s := Segment{Name: name, Popular: d.list("popular", -1), Trending: d.list("trending", -1)}
		if d.err != nil {
			return
		}
		d.s.segments = append(d.s.segments, s)
	}
}

func (d *decoder) neighbourLists() {
	d.s.neighbours = make([][]Entry, 0, d.items)
	for item := range d.items {
		entries := d.list("neighbours", item)
		if d.err != nil {
			return
		}
		d.s.neighbours = append(d.s.neighbours, entries)
	}
}

// list reads entries in order, of known items, none twice and not the item itself.
func (d *decoder) list(what string, itself int) []Entry {
	n := d.count(what, entrySize, d.items)
	if n == 0 || d.err != nil {
		return nil
	}
	d.lists++
	entries := make([]Entry, n)
	last := float32(1)
	for i := range entries {
		item, score := d.u32(), math.Float32frombits(d.u32())
		if err := d.entry(item, score, last, itself); err != nil {
			d.fail("%s, entry %d: %w", what, i, err)
			return nil
		}
		d.listed[item] = d.lists
		entries[i] = Entry{int32(item), score} //nolint:gosec // checked against the items
		last = score
	}
	return entries
}

func (d *decoder) entry(item uint32, score, last float32, itself int) error {
	switch {
	case int64(item) >= int64(d.items):
		return fmt.Errorf("item index is %d, expected less than %d", item, d.items)
	case int(item) == itself:
		return fmt.Errorf("item index is %d, the item itself", item)
	case d.listed[item] == d.lists:
		return fmt.Errorf("item index %d is there twice", item)
	case !(score >= 0 && score <= last): // and so refuses NaN
		return fmt.Errorf("score is %v, expected 0 to %v", score, last)
	}
	return nil
}

// count reads how many things of at least the size follow, and checks that there is room for them.
func (d *decoder) count(what string, size, most int) int {
	n := d.u32()
	most = min(most, (len(d.data)-d.at)/size)
	if int64(n) > int64(most) {
		d.fail("%s: count is %d, expected at most %d", what, n, most)
		return 0
	}
	return int(n)
}

func (d *decoder) time(what string) time.Time {
	const year10000 = 253402300800000000
	micros := d.u64()
	if micros >= year10000 {
		d.fail("head: %s is %d microseconds, expected 1970 to 9999", what, micros)
		return time.Time{}
	}
	return time.UnixMicro(int64(micros)).UTC()
}

func (d *decoder) text(what string, low, high int) string {
	length := d.take(1)
	if d.err != nil {
		return ""
	}
	n := int(length[0])
	if n < low || n > high {
		d.fail("%s has %d bytes, expected %d to %d", what, n, low, high)
		return ""
	}
	b := d.take(n)
	if !utf8.Valid(b) {
		d.fail("%s is %q, expected UTF-8", what, b)
		return ""
	}
	return string(b)
}

func (d *decoder) u32() uint32 {
	if b := d.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) u64() uint64 {
	if b := d.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// take returns the next n bytes, and nothing when there are too few.
func (d *decoder) take(n int) []byte {
	if d.err != nil {
		return nil
	}
	if n > len(d.data)-d.at {
		d.fail("%d bytes are needed, but %d are left", n, len(d.data)-d.at)
		return nil
	}
	d.at += n
	return d.data[d.at-n : d.at]
}

// fail keeps the first error, with the place it was found at.
func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("byte %d: %w", d.at, fmt.Errorf(format, args...))
	}
}
