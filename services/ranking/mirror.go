package ranking

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"google.golang.org/protobuf/proto"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/services/ranking/internal/binding"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
	"github.com/repli-mesh/repli/services/ranking/internal/shadow"
)

// mirrored is a request for the shadow model: copies of what answered it.
type mirrored struct {
	model   *serving
	request *rankingv1.RankRequest // the user's row and the request's features alone
	user    *schema.Schema
	state   *items.State
	ids     []string  // the candidates that were scored
	scores  []float32 // theirs
}

// mirror has a share of the requests scored by the shadow model too, after the answer and beside it. It copies what is needed
// and never waits.
func (s *Service) mirror(
	ctx context.Context, line *lineup, request *rankingv1.RankRequest, user *schema.Schema, state *items.State, w *work,
) {
	if line.shadow == nil || rand.Float64() >= line.mirrored { //nolint:gosec // a sample is no secret
		return
	}
	s.shadow.Offer(ctx, func() shadow.Job {
		m := mirrored{
			model: line.shadow, user: user, state: state, scores: slices.Clone(w.scores),
			request: proto.CloneOf(&rankingv1.RankRequest{User: request.GetUser(), RequestFeatures: request.GetRequestFeatures()}),
		}
		for _, position := range w.batch.Positions {
			m.ids = append(m.ids, w.ids[position])
		}
		return func(ctx context.Context) (shadow.Difference, error) { return s.compare(ctx, m) }
	})
}

// compare scores a mirrored request and holds the scores against those that answered it.
func (s *Service) compare(ctx context.Context, m mirrored) (shadow.Difference, error) {
	started := s.now()
	scores := slices.Repeat([]float32{float32(math.NaN())}, len(m.ids)) // of those that the model cannot score
	nonFinite, err := s.rescore(ctx, m, scores)
	s.report.scoredAs(ctx, roleShadow, s.now().Sub(started), nonFinite, err)
	if err != nil {
		return shadow.Difference{}, err
	}
	return shadow.Compare(m.scores, scores), nil
}

// rescore writes the shadow's scores and returns how many are not finite.
func (s *Service) rescore(ctx context.Context, m mirrored, scores []float32) (nonFinite int, err error) {
	w := s.works.Get().(*work)
	defer s.works.Put(w)
	bound, err := m.model.bindings.Get(m.user, m.state.Table.Schema())
	if err != nil {
		return 0, err
	}
	if err := bound.Assemble(binding.Request{
		User: m.request.GetUser(), Given: m.request.GetRequestFeatures(), Candidates: m.ids, Table: m.state.Table,
	}, &w.batch); err != nil {
		return 0, err
	}
	w.scores = slices.Grow(w.scores[:0], len(w.batch.Positions))[:len(w.batch.Positions)]
	scored, err := s.score(ctx, m.model, bound, w)
	if err != nil {
		return 0, err
	}
	for i, position := range w.batch.Positions[:scored] {
		scores[position] = w.scores[i]
		if !(math.Abs(float64(w.scores[i])) <= math.MaxFloat32) { // NaN counts
			nonFinite++
		}
	}
	return nonFinite, nil
}
