package retrieval

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
)

// A search that comes while another is on its way joins it at the next block, and sees every block once.
func TestSearchesShareAPass(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	const n, width, count = 6 * 1024, 8, 100
	v := whole(random, n, width)
	table := v.table(t)
	for name, form := range forms {
		x := index(t, width, form, 1, table)
		p, on := x.passes[0], x.snapshot.Load()
		var scans []*scan
		steps := 0
		for range 3 { // one joins at every second block
			s := x.scans.Get().(*scan)
			s.begin(t.Context(), on, form, Query{Vector: whole(random, 1, width).values, Count: count})
			scans = append(scans, s)
			p.joining, p.load = append(p.joining, s), p.load+1
			for range 2 {
				p.admit()
				p.step(nil, form)
				steps++
			}
		}
		for ; len(p.active) > 0; steps++ {
			p.step(nil, form)
		}
		if steps != 2*2+6 || p.load != 0 {
			t.Errorf("%s: %d steps and %d left, want 10 and none", name, steps, p.load)
		}
		for i, s := range scans {
			if form == Int8 {
				s.exact()
			}
			var result Result
			result.take(s)
			if want := v.reference(s.vector, count, every); !slices.Equal(result.IDs, want) || result.Scanned != n {
				t.Errorf("%s: scan %d found %.40v in %d, want %.40v", name, i, result.IDs, result.Scanned, want)
			}
			if len(s.woken) != 1 || <-s.woken != finished {
				t.Errorf("%s: scan %d was not told that it is done", name, i)
			}
		}
	}
}

// The leader that is done hands over to the next, which goes on where it was.
func TestLeadersHandOver(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 2))
	v := whole(random, 4*1024, 4)
	x := index(t, 4, Float32, 1, v.table(t))
	p, on := x.passes[0], x.snapshot.Load()
	scans := make([]*scan, 3)
	for i := range scans {
		scans[i] = x.scans.Get().(*scan)
		scans[i].begin(t.Context(), on, Float32, Query{Vector: whole(random, 1, 4).values, Count: 5})
	}
	p.led, p.load = true, 3
	p.joining = append(p.joining, scans[0])
	p.admit()
	p.step(nil, Float32)
	p.joining = append(p.joining, scans[1], scans[2])
	p.lead(scans[0], Float32)
	if !p.led || len(scans[1].woken) != 1 || <-scans[1].woken != lead || len(scans[2].woken) != 0 {
		t.Fatal("the second must lead now, and the third wait")
	}
	p.lead(scans[1], Float32)
	if p.led || p.load != 0 || len(scans[2].woken) != 1 || <-scans[2].woken != finished || p.number != 5 {
		t.Errorf("led %v, load %d, next block %d; want nobody, 0 and 5", p.led, p.load, p.number)
	}
}

// While the table changes under them, searches find what is in one version of it.
func TestSearchWhileTheTableChanges(t *testing.T) {
	t.Parallel()
	const n, width, versions = 2500, 4, 40
	random := rand.New(rand.NewPCG(3, 3))
	v := whole(random, n, width)
	f := shop(t, names("i", width), []*featurev1.ItemRows{packed(names("", n), width, v.values)})
	x := index(t, width, Int8, 2, f.table())
	// In every version one more item fits better than all before.
	query := Query{Vector: []float32{1, 1, 1, 1}, Count: 1}
	stop := make(chan struct{})
	var searchers sync.WaitGroup
	for range 6 {
		searchers.Go(func() {
			for last := float32(0); ; {
				select {
				case <-stop:
					return
				default:
				}
				got := x.Search(t.Context(), query)
				if got.Scanned != got.Total || len(got.IDs) != 1 || got.Scores[0] < last {
					t.Errorf("found %+v after a score of %v", got, last)
					return
				}
				last = got.Scores[0]
			}
		})
	}
	for version := range versions {
		id, fit := fmt.Sprint("new", version), float32(100+version)
		if version%2 == 0 {
			id = fmt.Sprint(random.IntN(n))
		}
		table := f.change(packed([]string{id}, width, []float32{fit, fit, fit, fit}))
		if err := x.Update(table); err != nil {
			t.Error(err)
		}
		if got := x.Search(t.Context(), query); got.IDs[0] != id || got.Total != table.Len() {
			t.Errorf("version %d: found %v in %d, want %s in %d", version, got.IDs, got.Total, id, table.Len())
		}
	}
	close(stop)
	searchers.Wait()
}

// Only blocks that hold a change are packed again.
func TestUpdateKeepsWhatIsTheSame(t *testing.T) {
	t.Parallel()
	const n, width = 3 * 1024, 2
	v := whole(rand.New(rand.NewPCG(4, 4)), n, width)
	f := shop(t, names("i", width), []*featurev1.ItemRows{packed(names("", n), width, v.values)})
	x := index(t, width, Int8, 1, f.table())
	before := x.snapshot.Load().blocks
	if err := x.Update(f.change(packed([]string{"1500", "new"}, width, []float32{1, 1, 1, 1}))); err != nil {
		t.Fatal(err)
	}
	after := x.snapshot.Load().blocks
	if len(after) != 4 || after[0] != before[0] || after[1] == before[1] || after[2] != before[2] {
		t.Errorf("blocks are %p, before they were %p; want the first and the third kept, of 4", after, before)
	}
}
