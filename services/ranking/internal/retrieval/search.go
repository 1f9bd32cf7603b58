package retrieval

import "context"

// Query asks for items.
type Query struct {
	// Vector is the user's: as many finite elements as the manifest names columns.
	Vector []float32
	// Count is how many items are wanted.
	Count int
	// Without lists ids that must not be found; unknown ones do no harm.
	Without [][]string
}

// Result is what was found.
type Result struct {
	// IDs are the items, best first; of equal scores the one that came into the table first. At most the query's count.
	IDs []string
	// Scores are their inner products, finite.
	Scores []float32
	// Scanned is how many items were looked at, Total how many there were to look at, those that the query does without
	// included. Fewer were scanned when the context ended first: there may be better ones than IDs.
	Scanned, Total int
}

// Search returns the items with the greatest inner products with the query's vector: those of all items or, where ctx ends
// before that, of the items that were looked at until then. Before the first Update, for a vector of the wrong length, and
// for a count below 1 it finds nothing.
func (x *Index) Search(ctx context.Context, query Query) Result {
	on := x.snapshot.Load()
	if on == nil || len(query.Vector) != len(x.spec.User) || query.Count < 1 {
		return Result{}
	}
	result := Result{Total: on.total}
	if len(on.blocks) == 0 || ctx.Err() != nil {
		return result
	}
	s := x.scans.Get().(*scan)
	s.begin(ctx, on, x.form, query)
	x.join(s)
	if x.form == Int8 {
		s.exact()
	}
	result.take(s)
	s.ctx, s.on, s.vector = nil, nil, nil
	x.scans.Put(s)
	return result
}

func (r *Result) take(s *scan) {
	ranks := s.best.sorted()
	r.IDs, r.Scores, r.Scanned = make([]string, len(ranks)), make([]float32, len(ranks)), s.scanned
	for i, rank := range ranks {
		h := rank.hit()
		r.IDs[i], r.Scores[i] = s.on.table.ID(h.row), h.score
	}
}
