// Package lastrow owns the gateway's memory of users' features: the last row that the feature service gave for each of the
// users seen lately, for when it gives none. Bounded in bytes and age, and it keeps hashes instead of user ids.
package lastrow

import (
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/maypok86/otter/v2"
	"google.golang.org/protobuf/proto"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/config"
)

const (
	// overhead is about what an entry takes besides its message's encoded bytes, in memory.
	overhead = 512
	// renew is how old an entry has to be to be replaced: a user who asks every second need not be written every second.
	renew = 5 * time.Second
)

// Config is the section of the configuration.
type Config struct {
	// Bytes bounds the memory.
	Bytes int64 `yaml:"bytes"`
	// MaxAge is how old a row may be that is still used.
	MaxAge time.Duration `yaml:"max_age"`
}

// Defaults is room for some tens of thousands of users.
func Defaults() Config { return Config{Bytes: 64 << 20, MaxAge: 4 * time.Hour} }

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	if c.Bytes < 1<<20 || c.Bytes > 1<<40 {
		faults = append(faults, config.Invalid("bytes", c.Bytes, "1048576 (1 MiB) to 1099511627776 (1 TiB)"))
	}
	if c.MaxAge <= 0 {
		faults = append(faults, config.Invalid("max_age", c.MaxAge, "more than 0s"))
	}
	return errors.Join(faults...)
}

// Memory remembers rows. Safe for concurrent use.
type Memory struct {
	cfg   Config
	seed  maphash.Seed
	users *otter.Cache[uint64, entry]
}

type entry struct {
	row *featurev1.GetUserResponse
	at  time.Time
}

// New returns an empty memory. A pair of users whose hashes collide share a row: among a million remembered users the chance
// that any two do is about 3e-8.
func New(cfg Config) (*Memory, error) {
	cache, err := otter.New(&otter.Options[uint64, entry]{
		MaximumWeight: uint64(cfg.Bytes), //nolint:gosec // positive, by Validate
		Weigher: func(_ uint64, e entry) uint32 {
			return uint32(2*proto.Size(e.row) + overhead) //nolint:gosec // the size of a message that was received
		},
	})
	if err != nil {
		return nil, fmt.Errorf("memory of rows of %d bytes: %w", cfg.Bytes, err)
	}
	return &Memory{cfg: cfg, seed: maphash.MakeSeed(), users: cache}, nil
}

// Remember keeps what the feature service has just given. The message must not be changed afterwards.
func (m *Memory) Remember(userID string, row *featurev1.GetUserResponse, now time.Time) {
	key := maphash.String(m.seed, userID)
	if old, ok := m.users.GetIfPresent(key); ok && now.Sub(old.at) < renew {
		return
	}
	m.users.Set(key, entry{row, now})
}

// Row returns the last row of a user, nil when there is none that may still be used. Nobody may change it.
func (m *Memory) Row(userID string, now time.Time) *featurev1.GetUserResponse {
	e, ok := m.users.GetIfPresent(maphash.String(m.seed, userID))
	if !ok || now.Sub(e.at) > m.cfg.MaxAge || outdated(e.row, now) {
		return nil
	}
	return e.row
}

// outdated reports whether a row holds values that are past their views' freshness by now.
func outdated(row *featurev1.GetUserResponse, now time.Time) bool {
	until := row.GetFreshUntil()
	return until != nil && now.After(until.AsTime())
}
