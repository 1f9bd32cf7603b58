package shop

import (
	"slices"
	"time"
)

// itemTotals are the running sums behind the features of one item.
type itemTotals struct {
	lines            [3]int // of the last 7, 28 and 90 days
	total, units     int
	cents28          int64
	last             int64         // seconds before T
	orders           map[int]int   // per user, of all time
	lastOf           map[int]int64 // per user, seconds before T
	buyers28, buyers int
	buyers90         int
	repeaters        int
}

// itemRows are the feature values of every item, parallel to ItemFeatures.
func (s *Shop) itemRows() [][]float64 {
	totals := make([]itemTotals, len(s.Items))
	var categoryLines [len(Categories)]int
	for i := range s.Events {
		event := &s.Events[i]
		totals[event.item].add(event)
		if event.within(28) {
			categoryLines[s.products[event.item].category]++
		}
	}
	rows := make([][]float64, len(s.Items))
	for i := range rows {
		totals[i].countBuyers()
		lines := categoryLines[s.products[i].category]
		rows[i] = append(s.catalogueRow(i), totals[i].row(s.products[i].listed, lines)...)
	}
	return rows
}

func (t *itemTotals) add(e *Event) {
	if t.orders == nil {
		t.orders, t.lastOf = map[int]int{}, map[int]int64{}
	}
	t.total++
	t.units += e.Quantity
	t.last = e.ago()
	t.orders[e.user]++
	t.lastOf[e.user] = e.ago()
	for w, window := range [...]int{7, 28, 90} {
		if e.within(window) {
			t.lines[w]++
		}
	}
	if e.within(28) {
		t.cents28 += e.Cents
	}
}

// countBuyers counts users by their last purchase of the item; sums of ones do not depend on the order of a map.
func (t *itemTotals) countBuyers() {
	t.buyers = len(t.orders)
	for _, last := range t.lastOf {
		if last <= 28*86400 {
			t.buyers28++
		}
		if last <= 90*86400 {
			t.buyers90++
		}
	}
	for _, orders := range t.orders {
		if orders > 1 {
			t.repeaters++
		}
	}
}

// catalogueRow are the values of the view ItemCatalog.
func (s *Shop) catalogueRow(i int) []float64 {
	item, product := &s.Items[i], &s.products[i]
	row := []float64{float64(i), float64(item.Cents) / 100, product.priceRatio, one(product.own), seasonMatch(item.Season, T())}
	for c := range Categories {
		row = append(row, one(c == product.category))
	}
	for _, tagged := range product.tags {
		row = append(row, one(tagged))
	}
	return row
}

// row are the values of the view ItemStats.
func (t *itemTotals) row(listed, categoryLines int) []float64 {
	since := float64(never)
	if t.total > 0 {
		since = days(t.last)
	}
	return []float64{
		float64(Days - listed), float64(t.lines[0]), float64(t.lines[1]), float64(t.lines[2]),
		float64(t.buyers28), float64(t.buyers90), float64(t.buyers), float64(t.cents28) / 100, since,
		ratio(float64(t.lines[1])/28, float64(t.lines[2])/90), ratio(float64(t.units), float64(t.total)),
		float64(categoryLines), ratio(float64(t.repeaters), float64(t.buyers)),
	}
}

// seasonMatch is 1 in the item's season, -1 in the opposite one, else 0. Spring is March to May.
func seasonMatch(season string, at time.Time) float64 {
	index := slices.Index(seasons[:], season)
	if index < 0 {
		return 0
	}
	switch now := (int(at.Month()) + 9) % 12 / 3; (now - index + 4) % 4 {
	case 0:
		return 1
	case 2:
		return -1
	default:
		return 0
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
