package items

import (
	"errors"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
)

// Config says how the item table is kept and sent.
type Config struct {
	// Poll is how often the store is asked for changes.
	Poll time.Duration `yaml:"poll"`
	// Rescan is how often all items are read again.
	Rescan time.Duration `yaml:"rescan"`
	// ChunkRows bounds the rows of one read and of one message.
	ChunkRows int `yaml:"chunk_rows"`
	// Heartbeat is how often a stream without changes says that it is current.
	Heartbeat time.Duration `yaml:"heartbeat"`
	// MaxWatchers bounds the streams.
	MaxWatchers int `yaml:"max_watchers"`
	// FirstRead is how long a new stream waits for the table to be read for the first time.
	FirstRead time.Duration `yaml:"first_read"`
}

// Defaults suits some 100,000 items and some tens of rankers.
func Defaults() Config {
	return Config{
		Poll: time.Second, Rescan: 10 * time.Minute, ChunkRows: 1000, Heartbeat: 5 * time.Second, MaxWatchers: 256,
		FirstRead: 5 * time.Second,
	}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	var faults []error
	expect := func(ok bool, key string, value any, expected string) {
		if !ok {
			faults = append(faults, config.Invalid(key, value, expected))
		}
	}
	expect(c.Poll > 0, "poll", c.Poll, "> 0")
	expect(c.Rescan >= c.Poll, "rescan", c.Rescan, "at least poll")
	expect(c.ChunkRows >= 1 && c.ChunkRows <= 10_000, "chunk_rows", c.ChunkRows, "1 to 10000")
	expect(c.Heartbeat >= c.Poll, "heartbeat", c.Heartbeat, "at least poll")
	expect(c.MaxWatchers >= 1, "max_watchers", c.MaxWatchers, "at least 1")
	expect(c.FirstRead > 0, "first_read", c.FirstRead, "> 0")
	return errors.Join(faults...)
}
