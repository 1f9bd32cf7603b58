package shop

import (
	"fmt"
	"math"
	"math/rand/v2"
)

const (
	userCount = 3000
	lateUsers = 60 // more users, who register after T
	recentPct = 12 // of the users registered in the last weeks before T
)

// How much of a taste is the segment's and how much the person's own, and how widely items of one category differ.
const (
	segmentPull = 0.6
	ownSpread   = 0.42
	itemSpread  = 0.3
)

// taste is what is hidden of a user.
type taste struct {
	vector     [tasteDims]float64
	archetype  int     // position in Segments
	priceLevel float64 // the preferred logarithm of price / category mean
	priceSense float64
	ownBrand   float64
	rate       float64 // orders a day
	registered int     // day of the history; may be negative, or Days and more for after T
}

// invite makes the users.
func (s *Shop) invite(seed uint64) {
	rng := stream(seed, 2)
	var pulls [len(Segments)][tasteDims]float64
	for k := 1; k < len(Segments); k++ {
		pulls[k] = direction(rng, segmentPull)
	}
	s.userAt = make(map[string]int, userCount+lateUsers)
	for u := range userCount + lateUsers {
		user, hidden := newUser(rng, u, &pulls)
		s.Users, s.tastes = append(s.Users, user), append(s.tastes, hidden)
		s.userAt[user.ID] = u
	}
}

func newUser(rng *rand.Rand, index int, pulls *[len(Segments)][tasteDims]float64) (User, taste) {
	hidden := taste{archetype: 1 + rng.IntN(len(Segments)-1), rate: 0.031 * math.Exp(0.6*rng.NormFloat64())}
	for d := range hidden.vector {
		hidden.vector[d] = pulls[hidden.archetype][d] + ownSpread*rng.NormFloat64()
	}
	habit := habits[hidden.archetype]
	hidden.priceLevel = habit.priceLevel + 0.25*rng.NormFloat64()
	hidden.priceSense = habit.priceSense * math.Exp(0.3*rng.NormFloat64())
	hidden.ownBrand = habit.ownBrand + 0.4*rng.NormFloat64()
	hidden.registered = rng.IntN(Days-60) - 120
	if rng.IntN(100) < recentPct {
		hidden.registered = Days - 1 - rng.IntN(28)
	}
	if index >= userCount {
		hidden.registered = Days + rng.IntN(HoldoutDays-2)
	}
	user := User{ID: fmt.Sprintf("u%05d", index+1), Registered: dayStart(hidden.registered)}
	if rng.IntN(100) < 60 {
		user.AgeBand = clampInt(habit.age+int(math.Round(1.2*rng.NormFloat64())), 1, 6)
		user.Household = clampInt(habit.household+int(math.Round(0.8*rng.NormFloat64())), 1, 5)
	}
	return user, hidden
}

type habit struct {
	priceLevel, priceSense, ownBrand float64
	age, household                   int
}

// habits are parallel to Segments.
var habits = [...]habit{
	{},
	{-0.5, 0.9, 0.8, 3, 2},
	{-0.1, 0.5, 0.3, 3, 4},
	{0.5, 0.7, -0.5, 4, 2},
	{0.2, 0.4, -0.1, 2, 2},
	{0.1, 0.2, 0.0, 2, 1},
}

// nameSegments gives every user the segment a shop can know: their kind once they have a history, NewUser before.
func (s *Shop) nameSegments() {
	lines, first := make([]int, len(s.Users)), make([]int64, len(s.Users))
	for i, event := range s.Events {
		if lines[event.user] == 0 {
			first[event.user] = s.Events[i].Time.Unix()
		}
		lines[event.user]++
	}
	recent := dayStart(Days - 21).Unix()
	for u := range s.Users {
		s.Users[u].Segment = Segments[s.tastes[u].archetype]
		if lines[u] <= 3 || first[u] > recent {
			s.Users[u].Segment = NewUser
		}
	}
}

func clampInt(v, low, high int) int { return min(max(v, low), high) }
