package items

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/config"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

// The pause before a stream is opened again doubles from shortest to longest; half of it is jitter.
const (
	shortest = 50 * time.Millisecond
	longest  = 2 * time.Second
)

// userSchemas is how many layouts of user rows are known at a time: while the feature service is being upgraded, rows of
// the old and the new one arrive.
const userSchemas = 4

// Source is the part of the feature service that the watcher needs; the generated client has it.
type Source interface {
	WatchItems(
		ctx context.Context, in *featurev1.WatchItemsRequest, opts ...grpc.CallOption,
	) (grpc.ServerStreamingClient[featurev1.WatchItemsResponse], error)
}

// Config bounds the table.
type Config struct {
	// MaxItems is how many items the table may hold; a stream with more is refused.
	MaxItems int `yaml:"max_items"`
}

// Defaults are 5 million items.
func Defaults() Config { return Config{MaxItems: 5_000_000} }

// Validate returns a *config.FieldError.
func (c Config) Validate() error {
	if c.MaxItems < 1 || c.MaxItems > 100_000_000 {
		return config.Invalid("max_items", c.MaxItems, "1 to 100000000")
	}
	return nil
}

// Deps is what a Watcher works with.
type Deps struct {
	// Source is the feature service.
	Source Source
	// Keep says which item features the table keeps.
	Keep func(name string) bool
	// Signals take figures and logs.
	Signals telemetry.Signals
	// Now reads the clock.
	Now func() time.Time
	// Prepare is told of every table before anybody else sees it, in order; nil when nobody wants to know.
	Prepare func(*Table)
}

// State is what is known of the items. It never changes.
type State struct {
	// Table is the last whole table; nil until there is one.
	Table *Table
	// Confirmed is when the table was last known to be current: when the last change or heartbeat came. The arrival of a
	// whole table confirms nothing but the first one: the feature service may have it from before its store failed.
	Confirmed time.Time

	users []*schema.Schema // newest first
}

// User returns the layout of user rows with a fingerprint, or nil when it is not known.
func (s *State) User(fingerprint uint64) *schema.Schema {
	for _, user := range s.users {
		if user.Fingerprint() == fingerprint {
			return user
		}
	}
	return nil
}

// LatestUser returns the newest layout of user rows, or nil before there is one.
func (s *State) LatestUser() *schema.Schema {
	if len(s.users) == 0 {
		return nil
	}
	return s.users[0]
}

// Watcher keeps the item table current. Safe for concurrent use.
type Watcher struct {
	cfg    Config
	deps   Deps
	report *report
	state  atomic.Pointer[State]
	ready  chan struct{}
}

// New returns a watcher without a table. Run fills it.
func New(cfg Config, deps Deps) (*Watcher, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	w := &Watcher{cfg: cfg, deps: deps, ready: make(chan struct{})}
	w.state.Store(&State{})
	var err error
	if w.report, err = newReport(w, deps); err != nil {
		return nil, fmt.Errorf("items: %w", err)
	}
	return w, nil
}

// State returns what is known now; it is never nil.
func (w *Watcher) State() *State { return w.state.Load() }

// Ready returns a channel that is closed once there is a table; from then on there always is one.
func (w *Watcher) Ready() <-chan struct{} { return w.ready }

// Run follows the feature service until ctx is done, and then returns nil. While the service is away, or talks nonsense,
// the last good table stays.
func (w *Watcher) Run(ctx context.Context) error {
	pause := shortest
	for {
		served, err := w.follow(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the stream ended because Run was asked to
		}
		if served {
			pause = shortest
		}
		w.report.dropped(ctx, err, served)
		timer := time.NewTimer(pause/2 + rand.N(pause/2)) //nolint:gosec // jitter is no secret
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		pause = min(2*pause, longest)
	}
}

var errGarbage = errors.New("the item stream is not what the contract says")

// follow opens one stream and takes its messages until it ends, which is always an error; served says whether it gave a
// whole table. A stream may be silent as long as it likes, and is while the feature service cannot read its store; the
// connection's keepalive tells that from one that hangs.
func (w *Watcher) follow(ctx context.Context) (served bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	source, err := w.deps.Source.WatchItems(ctx, &featurev1.WatchItemsRequest{})
	if err != nil {
		return false, fmt.Errorf("open the item stream: %w", err)
	}
	stream := stream{maxItems: w.cfg.MaxItems, keep: w.deps.Keep}
	for {
		message, err := source.Recv()
		if err != nil {
			return served, fmt.Errorf("item stream: %w", err)
		}
		if err := stream.take(message); err != nil {
			return served, fmt.Errorf("%w: %w", errGarbage, err)
		}
		w.publish(stream.user, stream.table, served)
		served = stream.table != nil
	}
}

// publish makes what a stream said the current state. Until its table is whole, only the known schemas change; a message
// after that confirms the table.
func (w *Watcher) publish(user *schema.Schema, table *Table, confirms bool) {
	old := w.state.Load()
	next := &State{Table: old.Table, Confirmed: old.Confirmed, users: remember(old.users, user)}
	if table != nil {
		next.Table = table
		if confirms || old.Table == nil {
			next.Confirmed = w.deps.Now()
		}
		if old.Table != nil && old.Table.layout != table.layout && old.Table.layout.Equal(table.layout) {
			table.layout = old.Table.layout // so that what was prepared for the layout stays valid
		}
		if w.deps.Prepare != nil && table != old.Table {
			w.deps.Prepare(table)
		}
	}
	w.state.Store(next)
	if old.Table == nil && next.Table != nil {
		close(w.ready)
	}
}

// remember puts a schema first and forgets the oldest beyond userSchemas. A schema that is known keeps its pointer.
func remember(users []*schema.Schema, user *schema.Schema) []*schema.Schema {
	if len(users) > 0 && users[0].Equal(user) {
		return users
	}
	next := []*schema.Schema{user}
	for _, known := range users {
		switch {
		case known.Equal(user):
			next[0] = known
		case known.Fingerprint() != user.Fingerprint() && len(next) < userSchemas:
			next = append(next, known)
		}
	}
	return next
}
