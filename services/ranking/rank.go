package ranking

import (
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/services/ranking/internal/binding"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
	"github.com/repli-mesh/repli/services/ranking/internal/topk"
)

// work is what one request needs besides its answer; it is reused.
type work struct {
	batch  binding.Batch
	scores []float32
	ids    []string  // the candidates, given and found
	vector []float32 // the user's, for retrieval
}

// Rank scores the candidates. An id that is there twice is scored twice. Features of the request that the model does not
// have are ignored. A candidate that lacks a value without a default is neither scored nor unknown, and so is one that there is
// no time for: the first ones are scored.
//
// Errors: INVALID_ARGUMENT for a row that does not fit its schema, or a feature of the request that the model's dtype cannot
// hold; FAILED_PRECONDITION with the reason NOT_READY, SCHEMA_MISMATCH or NO_DEFAULT; RESOURCE_EXHAUSTED with the reason BUSY when
// so much waits that its turn would not come in time; the context's.
func (s *Service) Rank(ctx context.Context, request *rankingv1.RankRequest) (*rankingv1.RankResponse, error) {
	started := s.now()
	response, err := s.admit(ctx, request)
	traced(ctx, request, response)
	s.report.ranked(ctx, s.now().Sub(started), err)
	return response, err
}

// rank has the model score that is the user's. A canary that fails costs time, not the answer: the one that serves is there
// for everyone.
func (s *Service) rank(ctx context.Context, request *rankingv1.RankRequest, w *work) (*rankingv1.RankResponse, error) {
	state := s.watcher.State()
	if state.Table == nil {
		return nil, fault.New(fault.NotReady, "NOT_READY", "there is no item table yet")
	}
	user, err := layout(request, state)
	if err != nil {
		return nil, err
	}
	line := s.current.Load()
	if line.tries(request.GetAffinity()) {
		response, err := s.rankAs(ctx, roleCanary, line.canary, request, user, state, w)
		if err == nil || ctx.Err() != nil {
			return response, err
		}
	}
	response, err := s.rankAs(ctx, roleServing, line.serving, request, user, state, w)
	if err == nil {
		s.mirror(ctx, line, request, user, state, w)
	}
	return response, err
}

// rankAs ranks with a model and reports how that went.
func (s *Service) rankAs(
	ctx context.Context, as role, model *serving, request *rankingv1.RankRequest, user *schema.Schema, state *items.State, w *work,
) (*rankingv1.RankResponse, error) {
	started := s.now()
	response, err := s.rankWith(ctx, model, request, user, state, w)
	s.report.scoredAs(ctx, as, s.now().Sub(started), int(response.GetNonFinite()), err)
	return response, err
}

func (s *Service) rankWith(
	ctx context.Context, model *serving, request *rankingv1.RankRequest, user *schema.Schema, state *items.State, w *work,
) (*rankingv1.RankResponse, error) {
	found := s.retrieve(ctx, model, request, user, w)
	given := len(request.GetCandidateItemIds())
	w.ids = append(append(w.ids[:0], request.GetCandidateItemIds()...), found.ids...)
	bound, err := s.assemble(ctx, model, request, user, state, w)
	if err != nil {
		return nil, err
	}
	assembled := len(w.batch.Positions)
	w.scores = slices.Grow(w.scores[:0], assembled)[:assembled]
	n, err := s.score(ctx, model, bound, w)
	if err != nil {
		return nil, err
	}
	w.scores, w.batch.Positions = w.scores[:n], w.batch.Positions[:n]
	_, span := s.report.span(ctx, model, "ranking.topk")
	best, scores, retrieved, nonFinite := w.best(min(int(request.GetCount()), n), given)
	span.End()
	s.report.candidates(ctx, n-nonFinite, nonFinite, &w.batch, model.defaults)
	response := &rankingv1.RankResponse{
		Indices:          best,
		Scores:           scores,
		Scored:           uint32(n - nonFinite),   //nolint:gosec // the contract bounds the candidates
		Unknown:          uint32(w.batch.Unknown), //nolint:gosec // as above
		NonFinite:        uint32(nonFinite),       //nolint:gosec // as above
		Model:            model.ID(),
		ItemTableVersion: state.Table.Version(),
		ItemTableTime:    timestamppb.New(state.Confirmed),
		RetrievedItemIds: retrieved,
		Retrieved:        uint32(len(found.ids)), //nolint:gosec // the manifest bounds them
		Scanned:          uint64(found.scanned),  //nolint:gosec // a count
		Scannable:        uint64(found.total),    //nolint:gosec // a count
	}
	if request.GetDebug() {
		response.Debug = explain(request, bound, state.Table, w, assembled, len(best))
	}
	return response, nil
}

// best chooses from the candidates that have a score. An item that the search found, and so is not among those given, is named, and
// its position is that of its name.
func (w *work) best(count, given int) (best []uint32, scores []float32, retrieved []string, nonFinite int) {
	best, nonFinite = topk.Select(make([]uint32, 0, count), w.scores, count)
	scores = make([]float32, len(best))
	for i, at := range best {
		best[i], scores[i] = w.batch.Positions[at], w.scores[at]
		if position := int(best[i]); position >= given {
			best[i] = uint32(given + len(retrieved)) //nolint:gosec // the contract bounds the candidates
			retrieved = append(retrieved, w.ids[position])
		}
	}
	return best, scores, retrieved, nonFinite
}

// assemble fills the batch with the model's inputs.
func (s *Service) assemble(
	ctx context.Context, model *serving, request *rankingv1.RankRequest, user *schema.Schema, state *items.State, w *work,
) (*binding.Binding, error) {
	_, span := s.report.span(ctx, model, "ranking.join")
	defer span.End()
	bound, err := model.bindings.Get(user, state.Table.Schema())
	if err != nil {
		return nil, fault.New(fault.NotReady, "SCHEMA_MISMATCH", "%w", err)
	}
	return bound, bound.Assemble(binding.Request{
		User: request.GetUser(), Given: request.GetRequestFeatures(),
		Candidates: w.ids, Table: state.Table,
	}, &w.batch)
}

// layout returns the schema of the user's row, which it checks. A user of whom nothing is known gets the newest
// layout, so that the model knows which features are a user's.
func layout(request *rankingv1.RankRequest, state *items.State) (*schema.Schema, error) {
	row := request.GetUser()
	if row == nil {
		return state.LatestUser(), nil
	}
	user := state.User(row.GetSchemaFingerprint())
	if user == nil {
		return nil, fault.New(fault.NotReady, "SCHEMA_MISMATCH",
			"the user's row has schema %016x, which the feature service has not announced", row.GetSchemaFingerprint())
	}
	if err := user.Check(row); err != nil {
		return nil, fault.Invalid("user", "%w", err)
	}
	return user, nil
}
