package snapshot

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// The file: magic, format version, four sections, and the SHA-256 of all before it. A section is a tag of four bytes,
// the length of what follows as uint64, and that. Numbers are little-endian; times are Unix microseconds; lists are a
// uint32 count and entries of item index (uint32) and score (float32); texts are a byte of length and UTF-8.
//
//	HEAD  built at, from, to (int64); the Counts in order (uint64); items, segments (uint32)
//	ITEM  a text for each item, ascending
//	SEGM  name, popular list, trending list for each segment, ascending; the first is everybody
//	NEIB  a list for each item
//
// The same snapshot has exactly one encoding.
const (
	magic        = "REPLISNP"
	format       = 1
	checksumSize = sha256.Size
	entrySize    = 8
)

const (
	tagHead       = "HEAD"
	tagItems      = "ITEM"
	tagSegments   = "SEGM"
	tagNeighbours = "NEIB"
)

// fields returns the counts in the order of the file.
func (c *Counts) fields() []*uint64 {
	return []*uint64{
		&c.Events, &c.OtherTypes, &c.AfterNow, &c.Users, &c.Pairs, &c.LargeBaskets, &c.LongHistories, &c.SegmentsLeftOut,
	}
}

// encode returns the whole file and its checksum.
func (s *Snapshot) encode() ([]byte, [checksumSize]byte) {
	b := append([]byte(nil), magic...)
	b = binary.LittleEndian.AppendUint32(b, format)
	b = section(b, tagHead, s.appendHead)
	b = section(b, tagItems, s.appendItems)
	b = section(b, tagSegments, s.appendSegments)
	b = section(b, tagNeighbours, s.appendNeighbours)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...), sum
}

func section(b []byte, tag string, body func([]byte) []byte) []byte {
	b = append(b, tag...)
	at := len(b)
	b = body(binary.LittleEndian.AppendUint64(b, 0))
	binary.LittleEndian.PutUint64(b[at:], uint64(len(b)-at-8)) //nolint:gosec // b has grown
	return b
}

func (s *Snapshot) appendHead(b []byte) []byte {
	for _, t := range []int64{s.builtAt.UnixMicro(), s.from.UnixMicro(), s.to.UnixMicro()} {
		b = binary.LittleEndian.AppendUint64(b, uint64(t)) //nolint:gosec // read back as int64
	}
	counts := s.counts
	for _, field := range counts.fields() {
		b = binary.LittleEndian.AppendUint64(b, *field)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s.items)))       //nolint:gosec // bounded by int32
	return binary.LittleEndian.AppendUint32(b, uint32(len(s.segments))) //nolint:gosec // bounded by the configuration
}

func (s *Snapshot) appendItems(b []byte) []byte {
	for _, id := range s.items {
		b = appendText(b, id)
	}
	return b
}

func (s *Snapshot) appendSegments(b []byte) []byte {
	for i := range s.segments {
		b = appendText(b, s.segments[i].Name)
		b = appendList(b, s.segments[i].Popular)
		b = appendList(b, s.segments[i].Trending)
	}
	return b
}

func (s *Snapshot) appendNeighbours(b []byte) []byte {
	for _, entries := range s.neighbours {
		b = appendList(b, entries)
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(append(b, byte(len(text))), text...) //nolint:gosec // at most 128
}

func appendList(b []byte, entries []Entry) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(entries))) //nolint:gosec // bounded by the configuration
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint32(b, uint32(e.Item)) //nolint:gosec // never negative
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(e.Score))
	}
	return b
}
