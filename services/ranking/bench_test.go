package ranking

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkRank is the service without the model: looking candidates up, filling the inputs, choosing the best.
func BenchmarkRank(b *testing.B) {
	items, ids := catalogue(5000, 1)
	s := running(b, items...)
	withScorer(s, fakeScorer{func(_ context.Context, out []float32) error {
		for i := range out {
			out[i] = float32(i * 7919 % 1000)
		}
		return nil
	}})
	for _, n := range []int{50, 200, 500} {
		in := request(ada, ids[:n]...)
		in.Count = 10
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Rank(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
