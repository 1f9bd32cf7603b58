package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// special are values that kernels must treat as the portable loops do.
var special = []float32{
	float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, float32(math.Copysign(0, -1)), 1e-44, -1e-44, 3e38,
}

func random(r *rand.Rand, n int, odd bool) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(r.NormFloat64())
		if odd && r.IntN(40) == 0 {
			values[i] = special[r.IntN(len(special))]
		}
	}
	return values
}

// near is equality up to the order of the sums; terms is the sum of the magnitudes.
func near(a, b, terms float64) bool {
	if a == b {
		return true
	}
	if math.IsNaN(a) || math.IsNaN(b) || math.IsInf(a, 0) || math.IsInf(b, 0) || math.IsNaN(terms) || terms > 1e37 {
		return math.IsNaN(a) && math.IsNaN(b) || terms > 1e37
	}
	return math.Abs(a-b) <= 1e-6*terms+1e-40
}

// compare holds one product at each level against the portable one, and looks at what lies behind dst.
func compare(t *testing.T, seed uint64, rows, k, n int, start Start, relu, odd bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	offset := r.IntN(5)
	a := random(r, offset+rows*k, odd)[offset:]
	weights, row, before := random(r, k*n, odd), random(r, n, odd), random(r, rows*n+8, false)
	m := Pack(weights, k, n, n)
	want := append([]float32{}, before...)
	portable(m, want, a, rows, start, row, relu)
	for _, l := range levels() {
		got := append([]float32{}, before...)
		if rows > 0 && n > 0 && k > 0 {
			multiplyAt(l, m, got, a, rows, start, row, relu)
		} else {
			m.Mul(got, a, rows, start, row, relu)
		}
		for i := range got {
			terms := 0.0
			if i < rows*n {
				switch start {
				case FromRow:
					terms = math.Abs(float64(row[i%n]))
				case FromDst:
					terms = math.Abs(float64(before[i]))
				}
				for p := range k {
					terms += math.Abs(float64(a[i/n*k+p]) * float64(weights[p*n+i%n]))
				}
			}
			if !near(float64(got[i]), float64(want[i]), terms) {
				t.Fatalf("level %v, %d rows, k %d, n %d, start %v, relu %v: element %d is %v, the portable loops give %v",
					l, rows, k, n, start, relu, i, got[i], want[i])
			}
		}
	}
}

func TestProductsAgreeWithPortableLoops(t *testing.T) {
	for _, n := range []int{1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 64, 105} {
		for _, k := range []int{1, 3, 16, 41} {
			for rows := range 20 {
				for start := FromZero; start <= FromDst; start++ {
					compare(t, uint64(n*1000+k*20+rows), rows, k, n, start, rows%2 == 0, rows%3 == 0)
				}
			}
		}
	}
}

func TestProductOfNothing(t *testing.T) {
	m := Pack(nil, 0, 3, 3)
	dst := []float32{9, 9, 9}
	m.Mul(dst, nil, 1, FromRow, []float32{1, -2, 3}, true)
	if dst[0] != 1 || dst[1] != 0 || dst[2] != 3 {
		t.Errorf("a product without terms is %v, expected the row it starts from", dst)
	}
}

func FuzzProducts(f *testing.F) {
	f.Add(uint64(1), 3, 5, 33, 1, true, true)
	f.Add(uint64(2), 17, 64, 16, 2, false, false)
	f.Fuzz(func(t *testing.T, seed uint64, rows, k, n, start int, relu, odd bool) {
		if rows < 0 || k < 0 || n < 1 || rows > 70 || k > 300 || n > 300 || start < 0 || start > 2 {
			return
		}
		compare(t, seed, rows, k, n, Start(start), relu, odd)
	})
}

func BenchmarkMul(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, l := range levels() {
		for _, rows := range []int{1, 64} {
			k, n := 92, 128
			m, a, dst := Pack(random(r, k*n, false), k, n, n), random(r, rows*k, false), make([]float32, rows*n)
			b.Run(fmt.Sprintf("level=%v/rows=%d", l, rows), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					multiplyAt(l, m, dst, a, rows, FromZero, nil, true)
				}
				b.ReportMetric(float64(2*rows*k*n)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}
