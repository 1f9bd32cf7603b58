package quality

import (
	"math"
	"math/rand/v2"
	"slices"
)

// ndcg is the normalised discounted cumulative gain of a list (Järvelin and Kekäläinen, 2002): gains are those of the
// list in its order, ideal those of the best possible list of the same length, best first. With gains of 0 or 1 it is
// the binary form. It is 0 when nothing could be gained.
func ndcg(gains, ideal []float64) float64 {
	best := dcg(ideal)
	if best == 0 {
		return 0
	}
	return dcg(gains) / best
}

// hit is 1 when at least one item of the list was bought, else 0.
func hit(list []string, bought func(item string) bool) float64 {
	if slices.ContainsFunc(list, bought) {
		return 1
	}
	return 0
}

func dcg(gains []float64) float64 {
	sum := 0.0
	for i, gain := range gains {
		sum += gain / math.Log2(float64(i)+2)
	}
	return sum
}

// Interval is a mean with its 95 % bootstrap interval.
type Interval struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// bootstrap is the percentile bootstrap (Efron, 1979): users are drawn with repetition, and the statistic is computed
// anew each time. The statistic gets the drawn positions, 0 to n-1.
func bootstrap(n, resamples int, seed uint64, statistic func(drawn []int) float64) Interval {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	result := Interval{Mean: statistic(all)}
	if n == 0 {
		return result
	}
	random := rand.New(rand.NewPCG(seed, uint64(n))) //nolint:gosec // statistics, not secrets
	drawn, values := make([]int, n), make([]float64, resamples)
	for i := range values {
		for j := range drawn {
			drawn[j] = random.IntN(n)
		}
		values[i] = statistic(drawn)
	}
	slices.Sort(values)
	result.Low = values[int(0.025*float64(resamples-1))]
	result.High = values[int(math.Ceil(0.975*float64(resamples-1)))]
	return result
}

// meanOf is the statistic of a mean.
func meanOf(values []float64) func([]int) float64 {
	return func(drawn []int) float64 {
		if len(drawn) == 0 {
			return 0
		}
		sum := 0.0
		for _, i := range drawn {
			sum += values[i]
		}
		return sum / float64(len(drawn))
	}
}

// ratioOf is the statistic of the ratio of two means over the same users; 0 when the lower one is 0.
func ratioOf(above, below []float64) func([]int) float64 {
	top, bottom := meanOf(above), meanOf(below)
	return func(drawn []int) float64 {
		if under := bottom(drawn); under > 0 {
			return top(drawn) / under
		}
		return 0
	}
}
