package telemetry

import (
	"iter"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
)

// Other is the value of a label under which all values are counted for which there is no room.
const Other = "other"

// Bounded keeps what belongs to the values of a label that callers choose, made once for each: for the values that come first,
// up to a number of them, and for Other. A caller who makes up values without end fills the room and costs no more. Safe for
// concurrent use; a value that is known takes no lock and allocates nothing.
type Bounded[T any] struct {
	most   int
	create func(value string) T
	other  T
	others atomic.Int64

	mu    sync.Mutex                   // of those who add
	known atomic.Pointer[map[string]T] // never changed, but replaced
}

// NewBounded returns an empty set that has room for `most` values besides Other.
func NewBounded[T any](most int, create func(value string) T) *Bounded[T] {
	b := &Bounded[T]{most: most, create: create, other: create(Other)}
	b.known.Store(&map[string]T{Other: b.other})
	return b
}

// Of returns what belongs to the value, or to Other.
func (b *Bounded[T]) Of(value string) T {
	known := *b.known.Load()
	if got, ok := known[value]; ok {
		return got
	}
	if len(known) > b.most {
		b.others.Add(1)
		return b.other
	}
	return b.add(value)
}

// Others is how often a value was counted as Other because there was no room.
func (b *Bounded[T]) Others() int64 { return b.others.Load() }

// All yields what belongs to the values that have come so far, and to Other, in no order.
func (b *Bounded[T]) All() iter.Seq[T] { return maps.Values(*b.known.Load()) }

func (b *Bounded[T]) add(value string) T {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := *b.known.Load()
	if got, ok := known[value]; ok {
		return got
	}
	if len(known) > b.most {
		b.others.Add(1)
		return b.other
	}
	value = strings.Clone(value) // and not the request that it is a part of
	got, next := b.create(value), maps.Clone(known)
	next[value] = got
	b.known.Store(&next)
	return got
}
