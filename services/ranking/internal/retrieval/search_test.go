package retrieval

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
)

// Whatever the sizes, both forms find what sorting all finds, equal products in the order of the rows.
func TestSearchIsExact(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 3, 1023, 1024, 1025, 5000} {
		for _, width := range []int{1, 3, 22, 64} {
			v := whole(random, n, width)
			table := v.table(t)
			for name, form := range forms {
				x := index(t, width, form, 1, table)
				for _, count := range []int{1, 7, 200, 6000} {
					query := whole(random, 1, width).values
					got := x.Search(t.Context(), Query{Vector: query, Count: count})
					if want := v.reference(query, count, every); !slices.Equal(got.IDs, want) {
						t.Fatalf("%s, %d of %dx%d: found %.60v, want %.60v", name, count, n, width, got.IDs, want)
					}
					if got.Scanned != n || got.Total != n || len(got.Scores) != len(got.IDs) {
						t.Errorf("%s: %d of %d scanned, %d scores", name, got.Scanned, got.Total, len(got.Scores))
					}
				}
			}
		}
	}
}

// Vectors whose lengths lie far apart, within a block as well, are what rounding finds hardest.
func TestInt8FindsWhatFloat32Finds(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	const width, count = 64, 200
	for name, stretch := range map[string]func() float64{
		"alike":  func() float64 { return 1 },
		"apart":  func() float64 { return math.Exp(3 * random.NormFloat64()) },
		"tiny":   func() float64 { return 1e-39 },
		"sparse": func() float64 { return float64(random.IntN(2)) },
	} {
		v := normal(random, 20_000, width)
		for i := range v.len() {
			by := float32(stretch())
			for j := range v.row(i) {
				v.row(i)[j] *= by
			}
		}
		table := v.table(t)
		exact, small := index(t, width, Float32, 1, table), index(t, width, Int8, 1, table)
		for range 5 {
			query := Query{Vector: normal(random, 1, width).values, Count: count}
			want, got := exact.Search(t.Context(), query), small.Search(t.Context(), query)
			found := 0
			for _, id := range got.IDs {
				if slices.Contains(want.IDs, id) {
					found++
				}
			}
			if recall := float64(found) / float64(len(want.IDs)); recall < 0.98 || len(want.IDs) != len(got.IDs) {
				t.Errorf("%s: recall %v of %d with %d", name, recall, len(want.IDs), len(got.IDs))
			}
			for i, score := range got.Scores {
				if math.Abs(float64(score-want.Scores[i])) > 1e-4*math.Abs(float64(want.Scores[i])) {
					t.Fatalf("%s: score %d is %v, want %v", name, i, score, want.Scores[i])
				}
			}
		}
	}
}

func TestWhatMustNotBeFound(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	const n, width = 3000, 3
	v := whole(random, n, width+1) // the last column is the stock
	rows := packed(names("", n), width+1, v.values)
	null, notFound := byte(featurev1.ValueStatus_VALUE_STATUS_NULL_VALUE), byte(featurev1.ValueStatus_VALUE_STATUS_NOT_FOUND)
	wanted := make([]bool, n)
	exclude := [][]string{{"ghost"}, nil, {}}
	for i := range n {
		statuses := rows.Statuses[i*(width+1):][:width+1]
		switch random.IntN(6) {
		case 0:
			list := random.IntN(len(exclude))
			exclude[list] = append(exclude[list], fmt.Sprint(i))
		case 1:
			copy(statuses, []byte{null, null, null})
		case 2:
			statuses[width] = null
		case 3:
			copy(statuses, []byte{notFound, notFound, notFound, notFound})
		default:
			wanted[i] = v.row(i)[width] > 0
		}
	}
	spec := specOf(width)
	spec.Available = fmt.Sprint("i", width)
	table := shop(t, names("i", width+1), []*featurev1.ItemRows{rows}).table()
	query := whole(random, 1, width+1).values
	query[width] = 0 // for the reference
	want := v.reference(query, n, func(row int) bool { return wanted[row] })
	for name, form := range forms {
		x := newIndex(spec, form, 1)
		if err := x.Update(table); err != nil {
			t.Fatal(err)
		}
		got := x.Search(t.Context(), Query{Vector: query[:width], Count: n, Without: exclude})
		if !slices.Equal(got.IDs, want) {
			t.Errorf("%s: found %d items, want %d", name, len(got.IDs), len(want))
		}
		if got.Scanned != got.Total || got.Total < len(want) || got.Total >= n {
			t.Errorf("%s: %d of %d scanned", name, got.Scanned, got.Total)
		}
	}
}

// A part of a vector that is missing counts as 0, and products beyond float32 are never found.
func TestOddVectors(t *testing.T) {
	t.Parallel()
	const huge = 3e38
	rows := packed([]string{"part", "huge", "low", "mixed", "zero"}, 2, []float32{1, 9, huge, huge, -huge, -huge, huge, -huge, 0, 0})
	rows.Statuses[1] = byte(featurev1.ValueStatus_VALUE_STATUS_OUTSIDE_MAX_AGE)
	table := shop(t, names("i", 2), []*featurev1.ItemRows{rows}).table()
	for name, form := range forms {
		x := index(t, 2, form, 1, table)
		if got := x.Search(t.Context(), Query{Vector: []float32{2, 2}, Count: 5}); !slices.Equal(got.IDs[:1], []string{"part"}) || got.Scores[0] != 2 || slices.Contains(got.IDs, "huge") {
			t.Errorf("%s: found %v with %v", name, got.IDs, got.Scores)
		}
		got := x.Search(t.Context(), Query{Vector: []float32{huge, huge}, Count: 5})
		for _, score := range got.Scores {
			if !(math.Abs(float64(score)) <= math.MaxFloat32) {
				t.Errorf("%s: a score is %v", name, score)
			}
		}
	}
}

func TestSearchesThatFindNothing(t *testing.T) {
	t.Parallel()
	v := whole(rand.New(rand.NewPCG(7, 8)), 10, 2)
	empty := newIndex(specOf(2), Int8, 1)
	if got := empty.Search(t.Context(), Query{Vector: []float32{1, 1}, Count: 1}); len(got.IDs) != 0 || got.Total != 0 {
		t.Errorf("before there is a table: %+v", got)
	}
	full := index(t, 2, Int8, 1, v.table(t))
	for _, query := range []Query{{Vector: []float32{1}, Count: 1}, {Vector: []float32{1, 1}}, {Count: 1}} {
		if got := full.Search(t.Context(), query); len(got.IDs) != 0 || got.Total != 0 {
			t.Errorf("%+v: %+v", query, got)
		}
	}
	table := shop(t, names("i", 2), nil).table()
	if got := index(t, 2, Int8, 1, table).Search(t.Context(), Query{Vector: []float32{1, 1}, Count: 1}); got.Total != 0 {
		t.Errorf("a table without items: %+v", got)
	}
}

// counted ends after a number of looks at it.
type counted struct {
	context.Context //nolint:containedctx // it is one
	looks           int
}

func (c *counted) Err() error {
	if c.looks--; c.looks < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// A search that is cut short returns the best of the blocks that it has seen, and says how many items those hold.
func TestSearchIsCutShort(t *testing.T) {
	t.Parallel()
	const n, width, count = 5 * 1024, 8, 50
	random := rand.New(rand.NewPCG(9, 10))
	v := whole(random, n, width)
	table := v.table(t)
	for name, form := range forms {
		for looks, blocks := range []int{0, 0, 1, 1, 2, 2, 3} {
			x := index(t, width, form, 1, table)
			query := whole(random, 1, width).values
			got := x.Search(&counted{t.Context(), looks}, Query{Vector: query, Count: count})
			want := v.reference(query, count, func(row int) bool { return row < blocks*1024 })
			if got.Scanned != blocks*1024 || got.Total != n || !slices.Equal(got.IDs, want) {
				t.Errorf("%s, %d looks: scanned %d of %d and found %.40v, want %d blocks and %.40v",
					name, looks, got.Scanned, got.Total, got.IDs, blocks, want)
			}
		}
	}
}

func TestUpdateNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	v := whole(rand.New(rand.NewPCG(11, 12)), 10, 2)
	table := v.table(t)
	x := index(t, 2, Float32, 1, table)
	x.spec.Item = []string{"i0", "colour"}
	other := v.table(t)
	if err := x.Update(other); err == nil || err.Error() != `retrieval.item[1]: "colour" is no numeric column of the items` {
		t.Errorf("error is %v", err)
	}
	if got := x.Search(t.Context(), Query{Vector: []float32{1, 1}, Count: 1}); got.Total != 0 {
		t.Errorf("found %+v", got)
	}
	stock := New(bundle.Retrieval{User: []string{"u"}, Item: []string{"i0"}, Available: "stock"}, Float32)
	if err := stock.Update(table); err == nil || err.Error() != `retrieval.available: "stock" is no numeric column of the items` {
		t.Errorf("error is %v", err)
	}
}
