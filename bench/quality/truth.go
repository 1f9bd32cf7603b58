package quality

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/repli-mesh/repli/demo/shop"
	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
)

// Truth says what users want. Safe for concurrent use.
type Truth interface {
	// What says in a few words what relevance is.
	What() string
	// Users are those who bought something after the data's end, in a stable order.
	Users() []string
	// Relevance is how much a user wants an item, 0..1.
	Relevance(user, item string) float64
	// Ideal is the relevance of the user's best items, best first, at most count.
	Ideal(user string, count int) []float64
	// Bought reports whether the user bought the item after the data's end.
	Bought(user, item string) bool
}

// purchases are the items that users bought.
type purchases map[string]map[string]bool

func (p purchases) add(user, item string) {
	if p[user] == nil {
		p[user] = map[string]bool{}
	}
	p[user][item] = true
}

func (p purchases) Users() []string { return slices.Sorted(maps.Keys(p)) }

func (p purchases) Bought(user, item string) bool { return p[user][item] }

// Replay is the truth that only purchases tell: an item is relevant when the user bought it afterwards.
type Replay struct{ purchases }

// ReadReplay reads the purchases from a file of events.
func ReadReplay(ctx context.Context, project *views.Project, source dataset.Source) (Replay, error) {
	replay := Replay{purchases{}}
	for record, err := range dataset.Events(ctx, project, source) {
		if err != nil {
			return replay, err
		}
		replay.add(record.Event.UserID, record.Event.ItemID)
	}
	if len(replay.purchases) == 0 {
		return replay, fmt.Errorf("%s: no events, expected what users bought afterwards", source.Name())
	}
	return replay, nil
}

// What says what relevance is.
func (r Replay) What() string {
	return "an item is relevant (1) when the user bought it in the replay, else not (0)"
}

// Relevance is 1 for what the user bought.
func (r Replay) Relevance(user, item string) float64 {
	if r.Bought(user, item) {
		return 1
	}
	return 0
}

// Ideal is one 1 for each item that the user bought.
func (r Replay) Ideal(user string, count int) []float64 {
	return slices.Repeat([]float64{1}, min(count, len(r.purchases[user])))
}

// Shop is the truth of the demonstration's shop, whose preferences are known.
type Shop struct {
	purchases
	shop *shop.Shop
}

// NewShop takes a generated shop.
func NewShop(generated *shop.Shop) Shop {
	truth := Shop{purchases{}, generated}
	for _, event := range generated.Holdout {
		truth.add(event.UserID, event.ItemID)
	}
	return truth
}

// What says what relevance is.
func (s Shop) What() string {
	return "relevance is the user's true preference for the item (0 to 1), which the shop's generator knows and no model has seen"
}

// Relevance is the true preference.
func (s Shop) Relevance(user, item string) float64 { return s.shop.Relevance(user, item) }

// Ideal looks for the best items in the whole catalogue.
func (s Shop) Ideal(user string, count int) []float64 {
	gains := make([]float64, len(s.shop.Items))
	for i, item := range s.shop.Items {
		gains[i] = s.Relevance(user, item.ID)
	}
	slices.SortFunc(gains, func(a, b float64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	return gains[:min(count, len(gains))]
}
