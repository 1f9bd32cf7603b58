package ranking

import (
	"context"
	"log/slog"
	"sync"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/services/ranking/internal/items"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
	"github.com/repli-mesh/repli/services/ranking/internal/retrieval"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

// indexing brings tables and models together: every table is in the indexes of the models that answer before a request sees
// it, and every model has an index of the last table before it answers.
type indexing struct {
	mu    sync.Mutex
	table *items.Table // the last one
}

// newIndex returns the index for a model's retrieval; nil where its manifest asks for none.
func newIndex(m *models.Model) *retrieval.Index {
	if m.Retrieval == nil {
		return nil
	}
	return retrieval.New(*m.Retrieval, retrieval.Int8)
}

// prepare takes a table that requests will see next.
func (s *Service) prepare(table *items.Table) {
	s.indexing.mu.Lock()
	defer s.indexing.mu.Unlock()
	s.indexing.table = table
	for _, model := range s.current.Load().answering() {
		s.index(model)
	}
}

// index brings a model's index to the last table. A column that the table lacks takes the search away, not the model.
func (s *Service) index(model *serving) {
	if model.index == nil || s.indexing.table == nil {
		return
	}
	if err := model.index.Update(s.indexing.table); err != nil {
		s.report.log.Error("the items cannot be searched", slog.String("model", model.ID()), slog.String("error", err.Error()))
	}
}

// found is what a search brought, and none where there was no search.
type found struct {
	ids            []string
	scanned, total int
}

// retrieve searches the items for further candidates, within its share of the time that is left. What the user's vector says
// nothing about, a new user above all, is not searched for.
func (s *Service) retrieve(
	ctx context.Context, model *serving, request *rankingv1.RankRequest, user *schema.Schema, w *work,
) found {
	if model.index == nil || !request.GetRetrieve() {
		return found{}
	}
	var ok bool
	w.vector, ok = model.index.Vector(retrieval.User{
		Layout: user, Row: request.GetUser(), Given: request.GetRequestFeatures(),
	}, w.vector[:0])
	if !ok {
		return found{}
	}
	ctx, span := s.report.span(ctx, model, "ranking.retrieve")
	defer span.End()
	if deadline, limited := ctx.Deadline(); limited {
		granted, _ := s.retrieval.Grant(deadline.Sub(s.now())) // too little is none: the search then only counts
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, granted)
		defer cancel()
	}
	result := model.index.Search(ctx, retrieval.Query{
		Vector: w.vector, Count: model.Retrieval.Count,
		Without: [][]string{request.GetCandidateItemIds(), request.GetExcludeItemIds()},
	})
	return found{ids: result.IDs, scanned: result.Scanned, total: result.Total}
}
