package feature

import (
	"context"
	"fmt"
	"slices"
	"strings"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/views"
)

// maxViolations bounds the faults that one answer reports.
const maxViolations = 8

// WriteRows writes rows of one view, after all of them have been checked.
//
// Errors: fault.InvalidArgument with the rows and features at fault; fault.NotFound for an unknown view; fault.Unavailable
// with a reason that starts with STORE_ when the store fails, and some rows may then be written.
func (s *Service) WriteRows(ctx context.Context, request *featurev1.WriteRowsRequest) (*featurev1.WriteRowsResponse, error) {
	view, ok := s.deps.Project.View(request.GetView())
	if !ok {
		return nil, fault.New(fault.NotFound, "", "view %q is not declared", request.GetView())
	}
	rows := make([]views.Row, len(request.GetRows()))
	var violations []fault.Violation
	for i, sent := range request.GetRows() {
		row, err := s.row(view, sent)
		if err != nil {
			violations = append(violations, fault.Violation{Field: fmt.Sprintf("rows[%d]", i), Description: err.Error()})
			if len(violations) == maxViolations {
				break
			}
		}
		rows[i] = row
	}
	if len(violations) > 0 {
		return nil, fault.InvalidFields(violations...)
	}
	err := s.store.WriteRows(ctx, view, rows)
	if view.Entity == views.User && s.reads != nil {
		s.reads.written(view, rows, err)
	}
	if err != nil {
		return nil, err
	}
	if view.Entity == views.Item {
		s.feed.Kick()
	}
	return &featurev1.WriteRowsResponse{Written: uint32(len(rows))}, nil //nolint:gosec // at most 5,000 by the contract
}

// row returns a row that the view accepts.
func (s *Service) row(view *views.View, sent *featurev1.WriteRow) (views.Row, error) {
	row := views.Row{EntityID: sent.GetEntityId(), Values: make([]views.Value, len(view.Features))}
	if err := s.deps.Project.CheckID(view.Entity, row.EntityID); err != nil {
		return row, fmt.Errorf("entity_id: %w", err)
	}
	if sent.GetEventTime() != nil {
		if err := sent.GetEventTime().CheckValid(); err != nil {
			return row, fmt.Errorf("event_time: %w", err)
		}
		row.EventTime = sent.GetEventTime().AsTime()
	}
	known := 0
	for i, feature := range view.Features {
		value, ok := sent.GetValues()[feature.Name]
		if ok {
			known++
		}
		converted, err := convert(feature.Dtype, value)
		if err != nil {
			return row, fmt.Errorf("values[%q]: %w", feature.Name, err)
		}
		row.Values[i] = converted
	}
	if known < len(sent.GetValues()) {
		return row, unknown(view, sent.GetValues())
	}
	return row, view.Check(row)
}

// unknown names the values that the view does not have.
func unknown(view *views.View, values map[string]*featurev1.FeatureValue) error {
	var names []string
	for name := range values {
		if !slices.ContainsFunc(view.Features, func(f views.Feature) bool { return f.Name == name }) {
			names = append(names, fmt.Sprintf("%q", name))
		}
	}
	slices.Sort(names)
	return fmt.Errorf("values: view %s has no feature %s", view.Name, strings.Join(names, ", "))
}

// convert takes the kind that belongs to the dtype; no value is null.
func convert(dtype views.Dtype, value *featurev1.FeatureValue) (views.Value, error) {
	converted := views.Value{Status: views.Present}
	kind := views.Dtype(0)
	switch v := value.GetValue().(type) {
	case nil:
		return views.Value{Status: views.NullValue}, nil
	case *featurev1.FeatureValue_Number:
		kind, converted.Number = views.Float32, float32(v.Number)
	case *featurev1.FeatureValue_Integer:
		kind, converted.Integer = views.Int64, v.Integer
	case *featurev1.FeatureValue_Text:
		kind, converted.Text = views.String, v.Text
	case *featurev1.FeatureValue_Texts:
		kind, converted.Texts = views.StringList, v.Texts.GetValues()
	}
	if kind != dtype {
		return views.Value{}, fmt.Errorf("is %s, expected %s", kind, dtype)
	}
	return converted, nil
}
