package shadow

import (
	"math"
	"slices"

	"github.com/repli-mesh/repli/services/ranking/internal/topk"
)

// top is how many of the best are compared.
const top = 10

// Difference is how far two models' scores of the same candidates are apart.
type Difference struct {
	// Compared is how many candidates have a finite score of both. The rest means nothing when it is 0.
	Compared int
	// Mean and Max are of the absolute differences.
	Mean, Max float64
	// Overlap is the part of the ten best of the first that are among the ten best of the second.
	Overlap float64
}

// Compare compares two lists of the same length, candidate by candidate. NaN and infinities are compared with nothing, and
// never among the best.
func Compare(first, second []float32) Difference {
	var d Difference
	sum := 0.0
	for i, score := range first {
		apart := math.Abs(float64(score) - float64(second[i]))
		if math.IsNaN(apart) || math.IsInf(apart, 0) {
			continue
		}
		d.Compared++
		d.Max = max(d.Max, apart)
		sum += apart
	}
	if d.Compared == 0 {
		return d
	}
	d.Mean = sum / float64(d.Compared)
	a, _ := topk.Select(nil, first, top)
	b, _ := topk.Select(nil, second, top)
	common := 0
	for _, position := range a {
		if slices.Contains(b, position) {
			common++
		}
	}
	d.Overlap = float64(common) / float64(len(a))
	return d
}
