package dataset

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/repli-mesh/repli/pkg/views"
)

// Record is one row of a file in one view.
type Record struct {
	Position
	// View is the one that the row belongs to.
	View *views.View
	// Row holds until the next record of the file; its Values are overwritten then, while the texts in it stay. Texts may
	// share memory with the whole record: what is kept for long is better cloned.
	Row views.Row
}

// Rows yields the rows of the file in the given views, which are of one entity: for each record one Row for each view, in
// the order given. Columns that no view names are ignored.
//
// A value that does not fit its feature is a *Fault: it is yielded, as many as the record has, in place of the record's
// rows, and the next records follow. A column that is missing and a file that is damaged are a *Fault too, after which
// nothing follows; so it is with a failure to read and the end of ctx, which are other errors.
//
// An empty field of CSV is null. Lists are separated by '|' in CSV. Whole numbers may stand for ids; a double is rounded to
// float32. A time is RFC 3339 text or a Parquet timestamp, whose unit and UTC are respected; one without a zone is UTC.
func Rows(ctx context.Context, project *views.Project, source Source, of ...*views.View) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		if len(of) == 0 {
			return
		}
		r := newRowReader(project, of)
		err := scan(ctx, source, r.columns, func(at Position, cells []cell, err error) bool {
			if err != nil {
				return yield(Record{Position: at}, err)
			}
			if faults := r.read(at, cells); len(faults) > 0 {
				return yieldFaults(at, faults, yield)
			}
			for i, view := range of {
				if !yield(Record{Position: at, View: view, Row: r.rows[i]}, nil) {
					return false
				}
			}
			return true
		})
		if err != nil {
			yield(Record{Position: Position{File: source.name}}, err)
		}
	}
}

func yieldFaults(at Position, faults []error, yield func(Record, error) bool) bool {
	for _, fault := range faults {
		if !yield(Record{Position: at}, fault) {
			return false
		}
	}
	return true
}

// rowReader makes rows of cells.
type rowReader struct {
	project *views.Project
	entity  views.Entity
	views   []*views.View
	columns slots
	key     int
	times   []int   // of each view the cell of its event time, or -1
	cells   [][]int // of each view the cells of its features
	rows    []views.Row
}

func newRowReader(project *views.Project, of []*views.View) *rowReader {
	r := &rowReader{project: project, entity: of[0].Entity, views: of}
	r.key = r.columns.of(project.Keys[r.entity].Join)
	for _, view := range of {
		at := -1
		if view.EventTime != "" {
			at = r.columns.of(view.EventTime)
		}
		r.times = append(r.times, at)
		places := make([]int, len(view.Features))
		for i := range view.Features {
			places[i] = r.columns.of(view.Features[i].Name)
		}
		r.cells = append(r.cells, places)
		r.rows = append(r.rows, views.Row{Values: make([]views.Value, len(view.Features))})
	}
	return r
}

// read fills in the rows, or returns what is wrong with the cells.
func (r *rowReader) read(at Position, cells []cell) []error {
	var faults []error
	wrong := func(column int, err error) {
		faults = append(faults, &Fault{Position: at, Column: r.columns[column], Problem: err.Error()})
	}
	id, err := cells[r.key].id(r.project, r.entity)
	if err != nil {
		wrong(r.key, err)
	}
	for i, view := range r.views {
		row := &r.rows[i]
		row.EntityID = id
		if place := r.times[i]; place >= 0 {
			if row.EventTime, err = cells[place].time(); err != nil {
				wrong(place, err)
			}
		}
		for j, place := range r.cells[i] {
			if err := cells[place].feature(&view.Features[j], &row.Values[j]); err != nil {
				wrong(place, err)
			}
		}
	}
	return faults
}

// Feeds returns the views of the entity that the file holds, in their order: those of which it has at least one feature;
// Rows says which others of their columns are missing. A file that holds none is a *Fault.
func Feeds(ctx context.Context, project *views.Project, entity views.Entity, source Source) ([]*views.View, error) {
	t, file, err := openTable(ctx, source)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	defer t.close()
	var fed []*views.View
	var names []string
	for _, view := range project.ViewsOf(entity) {
		names = append(names, view.Name)
		if slices.ContainsFunc(view.Features, func(f views.Feature) bool { return slices.Contains(t.columns(), f.Name) }) {
			fed = append(fed, view)
		}
	}
	if len(fed) == 0 {
		return nil, &Fault{
			Position: Position{File: source.name},
			Problem:  "has the columns " + enumerate(t.columns()) + ", expected features of " + strings.Join(names, ", "),
		}
	}
	return fed, nil
}
