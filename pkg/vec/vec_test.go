package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// odd are values that every level must treat as the portable loops do.
var odd = []float32{
	float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, float32(math.Copysign(0, -1)),
	1e-45, -1e-45, 1e-39, 1.1754944e-38, 3.4e38, -3.4e38, 88.7, 88.73, -87.4, -103, -104, -200, 200, 1, -1, 0.5, -0.625, 0.92, 4, 1e-6,
}

func values(r *rand.Rand, n int, special bool) []float32 {
	offset := r.IntN(9)
	out := make([]float32, n+offset)
	for i := range out {
		out[i] = float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(4)-2)))
		if special && r.IntN(5) == 0 {
			out[i] = odd[r.IntN(len(odd))]
		}
	}
	return out[offset:]
}

// agree reports whether two results are the same up to a relative and an absolute difference.
func agree(a, b float32, relative, absolute float64) bool {
	x, y := float64(a), float64(b)
	if x == y || math.IsNaN(x) && math.IsNaN(y) {
		return true
	}
	return math.Abs(x-y) <= relative*math.Abs(y)+absolute
}

// one is a loop that writes dst from up to three operands and a number.
type one struct {
	name               string
	run                func(t *table, dst, a, b, c []float32, s float32)
	relative, absolute float64
}

var loops = []one{
	{"add", func(t *table, dst, a, b, _ []float32, _ float32) { t.add(dst, a, b) }, 0, 0},
	{"sub", func(t *table, dst, a, b, _ []float32, _ float32) { t.sub(dst, a, b) }, 0, 0},
	{"mul", func(t *table, dst, a, b, _ []float32, _ float32) { t.mul(dst, a, b) }, 0, 0},
	{"div", func(t *table, dst, a, b, _ []float32, _ float32) { t.div(dst, a, b) }, 0, 0},
	{"min", func(t *table, dst, a, b, _ []float32, _ float32) { t.min(dst, a, b) }, 0, 0},
	{"max", func(t *table, dst, a, b, _ []float32, _ float32) { t.max(dst, a, b) }, 0, 0},
	{"addScalar", func(t *table, dst, a, _, _ []float32, s float32) { t.addScalar(dst, a, s) }, 0, 0},
	{"mulScalar", func(t *table, dst, a, _, _ []float32, s float32) { t.mulScalar(dst, a, s) }, 0, 0},
	{"divScalar", func(t *table, dst, a, _, _ []float32, s float32) { t.divScalar(dst, a, s) }, 0, 0},
	{"scalarSub", func(t *table, dst, a, _, _ []float32, s float32) { t.scalarSub(dst, a, s) }, 0, 0},
	{"scalarDiv", func(t *table, dst, a, _, _ []float32, s float32) { t.scalarDiv(dst, a, s) }, 0, 0},
	{"minScalar", func(t *table, dst, a, _, _ []float32, s float32) { t.minScalar(dst, a, s) }, 0, 0},
	{"maxScalar", func(t *table, dst, a, _, _ []float32, s float32) { t.maxScalar(dst, a, s) }, 0, 0},
	{"leakyRelu", func(t *table, dst, a, _, _ []float32, s float32) { t.leakyRelu(dst, a, s) }, 0, 0},
	{"neg", func(t *table, dst, a, _, _ []float32, _ float32) { t.neg(dst, a) }, 0, 0},
	{"abs", func(t *table, dst, a, _, _ []float32, _ float32) { t.abs(dst, a) }, 0, 0},
	{"sqrt", func(t *table, dst, a, _, _ []float32, _ float32) { t.sqrt(dst, a) }, 0, 0},
	{"floor", func(t *table, dst, a, _, _ []float32, _ float32) { t.floor(dst, a) }, 0, 0},
	{"ceil", func(t *table, dst, a, _, _ []float32, _ float32) { t.ceil(dst, a) }, 0, 0},
	{"exp", func(t *table, dst, a, _, _ []float32, _ float32) { t.exp(dst, a) }, 3e-7, 3e-45},
	{"log", func(t *table, dst, a, _, _ []float32, _ float32) { t.log(dst, a) }, 3e-7, 0},
	{"sigmoid", func(t *table, dst, a, _, _ []float32, _ float32) { t.sigmoid(dst, a) }, 4e-7, 3e-45},
	{"tanh", func(t *table, dst, a, _, _ []float32, _ float32) { t.tanh(dst, a) }, 4e-7, 0},
	{"erf", func(t *table, dst, a, _, _ []float32, _ float32) { t.erf(dst, a) }, 4e-7, 0},
	// Of negative numbers the kernel takes a difference of two that are nearly equal, as ONNX defines the function.
	{"gelu", func(t *table, dst, a, _, _ []float32, _ float32) { t.gelu(dst, a) }, 1e-6, 1e-6},
}

func compare(t *testing.T, seed uint64, n int, special bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 3))
	a, b, c := values(r, n, special), values(r, n, special), values(r, n, special)
	s := values(r, 1, special)[0]
	for _, level := range levels()[1:] {
		for _, l := range loops {
			want, got := make([]float32, n), append(make([]float32, n), 7, 7, 7)
			l.run(&portable, want, a, b, c, s)
			l.run(level, got[:n], a, b, c, s)
			for i, w := range want {
				if l.name == "gelu" && math.IsInf(float64(a[i]), -1) {
					continue // 0 * Inf as ONNX defines it
				}
				if !agree(got[i], w, l.relative, l.absolute) {
					t.Fatalf("%s of %d: element %d (%v, %v, %v) is %v, expected %v", l.name, n, i, a[i], b[i], s, got[i], w)
				}
			}
			if got[n] != 7 || got[n+1] != 7 || got[n+2] != 7 {
				t.Fatalf("%s of %d wrote behind the end", l.name, n)
			}
			place := append([]float32{}, a...)
			l.run(level, place, place, b, c, s)
			for i := range place {
				if !agree(place[i], got[i], 0, 0) {
					t.Fatalf("%s of %d: in place, element %d is %v, expected %v", l.name, n, i, place[i], got[i])
				}
			}
		}
		if got, want := level.maxOf(a), maxOf(a); !agree(got, want, 0, 0) {
			t.Fatalf("maxOf of %v is %v, expected %v", a, got, want)
		}
		compareBounds(t, level, r, n, special)
		compareSums(t, level, r, n)
	}
}

// compareSums holds the loops whose order of sums differs against the portable ones.
func compareSums(t *testing.T, level *table, r *rand.Rand, n int) {
	t.Helper()
	a, b, c := values(r, n, false), values(r, n, false), values(r, n, false)
	var terms, products float64
	for i := range a {
		terms += math.Abs(float64(a[i]))
		products += math.Abs(float64(a[i]) * float64(b[i]))
	}
	if got, want := level.sum(a), sum(a); !agree(got, want, 0, 1e-6*terms) {
		t.Fatalf("sum of %d is %v, expected %v", n, got, want)
	}
	if got, want := level.dot(a, b), dot(a, b); !agree(got, want, 0, 1e-6*products) {
		t.Fatalf("dot of %d is %v, expected %v", n, got, want)
	}
	want, got := append([]float32{}, c...), append([]float32{}, c...)
	axpy(want, 2, a)
	level.axpy(got, 2, a)
	mulAdd(want, want, b, c)
	level.mulAdd(got, got, b, c)
	for i := range want {
		if !agree(got[i], want[i], 1e-5, 1e-5*math.Abs(float64(b[i]))*(math.Abs(float64(c[i]))+2*math.Abs(float64(a[i])))) {
			t.Fatalf("axpy and mulAdd of %d: element %d is %v, expected %v", n, i, got[i], want[i])
		}
	}
	compareRows(t, level, r, n%150)
	compareWhole(t, level, r, n%150+1)
	compareInt8(t, level, r, n%150)
}

func compareRows(t *testing.T, level *table, r *rand.Rand, width int) {
	t.Helper()
	count := r.IntN(13)
	rows, query := values(r, count*width, false), values(r, width, false)
	want, got := make([]float32, count), make([]float32, count)
	dotRows(want, rows, query)
	level.dotRows(got, rows, query)
	for i := range want {
		var terms float64
		for j, q := range query {
			terms += math.Abs(float64(q) * float64(rows[i*width+j]))
		}
		if !agree(got[i], want[i], 0, 1e-6*terms) {
			t.Fatalf("dotRows of %d by %d: row %d is %v, expected %v", count, width, i, got[i], want[i])
		}
	}
}

func TestLevelsAgree(t *testing.T) {
	for n := range 71 {
		for round := range 8 {
			compare(t, uint64(n*8+round), n, round%2 == 0)
		}
	}
	compare(t, 1, 5000, true)
}

func FuzzLevels(f *testing.F) {
	f.Add(uint64(1), 17, true)
	f.Add(uint64(2), 64, false)
	f.Fuzz(func(t *testing.T, seed uint64, n int, special bool) {
		if n < 0 || n > 300 {
			return
		}
		compare(t, seed, n, special)
	})
}

func TestSoftmax(t *testing.T) {
	out := make([]float32, 3)
	SoftmaxRows(out, []float32{1, 2, 3}, 3)
	if s := out[0] + out[1] + out[2]; math.Abs(float64(s)-1) > 1e-6 || !agree(out[2]/out[1], float32(math.E), 1e-6, 0) {
		t.Errorf("softmax of 1, 2, 3 is %v", out)
	}
	SoftmaxRows(out, []float32{float32(math.Inf(1)), 0, 0}, 3)
	if out[1] == out[1] {
		t.Errorf("softmax with an infinity is %v, expected NaN", out)
	}
}

func BenchmarkLoops(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	x, y, z, dst := values(r, 2048, false), values(r, 2048, false), values(r, 2048, false), make([]float32, 2048)
	for i, level := range levels() {
		for _, l := range loops {
			b.Run(fmt.Sprintf("%s/level=%d", l.name, i), func(b *testing.B) {
				for b.Loop() {
					l.run(level, dst, x, y, z, 2)
				}
			})
		}
	}
}

// BenchmarkRows is a pass over 100,000 rows of 64: a plain sum of as many bytes beside inner products.
func BenchmarkRows(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	const count, width = 100_000, 64
	rows, query, dst := values(r, count*width, false), values(r, width, false), make([]float32, count)
	small, q, whole := PackInt8(make([]int8, count*width), width), make([]int8, width), make([]int32, count)
	b.Run("sum", func(b *testing.B) {
		for b.Loop() {
			Sum(rows)
		}
	})
	b.Run("float32", func(b *testing.B) {
		for b.Loop() {
			DotRows(dst, rows, query)
		}
	})
	b.Run("int8", func(b *testing.B) {
		for b.Loop() {
			DotInt8(whole, small, q)
		}
	})
}
