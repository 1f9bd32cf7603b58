// Package rows owns the packed form in which the features of an entity travel: one array for each type, and a status for
// every column.
//
// It knows the schema and the records of a store, and no store and no RPC.
package rows

import (
	"bytes"
	"slices"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// Row is one packed row. It is not changed once made.
type Row struct {
	Numbers  []float32 // one for each float32 column
	Integers []int64   // one for each int64 column
	Texts    []string  // one for each string column
	Statuses []byte    // one for each column: the number of its featurev1.ValueStatus
}

// Equal says whether two rows of one layout hold the same.
func (r Row) Equal(other Row) bool {
	return bytes.Equal(r.Statuses, other.Statuses) && slices.Equal(r.Numbers, other.Numbers) &&
		slices.Equal(r.Integers, other.Integers) && slices.Equal(r.Texts, other.Texts)
}

// Size returns about how many bytes the row takes on the wire.
func (r Row) Size() int {
	const integer = 10 // the longest varint
	size := 4*len(r.Numbers) + integer*len(r.Integers) + len(r.Statuses)
	for _, text := range r.Texts {
		size += len(text) + 3
	}
	return size
}

// Layout packs records of one entity. Immutable and safe for concurrent use.
type Layout struct {
	schema   *featurev1.Schema
	columns  []column
	counts   [views.String + 1]int // columns by dtype
	segment  int                   // place in a record; -1: no feature has the role
	picks    int                   // the candidates, likewise
	starts   []int                 // the place of each view's first feature in a record
	viewName []string
}

// column is where a column of the schema lies in a record.
type column struct {
	place int
	dtype views.Dtype
}

// New returns the layout of an entity of the project.
func New(project *views.Project, entity views.Entity) *Layout {
	l := &Layout{segment: -1, picks: -1, schema: &featurev1.Schema{}}
	place := 0
	for _, view := range project.ViewsOf(entity) {
		l.starts, l.viewName = append(l.starts, place), append(l.viewName, view.Name)
		for _, feature := range view.Features {
			l.add(feature, place)
			place++
		}
	}
	schema := project.Schema(entity)
	l.schema.Fingerprint = schema.Fingerprint
	for _, c := range schema.Columns {
		l.schema.Columns = append(l.schema.Columns, &featurev1.Column{
			Name: c.Name, Dtype: featurev1.Dtype(c.Dtype), View: c.View,
		})
	}
	return l
}

func (l *Layout) add(feature views.Feature, place int) {
	switch feature.Role {
	case views.Segment:
		l.segment = place
	case views.Candidates:
		l.picks = place
	case views.NoRole:
	}
	if feature.Dtype != views.StringList {
		l.columns = append(l.columns, column{place: place, dtype: feature.Dtype})
		l.counts[feature.Dtype]++
	}
}

// Schema returns the columns of the rows. It must not be changed.
func (l *Layout) Schema() *featurev1.Schema { return l.schema }

// Pack returns the row of a record.
func (l *Layout) Pack(record store.Record) Row {
	row := Row{Statuses: make([]byte, len(l.columns))}
	if n := l.counts[views.Float32]; n > 0 {
		row.Numbers = make([]float32, 0, n)
	}
	if n := l.counts[views.Int64]; n > 0 {
		row.Integers = make([]int64, 0, n)
	}
	if n := l.counts[views.String]; n > 0 {
		row.Texts = make([]string, 0, n)
	}
	for i, c := range l.columns {
		value := &record.Values[c.place]
		row.Statuses[i] = byte(value.Status)
		switch c.dtype {
		case views.Float32:
			row.Numbers = append(row.Numbers, value.Number)
		case views.Int64:
			row.Integers = append(row.Integers, value.Integer)
		default:
			row.Texts = append(row.Texts, value.Text)
		}
	}
	return row
}

// Absent returns the row of an entity that the store does not have.
func (l *Layout) Absent() Row {
	return Row{
		Numbers:  make([]float32, l.counts[views.Float32]),
		Integers: make([]int64, l.counts[views.Int64]),
		Texts:    make([]string, l.counts[views.String]),
		Statuses: bytes.Repeat([]byte{byte(views.NotFound)}, len(l.columns)),
	}
}

// Segment returns the record's segment; empty when there is none, or one that is longer than segments may be.
func (l *Layout) Segment(record store.Record) string {
	if l.segment < 0 || len(record.Values[l.segment].Text) > views.MaxSegment {
		return ""
	}
	return record.Values[l.segment].Text
}

// Candidates returns the ids in the record that can be item ids, as many as there may be, in their order.
func (l *Layout) Candidates(record store.Record) []string {
	if l.picks < 0 {
		return nil
	}
	possible := func(id string) bool { return id != "" && len(id) <= views.MaxListText }
	ids := record.Values[l.picks].Texts
	if !allOf(ids, possible) {
		kept := make([]string, 0, len(ids)) // the list of the record is not ours to change
		for _, id := range ids {
			if possible(id) {
				kept = append(kept, id)
			}
		}
		ids = kept
	}
	return ids[:min(len(ids), views.MaxTexts)]
}

func allOf(ids []string, possible func(string) bool) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return !possible(id) })
}

// Unreadable returns the names of the views that could not be read.
func (l *Layout) Unreadable(record store.Record) []string {
	var names []string
	for i, err := range record.Unreadable {
		if err != nil {
			names = append(names, l.viewName[i])
		}
	}
	return names
}

// Outdated returns the names of the views whose values are past their freshness.
func (l *Layout) Outdated(record store.Record) []string {
	var names []string
	for i, start := range l.starts {
		if record.Values[start].Status == views.OutsideMaxAge {
			names = append(names, l.viewName[i])
		}
	}
	return names
}
