package store

import (
	"slices"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
)

// Aged returns a record that was read earlier as it is now, without the values that have grown too old since, and until
// when that holds; the zero time is for ever. The record that is given stays as it is.
func (l *Layout) Aged(r Record, now time.Time) (aged Record, until time.Time) {
	rest := r.Values
	for i, view := range l.Views {
		n := len(view.Features)
		at, values := r.Times[i], rest[:n]
		rest = rest[n:]
		switch {
		case at.IsZero() || view.Freshness == 0 || values[0].Status == views.OutsideMaxAge:
		case Outdated(view, at, now):
			r.Values = slices.Clone(r.Values)
			place := len(r.Values) - len(rest) - n
			Mark(r.Values[place:place+n], views.OutsideMaxAge)
			rest = r.Values[place+n:]
		default:
			if end := at.Add(view.Freshness); until.IsZero() || end.Before(until) {
				until = end
			}
		}
	}
	return r, until
}

// With returns a record as it is read after a row of one of the views was written at a time. The record that is given stays
// as it is.
func (l *Layout) With(r Record, place int, row views.Row, now time.Time) Record {
	values, at := Kept(row, now)
	start := 0
	for _, view := range l.Views[:place] {
		start += len(view.Features)
	}
	r.Values, r.Times, r.Unreadable = slices.Clone(r.Values), slices.Clone(r.Times), slices.Clone(r.Unreadable)
	copy(r.Values[start:], values)
	r.Times[place] = at
	if r.Unreadable != nil {
		r.Unreadable[place] = nil
	}
	return r
}

// Kept returns what stays of a row that is written at a time, and when that was true. It shares nothing with the row but
// texts.
func Kept(row views.Row, now time.Time) (values []views.Value, at time.Time) {
	values, at = slices.Clone(row.Values), row.EventTime
	if at.IsZero() {
		at = now
	}
	for i := range values {
		value := &values[i]
		if value.Status != views.Present {
			*value = views.Value{Status: views.NullValue}
		}
		value.Texts = slices.Clone(value.Texts)
	}
	return values, at
}

// Weight returns about how many bytes the record takes.
func (r Record) Weight() int {
	const value, stamp, text = 56, 24, 16 // of a views.Value, a time.Time, and the head of a string
	weight := value*len(r.Values) + stamp*len(r.Times)
	for i := range r.Values {
		v := &r.Values[i]
		weight += len(v.Text)
		for _, each := range v.Texts {
			weight += text + len(each)
		}
	}
	return weight
}
