// Package snapshot owns the fallback service's data: what is popular, what is trending and what is bought together. It
// builds them from a shop's events, and writes and reads the file that holds them.
//
// A Snapshot never changes once it is built. The package knows no request and no network, and reads no clock: whoever
// builds says what time it is.
package snapshot

import (
	"slices"
	"time"
)

// maxID and maxSegment are the bytes an item id and a segment's name may have: the bounds of the API.
const (
	maxID      = 128
	maxSegment = 64
)

// Entry is one item of a list.
type Entry struct {
	// Item is the item's index in the snapshot.
	Item int32
	// Score is in 0..1. The best of a popular or trending list has 1; a neighbour has its similarity.
	Score float32
}

// Segment holds the lists of one segment of users, each sorted by score, then by item id, no item twice.
type Segment struct {
	// Name is empty for everybody.
	Name string
	// Popular is what most users bought, the recent past counting most.
	Popular []Entry
	// Trending is what is bought more than its own past lets expect.
	Trending []Entry
}

// Counts says what a snapshot was built from.
type Counts struct {
	// Events is how many events were counted.
	Events uint64 `json:"events"`
	// OtherTypes is how many were left out because their type is not counted.
	OtherTypes uint64 `json:"other_types"`
	// AfterNow is how many were left out because they lie after the time of the build.
	AfterNow uint64 `json:"after_now"`
	// Users is how many distinct users bought something.
	Users uint64 `json:"users"`
	// Pairs is how many distinct pairs of user and item there are.
	Pairs uint64 `json:"pairs"`
	// LargeBaskets is how many baskets were too large to say what goes together.
	LargeBaskets uint64 `json:"large_baskets"`
	// LongHistories is how many users had more items than are looked at for neighbours.
	LongHistories uint64 `json:"long_histories"`
	// SegmentsLeftOut is how many segments were beyond the bound; their users count for everybody's lists only.
	SegmentsLeftOut uint64 `json:"segments_left_out"`
}

// Snapshot is the data of one build. It is immutable, and safe for concurrent use; callers change no slice it returns.
type Snapshot struct {
	builtAt, from, to time.Time
	counts            Counts
	items             []string // ascending
	segments          []Segment
	neighbours        [][]Entry

	index     map[string]int32
	bySegment map[string]int
	checksum  [checksumSize]byte
}

// Len returns the number of items; their indices are 0 to Len()-1, in the order of their ids.
func (s *Snapshot) Len() int { return len(s.items) }

// ID returns the id of the item with the index. It panics when the index is not one of the snapshot's.
func (s *Snapshot) ID(item int32) string { return s.items[item] }

// Index returns the index of the item with the id, and false when it is unknown.
func (s *Snapshot) Index(id string) (int32, bool) {
	item, ok := s.index[id]
	return item, ok
}

// Everybody returns the lists of all users.
func (s *Snapshot) Everybody() *Segment { return &s.segments[0] }

// Segment returns the lists of the named segment, and everybody's when there is no such segment.
func (s *Snapshot) Segment(name string) *Segment { return &s.segments[s.bySegment[name]] }

// Neighbours returns what is bought together with the item, most similar first, never the item itself. It panics when the
// index is not one of the snapshot's.
func (s *Snapshot) Neighbours(item int32) []Entry { return s.neighbours[item] }

// BuiltAt returns the time of the build, in UTC and whole microseconds.
func (s *Snapshot) BuiltAt() time.Time { return s.builtAt }

// seal derives what is looked up from what is stored.
func (s *Snapshot) seal() {
	s.index = make(map[string]int32, len(s.items))
	for i, id := range s.items {
		s.index[id] = int32(i)
	}
	s.bySegment = make(map[string]int, len(s.segments))
	for i := range s.segments {
		s.bySegment[s.segments[i].Name] = i
	}
}

// list keeps the best of many entries: by score, then by item.
type list struct {
	entries []scored
	length  int
}

type scored struct {
	item  int32
	score float64
}

// better orders the higher score first and, among equals, the lower index, which is the lower id.
func better(a, b scored) int {
	switch {
	case a.score > b.score:
		return -1
	case a.score < b.score:
		return 1
	default:
		return int(a.item) - int(b.item)
	}
}

// offer keeps the entry if it is among the best so far; what comes in which order does not matter.
func (l *list) offer(e scored) {
	full := len(l.entries) == l.length
	if full && (l.length == 0 || better(l.entries[l.length-1], e) < 0) {
		return
	}
	at, _ := slices.BinarySearchFunc(l.entries, e, better)
	if full {
		l.entries = l.entries[:l.length-1]
	}
	l.entries = slices.Insert(l.entries, at, e)
}

// take returns the best with their scores divided by scale, and empties the list.
func (l *list) take(scale float64) []Entry {
	if len(l.entries) == 0 {
		return nil
	}
	entries := make([]Entry, len(l.entries))
	for i, e := range l.entries {
		entries[i] = Entry{e.item, float32(e.score / scale)}
	}
	l.entries = l.entries[:0]
	return entries
}

// top is the highest score on the list, and 1 when it is empty.
func (l *list) top() float64 {
	if len(l.entries) == 0 {
		return 1
	}
	return l.entries[0].score
}
