package shop

import "math"

// The preference model. The chance that a user's next line is an item is its weight over the sum of all weights:
//
//	weight = exp(taste + price + brand + popularity + trend + season + novelty) * repeat
//
// Items not listed yet have weight 0.
const (
	tasteScale  = 2.4
	repeatBoost = 0.5 // per earlier purchase, for the first three
)

// lasting is the part of the logarithm of the weight that does not change with time.
func (s *Shop) lasting(u, i int) float64 {
	person, product := &s.tastes[u], &s.products[i]
	away := math.Log(product.priceRatio) - person.priceLevel
	utility := tasteScale*dot(person.vector, product.taste) - person.priceSense*away*away + product.popularity
	if product.own {
		utility += person.ownBrand
	}
	return utility
}

// moment is the factor of the weight that all users share on a day; 0 before the item is listed.
func (s *Shop) moment(i, day int) float64 {
	product := &s.products[i]
	if day < product.listed {
		return 0
	}
	const year = 365.25
	season := product.seasonal * math.Cos(2*math.Pi*(float64(dayStart(day).YearDay())-product.peak)/year)
	novelty := 0.8 * math.Exp(-float64(day-product.listed)/20)
	return math.Exp(product.trend*float64(day)/Days + season + novelty)
}

// repeat is the factor for an item bought before.
func repeat(purchases int) float64 { return 1 + repeatBoost*float64(min(purchases, 3)) }

func (s *Shop) weightAtT(u, i int) float64 {
	return math.Exp(s.lasting(u, i)) * s.moment(i, Days) * repeat(s.bought[u][i])
}
