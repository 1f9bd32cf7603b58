package load

import (
	"context"
	"iter"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
)

// file is one file of the input and what is found out about it.
type file struct {
	source dataset.Source
	entity views.Entity // empty for events
	digest dataset.Digest
	fed    []*views.View // what its rows belong to
	groups []*group      // in which its keys are unique
	count  int64         // of records
}

// filesOf returns the files in the order in which they are written.
func filesOf(in Input) []*file {
	var files []*file
	add := func(entity views.Entity, sources []dataset.Source) {
		for _, source := range sources {
			files = append(files, &file{source: source, entity: entity})
		}
	}
	add(views.User, in.Users)
	add(views.Item, in.Items)
	add("", in.Events)
	return files
}

// record is one record of a file: a row for each view that the file feeds, or an event.
type record struct {
	at    dataset.Position
	key   string
	rows  []views.Row // parallel to fed; overwritten by the next record
	event views.Event
}

// records yields what dataset yields, with the rows of one record together.
func (f *file) records(ctx context.Context, project *views.Project) iter.Seq2[record, error] {
	if f.entity == "" {
		return f.events(ctx, project)
	}
	return func(yield func(record, error) bool) {
		rows := make([]views.Row, 0, len(f.fed))
		for part, err := range dataset.Rows(ctx, project, f.source, f.fed...) {
			if err != nil {
				if !yield(record{at: part.Position}, err) {
					return
				}
				continue
			}
			rows = append(rows, part.Row)
			if len(rows) < len(f.fed) {
				continue
			}
			if !yield(record{at: part.Position, key: part.Row.EntityID, rows: rows}, nil) {
				return
			}
			rows = rows[:0]
		}
	}
}

func (f *file) events(ctx context.Context, project *views.Project) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for part, err := range dataset.Events(ctx, project, f.source) {
			if !yield(record{at: part.Position, key: part.Event.ID, event: part.Event}, err) {
				return
			}
		}
	}
}
