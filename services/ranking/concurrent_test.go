package ranking

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/repli-mesh/repli/pkg/onnx"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/ranking/internal/itemstest"
	"github.com/repli-mesh/repli/services/ranking/internal/scorer"
)

// fakeScorer does what the test says for each block.
type fakeScorer struct {
	score func(ctx context.Context, out []float32) error
}

func (fakeScorer) Engine() string { return "fake" }

func (f fakeScorer) Score(ctx context.Context, _ []onnx.Tensor, out []float32) error {
	return f.score(ctx, out)
}

// withScorer replaces the engine of the model that serves.
func withScorer(s *Service, engine scorer.Scorer) {
	line, current := *s.current.Load(), *s.current.Load().serving
	model := *current.Model
	model.Scorer = engine
	current.Model, line.serving = &model, &current
	s.current.Store(&line)
}

// catalogue returns n items whose i_a is v.
func catalogue(n int, v float64) (items []itemstest.Item, ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprint("item", i))
		items = append(items, itemstest.Item{ID: ids[i], Values: values{"i_a": v, "i_b": 0, "i_c": 0, "place": 0}})
	}
	return items, ids
}

// While requests are ranked, tables change under them, streams break, and the feature service comes back. Every answer
// must be of one table: each item's value is the version it came with.
func TestRankWhileTablesChange(t *testing.T) {
	t.Parallel()
	source := itemstest.NewSource()
	s := startWith(t, Defaults(), tinyBundle(), telemetry.Discard(), source)
	stream := <-source.Opened
	items, ids := catalogue(1300, 1)
	send(t, stream, itemstest.Table(itemSchema, userSchema, 1, items...)...)

	stop := make(chan struct{})
	var rankers sync.WaitGroup
	for range 4 {
		rankers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				out, err := s.Rank(context.Background(), request(ada, ids...))
				if err != nil {
					t.Error(err)
					return
				}
				for i, score := range out.GetScores() {
					if score != 32+float32(out.GetItemTableVersion()) {
						t.Errorf("item %d scores %v in table %d", out.GetIndices()[i], score, out.GetItemTableVersion())
						return
					}
				}
			}
		})
	}
	for version := uint64(2); version <= 30; version++ {
		items, _ := catalogue(1300, float64(version))
		if version%10 == 0 {
			stream.Break(errors.New("restart"))
			stream = <-source.Opened
			send(t, stream, itemstest.Table(itemSchema, userSchema, version, items...)...)
			continue
		}
		send(t, stream, itemstest.Change(itemstest.Rows(itemSchema, version, items...)))
	}
	close(stop)
	rankers.Wait()
}

func TestRankStopsWhenNobodyWaits(t *testing.T) {
	t.Parallel()
	items, ids := catalogue(2000, 1)
	s := running(t, items...)
	ctx, cancel := context.WithCancel(t.Context())
	blocks := 0
	withScorer(s, fakeScorer{func(_ context.Context, out []float32) error {
		if blocks++; blocks == 2 {
			cancel()
		}
		if len(out) > blockItems {
			t.Errorf("a block of %d candidates, want at most %d", len(out), blockItems)
		}
		return nil
	}})
	if _, err := s.Rank(ctx, request(ada, ids...)); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
	if blocks != 2 {
		t.Errorf("%d blocks were scored, want 2", blocks)
	}
	blocks = 2
	if _, err := s.Rank(ctx, request(ada, ids...)); !errors.Is(err, context.Canceled) || blocks != 2 {
		t.Errorf("a cancelled request gave %v and %d blocks, want none", err, blocks-2)
	}
}

func TestRankGivesTheScorersError(t *testing.T) {
	t.Parallel()
	s := running(t, shop...)
	broken := errors.New("broken")
	withScorer(s, fakeScorer{func(context.Context, []float32) error { return broken }})
	if _, err := s.Rank(t.Context(), request(ada, "low")); !errors.Is(err, broken) {
		t.Errorf("error is %v, want the scorer's", err)
	}
}

func TestRankBoundsTheWorkAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := Defaults()
		cfg.MaxConcurrent = 2
		s, stream := start(t, cfg, tinyBundle())
		send(t, stream, itemstest.Table(itemSchema, userSchema, 1, shop...)...)
		var mu sync.Mutex
		working, most, answered, late := 0, 0, 0, 0
		count := func(change int) {
			mu.Lock()
			defer mu.Unlock()
			working += change
			most = max(most, working)
		}
		withScorer(s, fakeScorer{func(context.Context, []float32) error {
			count(1)
			defer count(-1)
			time.Sleep(10 * time.Millisecond) // virtual
			return nil
		}})
		var callers sync.WaitGroup
		for range 6 {
			callers.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Millisecond)
				defer cancel()
				_, err := s.Rank(ctx, request(ada, "low"))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					answered++
				case errors.Is(err, context.DeadlineExceeded):
					late++
				default:
					t.Error(err)
				}
			})
		}
		callers.Wait()
		if most != 2 || answered != 4 || late != 2 {
			t.Errorf("%d at a time, %d answered, %d late; want 2, 4 and 2", most, answered, late)
		}
	})
}

// waiting scores once it may, and then says what.
type waiting struct {
	scorer.Scorer
	release chan struct{}
	scored  chan []float32
}

func (w waiting) Score(ctx context.Context, inputs []onnx.Tensor, out []float32) error {
	<-w.release
	err := w.Scorer.Score(ctx, inputs, out)
	select {
	case w.scored <- slices.Clone(out):
	default:
	}
	return err
}
