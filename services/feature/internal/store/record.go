package store

import (
	"fmt"
	"time"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/views"
)

// Record is what a store knows of one entity. The reader of a record owns it, but not the texts and lists in its values.
type Record struct {
	// Values of all features, in the order of the Layout; each has a status, and only PRESENT ones a value.
	Values []views.Value
	// Times says when the values of each view were true, in the order of the views of the Layout; zero without a row.
	Times []time.Time
	// Unreadable says why views cannot be read, in the same order; nil when all can be. The values of such a view are
	// NULL_VALUE, and its time is zero.
	Unreadable []error
	// Err is set when nothing of the record can be read. All else is then of no use.
	Err error
}

// Found says whether any view has a row of the entity.
func (r Record) Found() bool {
	_, found := r.Oldest()
	return found
}

// Oldest returns the oldest time among the views that have a row, and whether any has.
func (r Record) Oldest() (oldest time.Time, found bool) {
	for _, at := range r.Times {
		if !at.IsZero() && (!found || at.Before(oldest)) {
			oldest, found = at, true
		}
	}
	return oldest, found
}

// Layout is the order of the features of one entity in its records: view after view, as the project declares them.
// Immutable and safe for concurrent use.
type Layout struct {
	// Views of the entity.
	Views []*views.View
	// Width is the number of features.
	Width int

	project *views.Project
	entity  views.Entity
}

// NewLayout returns the layout of an entity of the project.
func NewLayout(project *views.Project, entity views.Entity) *Layout {
	l := &Layout{Views: project.ViewsOf(entity), project: project, entity: entity}
	for _, view := range l.Views {
		l.Width += len(view.Features)
	}
	return l
}

// CanBe says whether there can be an entity with the id.
func (l *Layout) CanBe(id string) bool {
	return l.project.CheckID(l.entity, id) == nil
}

// Place returns which of the views has the name of the given one. It is a fault of kind NotFound when none has.
func (l *Layout) Place(view *views.View) (int, error) {
	for i, v := range l.Views {
		if v.Name == view.Name {
			return i, nil
		}
	}
	return 0, fault.New(fault.NotFound, "", "no view %q of the %s entity", view.Name, l.entity)
}

// Check returns a fault of kind InvalidArgument when a row cannot be stored: an id that the entity cannot have, or values
// that are not parallel to the features. It does not look at the values; views.View.Check does.
func (l *Layout) Check(view *views.View, rows []views.Row) error {
	for i, row := range rows {
		if err := l.project.CheckID(l.entity, row.EntityID); err != nil {
			return fault.Invalid(fmt.Sprintf("rows[%d].entity_id", i), "%w", err)
		}
		if len(row.Values) != len(view.Features) {
			return fault.Invalid(fmt.Sprintf("rows[%d].values", i), "are %d, expected %d, one for each feature of view %s",
				len(row.Values), len(view.Features), view.Name)
		}
	}
	return nil
}

// Absent returns the record of an entity that no view knows.
func (l *Layout) Absent() Record {
	r := Record{Values: make([]views.Value, l.Width), Times: make([]time.Time, len(l.Views))}
	Mark(r.Values, views.NotFound)
	return r
}

// Mark gives all the values a status and takes what they held.
func Mark(values []views.Value, status views.Status) {
	for i := range values {
		values[i] = views.Value{Status: status}
	}
}

// Outdated says whether values of the view that were true at a time are past its freshness.
func Outdated(view *views.View, at, now time.Time) bool {
	return view.Freshness > 0 && now.Sub(at) > view.Freshness
}
