package shop

import (
	"math"
	"time"
)

// userTotals are the running sums behind the features of one user.
type userTotals struct {
	lines                   [3]int // of the last 7, 28 and 90 days
	total, repeats, weekend int    // lines
	orders, orders28, units int
	cents, cents28          int64
	first, last             int64 // seconds before T
	lastOrder               time.Time
	items                   map[int]int // 1 for every item bought
	categories              [len(Categories)]int
	tags                    [len(Tags)]int
	own                     int
	priceRatio              float64
}

// userRows are the feature values of every user of users.csv, parallel to UserFeatures without the segment.
// Unknown values are NaN.
func (s *Shop) userRows() [][]float64 {
	totals := make([]userTotals, userCount)
	for i := range s.Events {
		totals[s.Events[i].user].add(s, &s.Events[i])
	}
	means := s.catalogueMeans()
	rows := make([][]float64, userCount)
	for u := range rows {
		rows[u] = totals[u].row(&s.Users[u], &means)
	}
	return rows
}

func (t *userTotals) add(s *Shop, e *Event) {
	product := &s.products[e.item]
	if t.total == 0 {
		t.first, t.items = e.ago(), map[int]int{}
	}
	t.last = e.ago()
	t.total++
	for w, window := range [...]int{7, 28, 90} {
		if e.within(window) {
			t.lines[w]++
		}
	}
	if !e.Time.Equal(t.lastOrder) {
		t.lastOrder = e.Time
		t.orders++
		if e.within(28) {
			t.orders28++
		}
	}
	if e.within(28) {
		t.cents28 += e.Cents
	}
	if day := e.Time.Weekday(); day == time.Saturday || day == time.Sunday {
		t.weekend++
	}
	t.cents += e.Cents
	t.units += e.Quantity
	t.addTaste(e, product)
}

func (t *userTotals) addTaste(e *Event, product *product) {
	t.repeats += min(t.items[e.item], 1)
	t.items[e.item] = 1
	t.categories[product.category]++
	for k, tagged := range product.tags {
		if tagged {
			t.tags[k]++
		}
	}
	if product.own {
		t.own++
	}
	t.priceRatio += round(product.priceRatio)
}

// means are the shares of the catalogue that a user's shares are compared with.
type means struct {
	own        float64
	categories [len(Categories)]float64
	tags       [len(Tags)]float64
}

func (s *Shop) catalogueMeans() means {
	var m means
	share := 1 / float64(len(s.Items))
	for i := range s.Items {
		m.categories[s.products[i].category] += share
		for k, tagged := range s.products[i].tags {
			if tagged {
				m.tags[k] += share
			}
		}
		if s.products[i].own {
			m.own += share
		}
	}
	return m
}

func (t *userTotals) row(user *User, m *means) []float64 {
	n := float64(t.total)
	// lift is how much larger a share of the lines is than the catalogue's, shrunk towards 0 while there are few lines.
	lift := func(sum, mean float64) float64 { return (sum - n*mean) / (n + shrinkage) }
	row := []float64{known(user.AgeBand), known(user.Household), lift(t.priceRatio, 1), lift(float64(t.own), m.own)}
	for c, count := range t.categories {
		row = append(row, lift(float64(count), m.categories[c]))
	}
	for k, count := range t.tags {
		row = append(row, lift(float64(count), m.tags[k]))
	}
	for _, lines := range t.lines {
		row = append(row, float64(lines))
	}
	since := float64(never)
	if t.total > 0 {
		since = days(t.last)
	}
	return append(row, n, float64(t.orders28), float64(t.orders), float64(t.cents28)/100, float64(t.cents)/100,
		since, days(t.first), ratio(float64(t.cents)/100, float64(t.units)),
		float64(len(t.items)), float64(t.distinctCategories()), ratio(float64(t.repeats), n), ratio(float64(t.weekend), n))
}

func (t *userTotals) distinctCategories() int {
	distinct := 0
	for _, lines := range t.categories {
		distinct += min(lines, 1)
	}
	return distinct
}

func known(code int) float64 {
	if code == 0 {
		return math.NaN()
	}
	return float64(code)
}
