package ranking

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/services/ranking/internal/models"
	"github.com/repli-mesh/repli/services/ranking/internal/registry"
)

// ListModels lists the versions of the registry and what each is used for, highest first; without a registry it is the model
// that serves. UNAVAILABLE says that the registry's folder cannot be read.
func (s *Service) ListModels(context.Context, *rankingv1.ListModelsRequest) (*rankingv1.ListModelsResponse, error) {
	response := &rankingv1.ListModelsResponse{}
	if s.registry == nil {
		only := &rankingv1.RegisteredModel{States: []rankingv1.ModelState{rankingv1.ModelState_MODEL_STATE_SERVING}}
		describe(only, s.current.Load().serving.Model)
		response.Models = append(response.Models, only)
		return response, nil
	}
	entries, err := s.registry.List()
	if err != nil {
		return nil, fault.New(fault.Unavailable, "REGISTRY_UNREADABLE", "%w", err)
	}
	for _, entry := range entries {
		model := &rankingv1.RegisteredModel{
			Folder: entry.Folder, States: states(entry), CanaryPercent: entry.Canary, ShadowPercent: entry.Shadow,
			RefusedReason: entry.Refused, Name: entry.Label.Name, Version: entry.Label.Version, Sha256: entry.Label.SHA256,
			TrainedAt: timestamp(entry.Label.TrainedAt),
		}
		if entry.Model != nil {
			describe(model, entry.Model)
		}
		response.Models = append(response.Models, model)
	}
	return response, nil
}

// states is at least one.
func states(entry registry.Entry) []rankingv1.ModelState {
	var list []rankingv1.ModelState
	for _, each := range []struct {
		is    bool
		state rankingv1.ModelState
	}{
		{entry.Serving, rankingv1.ModelState_MODEL_STATE_SERVING},
		{entry.Previous, rankingv1.ModelState_MODEL_STATE_PREVIOUS},
		{entry.Canary > 0, rankingv1.ModelState_MODEL_STATE_CANARY},
		{entry.Shadow > 0, rankingv1.ModelState_MODEL_STATE_SHADOW},
		{entry.Refused != "", rankingv1.ModelState_MODEL_STATE_REFUSED},
	} {
		if each.is {
			list = append(list, each.state)
		}
	}
	if list == nil {
		list = append(list, rankingv1.ModelState_MODEL_STATE_AVAILABLE)
	}
	return list
}

// describe writes what is known of a model in memory.
func describe(out *rankingv1.RegisteredModel, m *models.Model) {
	out.Name, out.Version, out.Sha256, out.Engine = m.Name, m.Version, m.SHA256, m.Scorer.Engine()
	out.TrainedAt = timestamp(m.TrainedAt)
}

// timestamp is nil for a time that is not known.
func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
