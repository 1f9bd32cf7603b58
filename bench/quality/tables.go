package quality

import (
	"context"
	"maps"
	"slices"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/allinone"
)

// table holds the features of entities as they stand in the files, read without the mesh: what its scores are held
// against.
type table struct {
	values   map[string]map[string]float64
	segments map[string]string
}

// readTable reads all views of an entity. Values that are null are left out.
func readTable(
	ctx context.Context, project *views.Project, entity views.Entity, sources []dataset.Source,
) (table, error) {
	t := table{values: map[string]map[string]float64{}, segments: map[string]string{}}
	for _, source := range sources {
		for record, err := range dataset.Rows(ctx, project, source, project.ViewsOf(entity)...) {
			if err != nil {
				return t, err
			}
			t.add(record.View, record.Row)
		}
	}
	return t, nil
}

func (t table) add(view *views.View, row views.Row) {
	values := t.values[row.EntityID]
	if values == nil {
		values = map[string]float64{}
		t.values[row.EntityID] = values
	}
	for i, feature := range view.Features {
		value := row.Values[i]
		switch {
		case value.Status != views.Present:
		case feature.Role == views.Segment:
			t.segments[row.EntityID] = value.Text
		case feature.Dtype == views.Float32:
			values[feature.Name] = float64(value.Number)
		case feature.Dtype == views.Int64:
			values[feature.Name] = float64(value.Integer)
		}
	}
}

// ids are the entities in a stable order.
func (t table) ids() []string { return slices.Sorted(maps.Keys(t.values)) }

// readTables reads users and items.
func readTables(ctx context.Context, data allinone.Data) (users, items table, err error) {
	if users, err = readTable(ctx, data.Project, views.User, data.Users); err != nil {
		return users, items, err
	}
	items, err = readTable(ctx, data.Project, views.Item, data.Items)
	return users, items, err
}
