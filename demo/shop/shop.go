// Package shop makes the demonstration's shop: a catalogue, its customers and half a year of their purchases, drawn from
// a preference model that is known. Because it is known, the quality of a ranking can be measured against the truth
// instead of against the few purchases that happened to be seen.
//
// The package owns the preference model, the sampling of purchases, the features a data scientist would derive from the
// purchases, and the files they are written to. It knows nothing of models, stores or services, and the hidden parts of
// the preference model (tastes, popularity, price sense) never reach a feature.
//
// Everything is a function of the seed: no clock, no map order, and every written number is an integer or is rounded to
// far fewer digits than the last bits in which architectures differ.
package shop

import (
	"math/rand/v2"
	"time"
)

// The calendar of the shop, in UTC. History covers Days days before T; the holdout covers HoldoutDays days from T on.
const (
	Days        = 182
	HoldoutDays = 14
)

// T is the instant of the snapshot: features know what happened before it, the holdout happens from it on.
func T() time.Time { return time.Date(2025, time.November, 3, 0, 0, 0, 0, time.UTC) }

// Config chooses a shop.
type Config struct {
	Seed uint64 // any value; the same seed gives the same shop
}

// Defaults is the shop whose data is embedded in package demo.
func Defaults() Config { return Config{Seed: 20251103} }

// Shop is a generated shop. It is read-only after Generate and safe for concurrent use.
type Shop struct {
	Users   []User  // by registration order of the generator; the last ones register after T
	Items   []Item  // Index is the position
	Events  []Event // purchases before T, by time, then user, then item
	Holdout []Event // purchases from T on, in the same order

	tastes   []taste
	products []product
	best     []float64      // per user: the weight of the best item at T
	bought   []map[int]int  // per user: purchases before T per item
	userAt   map[string]int // position in Users
	itemAt   map[string]int // position in Items
}

// User is a customer as the shop knows them.
type User struct {
	ID         string
	Segment    string // as of T; one of Segments
	AgeBand    int    // 1..6; 0 where unknown
	Household  int    // 1..5 persons; 0 where unknown
	Registered time.Time
}

// Item is an article of the catalogue.
type Item struct {
	ID       string
	Index    int
	Title    string
	Category string   // one of Categories
	Brand    string   // OwnBrand or a maker's
	Season   string   // spring, summer, autumn, winter, or "" for all year
	Tags     []string // some of Tags, in its order
	Cents    int64    // list price in US cents
	Listed   time.Time
}

// Event is one line of an order. Lines of one order share user and time.
type Event struct {
	ID       string
	UserID   string
	ItemID   string
	Quantity int
	Cents    int64 // US cents paid for the line
	Time     time.Time

	user, item int
}

// Generate makes the shop of the configuration.
func Generate(cfg Config) *Shop {
	s := &Shop{}
	s.stock(cfg.Seed)
	s.invite(cfg.Seed)
	s.trade(cfg.Seed)
	s.nameSegments()
	return s
}

// stream is one of the independent sources of chance of a seed.
func stream(seed, number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, number)) //nolint:gosec // the shop must be the same on every run
}

// Relevance is the true preference of the user for the item at T, in 0..1: the chance that the user's next line is this
// item, divided by that chance for the user's best item of the whole catalogue. It is 0 for ids the shop does not have.
func (s *Shop) Relevance(userID, itemID string) float64 {
	u, known := s.userAt[userID]
	i, listed := s.itemAt[itemID]
	if !known || !listed {
		return 0
	}
	return s.weightAtT(u, i) / s.best[u]
}
