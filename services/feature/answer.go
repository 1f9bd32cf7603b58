package feature

import (
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/rows"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// state is what a view of a row that is served is.
type state uint8

const (
	viewFresh state = iota
	viewOutdated
	viewMissing
	viewUnreadable
	states // how many there are
)

// stateNames are those in figures.
var stateNames = [states]string{"fresh", "outside_max_age", "not_found", "unreadable"}

// answer is the response for a row, from when it was made until its values have grown older than their views allow. It is not changed
// once made.
type answer struct {
	response *featurev1.GetUserResponse
	views    []state   // of the views of users, in their order
	since    time.Time // by the time of the day: a clock that has been set back since is before it
	until    time.Time // zero is for ever
}

// holds says whether it is the answer of a time.
func (a *answer) holds(now time.Time) bool {
	return !now.Before(a.since) && (a.until.IsZero() || !now.After(a.until))
}

// stale returns the answer as one that is past its time to live, for a reason.
func (a *answer) stale(reason string) *answer {
	r := a.response
	return &answer{views: a.views, since: a.since, until: a.until, response: &featurev1.GetUserResponse{
		Status: r.GetStatus(), Row: r.GetRow(), Segment: r.GetSegment(), CandidateItemIds: r.GetCandidateItemIds(),
		EventTime: r.GetEventTime(), OutsideMaxAgeViews: r.GetOutsideMaxAgeViews(), UnreadableViews: r.GetUnreadableViews(),
		ReadTime: r.GetReadTime(), Stale: true, StaleReason: reason, FreshUntil: r.GetFreshUntil(),
	}}
}

// user is a row in memory, with the last answer that was made of it. Safe for concurrent use.
type user struct {
	record store.Record // not changed
	read   time.Time
	last   atomic.Pointer[answer]
}

// answer returns the answer of now.
func (u *user) answer(f *form, now time.Time) *answer {
	if last := u.last.Load(); last != nil && last.holds(now) {
		return last
	}
	made := f.answer(u.record, now)
	made.response.ReadTime = timestamppb.New(u.read)
	u.last.Store(made)
	return made
}

// weight is about how many bytes the row takes together with its answer, which shares its texts.
func (u *user) weight(id string) int {
	const answer, packed = 640, 8 // the messages and the heads of their slices; a number and its status
	return len(id) + u.record.Weight() + packed*len(u.record.Values) + answer
}

// form makes answers of the records of users. Immutable and safe for concurrent use.
type form struct {
	rows   *rows.Layout
	layout *store.Layout
}

func newForm(project *views.Project) *form {
	return &form{rows: rows.New(project, views.User), layout: store.NewLayout(project, views.User)}
}

func (f *form) answer(record store.Record, now time.Time) *answer {
	record, until := f.layout.Aged(record, now)
	row := f.rows.Pack(record)
	made := &answer{since: now.Round(0), until: until, views: f.states(record, now), response: &featurev1.GetUserResponse{
		Status: featurev1.UserStatus_USER_STATUS_NOT_FOUND,
		Row: &featurev1.Row{
			SchemaFingerprint: f.rows.Schema().GetFingerprint(),
			Numbers:           row.Numbers,
			Integers:          row.Integers,
			Texts:             row.Texts,
			Statuses:          row.Statuses,
		},
		Segment:            f.rows.Segment(record),
		CandidateItemIds:   f.rows.Candidates(record),
		OutsideMaxAgeViews: f.rows.Outdated(record),
		UnreadableViews:    f.rows.Unreadable(record),
	}}
	if oldest, found := record.Oldest(); found {
		made.response.Status = featurev1.UserStatus_USER_STATUS_FOUND
		made.response.EventTime = timestamppb.New(oldest)
	}
	if !until.IsZero() {
		made.response.FreshUntil = timestamppb.New(until)
	}
	return made
}

func (f *form) states(record store.Record, now time.Time) []state {
	all := make([]state, len(f.layout.Views))
	for i, view := range f.layout.Views {
		switch at := record.Times[i]; {
		case record.Unreadable != nil && record.Unreadable[i] != nil:
			all[i] = viewUnreadable
		case at.IsZero():
			all[i] = viewMissing
		case store.Outdated(view, at, now):
			all[i] = viewOutdated
		}
	}
	return all
}
