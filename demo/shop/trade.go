package shop

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"
)

// trade lets every user shop, day by day. Each user draws from a stream of their own, so none depends on another.
func (s *Shop) trade(seed uint64) {
	s.best, s.bought = make([]float64, len(s.Users)), make([]map[int]int, len(s.Users))
	moments := make([][]float64, Days+HoldoutDays)
	for day := range moments {
		moments[day] = make([]float64, len(s.Items))
		for i := range s.Items {
			moments[day][i] = s.moment(i, day)
		}
	}
	var events []Event
	for u := range s.Users {
		buyer := &buyer{
			shop: s, user: u, rng: stream(seed, uint64(1000+u)), bought: make([]int, len(s.Items)),
			lasting: make([]float64, len(s.Items)), running: make([]float64, len(s.Items)),
		}
		events = append(events, buyer.shopAll(moments)...)
	}
	slices.SortFunc(events, func(a, b Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.user, b.user), cmp.Compare(a.item, b.item))
	})
	for i := range events {
		events[i].ID = fmt.Sprintf("e%06d", i+1)
	}
	split := sort.Search(len(events), func(i int) bool { return !events[i].Time.Before(T()) })
	s.Events, s.Holdout = events[:split:split], events[split:]
}

// buyer is one user shopping.
type buyer struct {
	shop    *Shop
	user    int
	rng     *rand.Rand
	bought  []int     // purchases so far per item
	lasting []float64 // exp of the lasting preference per item
	running []float64 // running sum of the weights of the order at hand
	events  []Event
}

// shopAll walks through the calendar; at T it keeps the state that the truth is defined by.
func (b *buyer) shopAll(moments [][]float64) []Event {
	for i := range b.lasting {
		b.lasting[i] = math.Exp(b.shop.lasting(b.user, i))
	}
	for day := range Days + HoldoutDays {
		if day == Days {
			b.keepTruth(moments[day])
		}
		b.visit(day, moments[day])
	}
	return b.events
}

func (b *buyer) keepTruth(moment []float64) {
	s, kept := b.shop, map[int]int{}
	for i, n := range b.bought {
		if n > 0 {
			kept[i] = n
		}
	}
	s.bought[b.user] = kept
	for i, n := range b.bought {
		s.best[b.user] = max(s.best[b.user], b.lasting[i]*moment[i]*repeat(n))
	}
}

// visit places at most one order on a day; most place one on the day they register, and weekends are busier.
func (b *buyer) visit(day int, moment []float64) {
	person := &b.shop.tastes[b.user]
	if day < person.registered {
		return
	}
	rate := person.rate
	if weekday := dayStart(day).Weekday(); weekday == time.Saturday || weekday == time.Sunday {
		rate *= 1.5
	}
	if day == person.registered {
		rate = 0.6
	}
	if b.rng.Float64() >= rate {
		return
	}
	b.order(dayStart(day).Add(time.Duration(7*3600+b.rng.IntN(15*3600))*time.Second), moment)
}

// order draws one to six different items by weight.
func (b *buyer) order(at time.Time, moment []float64) {
	sum := 0.0
	for i, lasting := range b.lasting {
		sum += lasting * moment[i] * repeat(b.bought[i])
		b.running[i] = sum
	}
	var basket []int
	for lines := 1 + b.rng.IntN(6); len(basket) < lines; {
		mark := b.rng.Float64() * sum
		i := sort.Search(len(b.running), func(i int) bool { return b.running[i] > mark })
		if !slices.Contains(basket, i) {
			basket = append(basket, i)
		}
	}
	for _, i := range basket {
		b.bought[i]++
		b.buy(at, i)
	}
}

func (b *buyer) buy(at time.Time, i int) {
	s := b.shop
	item := s.Items[i]
	quantity := 1
	for quantity < shelves[s.products[i].category].units && b.rng.IntN(100) < 30 {
		quantity++
	}
	cents := item.Cents * int64(quantity)
	if b.rng.IntN(100) < 12 { // a promotion: a tenth off, rounded to the cent
		cents = (cents*9 + 5) / 10
	}
	b.events = append(b.events, Event{
		UserID: s.Users[b.user].ID, ItemID: item.ID, Quantity: quantity, Cents: cents, Time: at, user: b.user, item: i,
	})
}
