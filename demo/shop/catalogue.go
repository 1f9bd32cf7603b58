package shop

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

const (
	itemCount   = 1500
	launched    = 150 // of them listed during the history
	tasteDims   = 8
	ownBrandPct = 30
)

// OwnBrand is the shop's private label.
const OwnBrand = "Repli House"

// product is what is hidden of an item.
type product struct {
	taste      [tasteDims]float64
	category   int
	popularity float64
	trend      float64 // change of popularity over the whole history
	peak       float64 // day of the year with the most sales
	seasonal   float64 // strength of the season; 0 for all year
	listed     int     // day of the history; negative for before
	priceRatio float64 // price / mean price of the category
	own        bool
	tags       [len(Tags)]bool // what Item.Tags spells out
}

// stock fills the catalogue.
func (s *Shop) stock(seed uint64) {
	rng := stream(seed, 1)
	centres := make([][tasteDims]float64, len(Categories))
	for c := range centres {
		centres[c] = direction(rng, 1)
	}
	tagged := make([][tasteDims]float64, len(Tags))
	for t := range tagged {
		tagged[t] = direction(rng, 1)
	}
	for i := range itemCount {
		item, hidden := newItem(rng, i, centres)
		describe(rng, &item, &hidden, tagged)
		s.Items, s.products = append(s.Items, item), append(s.products, hidden)
	}
	s.comparePrices()
	s.itemAt = make(map[string]int, len(s.Items))
	for i, item := range s.Items {
		s.itemAt[item.ID] = i
	}
}

func newItem(rng *rand.Rand, index int, centres [][tasteDims]float64) (Item, product) {
	category := rng.IntN(len(Categories))
	shelf := shelves[category]
	hidden := product{category: category, popularity: 0.6 * rng.NormFloat64(), trend: 0.3 * rng.NormFloat64(), own: rng.IntN(100) < ownBrandPct}
	for d := range hidden.taste {
		hidden.taste[d] = centres[category][d] + itemSpread*rng.NormFloat64()
	}
	cents := shelf.cents * math.Exp(0.45*rng.NormFloat64())
	brand := makers[rng.IntN(len(makers))]
	if hidden.own {
		cents, brand = cents*0.8, OwnBrand
	}
	season := ""
	if rng.IntN(100) < 25 {
		quarter := rng.IntN(len(seasons))
		season, hidden.peak, hidden.seasonal = seasons[quarter], float64(105+91*quarter), 0.9
	}
	hidden.listed = -30 - rng.IntN(700)
	if index >= itemCount-launched {
		hidden.listed = rng.IntN(Days - 7)
	}
	return Item{
		ID: fmt.Sprintf("i%04d", index+1), Index: index,
		Title:    adjectives[rng.IntN(len(adjectives))] + " " + shelf.nouns[rng.IntN(len(shelf.nouns))],
		Category: Categories[category], Brand: brand, Season: season,
		Cents:  max(int64(math.Round(cents)), 19),
		Listed: dayStart(hidden.listed),
	}, hidden
}

// describe tags an item: a label says something about what the article is like, but not all, and not always rightly.
func describe(rng *rand.Rand, item *Item, hidden *product, tagged [][tasteDims]float64) {
	for t, axis := range tagged {
		if dot(hidden.taste, axis)+0.15*rng.NormFloat64() > 0.3 {
			item.Tags, hidden.tags[t] = append(item.Tags, Tags[t]), true
		}
	}
}

func (s *Shop) comparePrices() {
	var cents, count [len(Categories)]int64
	for i, item := range s.Items {
		cents[s.products[i].category] += item.Cents
		count[s.products[i].category]++
	}
	for i, item := range s.Items {
		c := s.products[i].category
		s.products[i].priceRatio = float64(item.Cents*count[c]) / float64(cents[c])
	}
}

// dayStart is midnight of a day of the history; day 0 is its first.
func dayStart(day int) time.Time { return T().AddDate(0, 0, day-Days) }

// direction is a random vector of the given length.
func direction(rng *rand.Rand, length float64) [tasteDims]float64 {
	var v [tasteDims]float64
	for d := range v {
		v[d] = rng.NormFloat64()
	}
	scale := length / math.Sqrt(dot(v, v))
	for d := range v {
		v[d] *= scale
	}
	return v
}

func dot(a, b [tasteDims]float64) float64 {
	sum := 0.0
	for d := range a {
		sum += a[d] * b[d]
	}
	return sum
}
