package retrieval

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/vec"
)

// BenchmarkSearch is a search of 100,000 items of 64 float32 beside a plain sum over the same bytes, turn by turn in the same
// run: the sum is what reading the memory costs.
func BenchmarkSearch(b *testing.B) {
	const n, width, count = 100_000, 64, 200
	random := rand.New(rand.NewPCG(1, 2))
	v := normal(random, n, width)
	table := v.table(b)
	exact, small := index(b, width, Float32, 1, table), index(b, width, Int8, 1, table)
	query := Query{Vector: normal(random, 1, width).values, Count: count}
	var took [3][]float64 // us
	turn := func(which int, what func()) {
		started := time.Now()
		what()
		took[which] = append(took[which], float64(time.Since(started).Nanoseconds())/1000)
	}
	var total float32
	b.ReportAllocs()
	for b.Loop() {
		turn(0, func() { total += vec.Sum(v.values) })
		turn(1, func() { exact.Search(b.Context(), query) })
		turn(2, func() { small.Search(b.Context(), query) })
	}
	var median [3]float64 // whatever else this machine does meanwhile
	for i, name := range []string{"sum", "float32", "int8"} {
		slices.Sort(took[i])
		median[i] = took[i][len(took[i])/2]
		b.ReportMetric(median[i], name+"-us")
	}
	b.ReportMetric(median[1]/median[0], "float32/sum")
	b.ReportMetric(median[2]/median[1], "int8/float32")
}

// BenchmarkSearchTogether is the time of one of several searches that go on at a time, with one pass for all and with one
// for each processor.
func BenchmarkSearchTogether(b *testing.B) {
	const n, width, count, together = 100_000, 64, 200, 8
	random := rand.New(rand.NewPCG(1, 2))
	table := normal(random, n, width).table(b)
	for name, form := range forms {
		for _, passes := range []int{1, 2} {
			x := index(b, width, form, passes, table)
			b.Run(fmt.Sprintf("%s/passes=%d", name, passes), func(b *testing.B) {
				for b.Loop() {
					var searchers sync.WaitGroup
					for range together {
						searchers.Go(func() {
							x.Search(b.Context(), Query{Vector: table.Numbers(7), Count: count})
						})
					}
					searchers.Wait()
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*together), "us/search")
			})
		}
	}
}
