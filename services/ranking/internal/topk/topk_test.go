package topk

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// sorted is Select by its definition.
func sorted(scores []float32, k int) (best []uint32, nonFinite int) {
	for i, score := range scores {
		if math.IsNaN(float64(score)) || math.IsInf(float64(score), 0) {
			nonFinite++
			continue
		}
		best = append(best, uint32(i))
	}
	slices.SortStableFunc(best, func(a, b uint32) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		default:
			return 0
		}
	})
	return best[:min(k, len(best))], nonFinite
}

func TestSelectIsASort(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	odd := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32, -math.MaxFloat32, 0}
	var buffer []uint32
	for range 5000 {
		scores := make([]float32, random.IntN(60))
		levels := 1 + random.IntN(40) // few levels make many ties
		for i := range scores {
			scores[i] = float32(random.IntN(levels))
			if random.IntN(10) == 0 {
				scores[i] = odd[random.IntN(len(odd))]
			}
		}
		k := random.IntN(70)
		want, wantNonFinite := sorted(scores, k)
		got, nonFinite := Select(buffer, scores, k)
		if !slices.Equal(got, want) || nonFinite != wantNonFinite {
			t.Fatalf("Select(%v, %d) = %v, %d; want %v, %d", scores, k, got, nonFinite, want, wantNonFinite)
		}
		buffer = got
	}
}

func TestSelectAllocatesNothing(t *testing.T) {
	scores := make([]float32, 500)
	for i := range scores {
		scores[i] = float32(i * 7919 % 500)
	}
	buffer := make([]uint32, 0, 10)
	if n := testing.AllocsPerRun(100, func() { buffer, _ = Select(buffer, scores, 10) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkSelect(b *testing.B) {
	scores := make([]float32, 500)
	for i := range scores {
		scores[i] = float32(i * 7919 % 500)
	}
	buffer := make([]uint32, 0, 10)
	b.ReportAllocs()
	for b.Loop() {
		buffer, _ = Select(buffer, scores, 10)
	}
}
