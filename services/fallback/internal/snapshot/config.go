package snapshot

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/repli-mesh/repli/pkg/config"
)

// Config says how a snapshot is built.
type Config struct {
	// Types are the types of events that count; others are left out.
	Types []string `yaml:"types"`
	// HalfLife is the age at which a purchase counts half of a new one for popularity.
	HalfLife time.Duration `yaml:"half_life"`
	// Trend says what is trending.
	Trend TrendConfig `yaml:"trend"`
	// Neighbours says what is bought together.
	Neighbours NeighbourConfig `yaml:"neighbours"`
	// PopularLength bounds each popular list.
	PopularLength int `yaml:"popular_length"`
	// TrendingLength bounds each trending list.
	TrendingLength int `yaml:"trending_length"`
	// MaxSegments bounds the segments that get lists of their own: those with the most users, then by name.
	MaxSegments int `yaml:"max_segments"`
}

// TrendConfig compares the last period with the ones before it.
type TrendConfig struct {
	// Period is how long "recent" is.
	Period time.Duration `yaml:"period"`
	// PastPeriods is how many periods before the recent one make the past.
	PastPeriods int `yaml:"past_periods"`
	// Smoothing is the number of buyers added to the expected ones, so that rare items do not trend by chance.
	Smoothing float64 `yaml:"smoothing"`
	// MinBuyers is how many users must have bought an item in the recent period.
	MinBuyers int `yaml:"min_buyers"`
}

// NeighbourConfig bounds and weighs what is bought together.
type NeighbourConfig struct {
	// Length bounds each item's list.
	Length int `yaml:"length"`
	// Window is how far apart two purchases of one user may lie to count although they are of different baskets.
	Window time.Duration `yaml:"window"`
	// WindowWeight is what such a pair counts, where one of the same basket counts 1.
	WindowWeight float64 `yaml:"window_weight"`
	// Shrinkage is the number of users at which a pair's similarity is halved for want of evidence.
	Shrinkage float64 `yaml:"shrinkage"`
	// BasketItems is the most distinct items a basket may have; larger ones say nothing of what goes together.
	BasketItems int `yaml:"basket_items"`
	// HistoryItems is how many items of a user are looked at, latest first: the bound of the work one user can cause.
	HistoryItems int `yaml:"history_items"`
}

// Defaults suits a shop that people visit weekly.
func Defaults() Config {
	const day = 24 * time.Hour
	return Config{
		Types:    []string{"purchase"},
		HalfLife: 28 * day,
		Trend:    TrendConfig{Period: 7 * day, PastPeriods: 4, Smoothing: 5, MinBuyers: 2},
		Neighbours: NeighbourConfig{
			Length: 50, Window: 30 * day, WindowWeight: 0.25, Shrinkage: 5, BasketItems: 100, HistoryItems: 200,
		},
		PopularLength:  2000,
		TrendingLength: 200,
		MaxSegments:    256,
	}
}

// Validate returns every fault, each a *config.FieldError.
func (c Config) Validate() error {
	faults := []error{
		positive("half_life", c.HalfLife),
		config.Under("trend", c.Trend.validate()),
		config.Under("neighbours", c.Neighbours.validate()),
		within("popular_length", c.PopularLength, 1, 100_000),
		within("trending_length", c.TrendingLength, 0, 100_000),
		within("max_segments", c.MaxSegments, 0, 10_000),
	}
	if len(c.Types) == 0 {
		faults = append(faults, config.Invalid("types", c.Types, "at least one type of event"))
	}
	for i, t := range c.Types {
		if t == "" {
			faults = append(faults, config.Invalid(fmt.Sprintf("types[%d]", i), `""`, "a type of event"))
		}
	}
	return errors.Join(faults...)
}

func (c TrendConfig) validate() error {
	return errors.Join(
		positive("period", c.Period),
		within("past_periods", c.PastPeriods, 1, 31), // one bit each beside the recent one's, in 32
		number("smoothing", c.Smoothing, math.SmallestNonzeroFloat64, 1e6, "more than 0 and at most 1000000"),
		within("min_buyers", c.MinBuyers, 1, 1_000_000),
	)
}

func (c NeighbourConfig) validate() error {
	faults := []error{
		within("length", c.Length, 0, 1000),
		number("window_weight", c.WindowWeight, 0, 1, "0 to 1"),
		number("shrinkage", c.Shrinkage, 0, 1e6, "0 to 1000000"),
		within("basket_items", c.BasketItems, 2, 10_000),
		within("history_items", c.HistoryItems, 2, 10_000),
	}
	if c.Window < 0 {
		faults = append(faults, config.Invalid("window", c.Window, "0s (baskets only) or more"))
	}
	return errors.Join(faults...)
}

func positive(key string, value time.Duration) error {
	if value < time.Second {
		return config.Invalid(key, value, "1s or more")
	}
	return nil
}

func within(key string, value, low, high int) error {
	if value < low || value > high {
		return config.Invalid(key, value, fmt.Sprintf("%d to %d", low, high))
	}
	return nil
}

func number(key string, value, low, high float64, expected string) error {
	if math.IsNaN(value) || value < low || value > high {
		return config.Invalid(key, value, expected)
	}
	return nil
}
