// Package segments owns the gateway's memory of which segment a user belongs to, so that an answer that is not personal
// can still be the segment's. Bounded, and it keeps hashes instead of user ids.
package segments

import (
	"fmt"
	"hash/maphash"

	"github.com/maypok86/otter/v2"
)

// Memory remembers the segments of the users seen last. Safe for concurrent use.
type Memory struct {
	seed  maphash.Seed
	users *otter.Cache[uint64, string]
}

// New returns a memory of at most `users` users. A pair of users whose hashes collide share a segment: among a million
// remembered users the chance that any two do is about 3e-8.
func New(users int) (*Memory, error) {
	cache, err := otter.New(&otter.Options[uint64, string]{MaximumSize: users})
	if err != nil {
		return nil, fmt.Errorf("segment memory of %d users: %w", users, err)
	}
	return &Memory{seed: maphash.MakeSeed(), users: cache}, nil
}

// Segment returns what is remembered of a user, empty when nothing is.
func (m *Memory) Segment(userID string) string {
	segment, _ := m.users.GetIfPresent(maphash.String(m.seed, userID))
	return segment
}

// Remember keeps a user's segment. An empty one is not worth remembering.
func (m *Memory) Remember(userID, segment string) {
	if segment == "" {
		return
	}
	if key := maphash.String(m.seed, userID); m.Segment(userID) != segment {
		m.users.Set(key, segment)
	}
}
