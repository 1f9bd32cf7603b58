package dataset

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"unicode/utf8"

	"github.com/repli-mesh/repli/pkg/views"
)

const (
	// maxEventID and maxEventType are how many bytes an event's id and type may have.
	maxEventID   = 128
	maxEventType = 64
)

// ErrNoEvents is returned when events are to be read and views.yaml does not say which columns hold them.
var ErrNoEvents = errors.New("views.yaml has no events, expected the names of their columns")

// EventRecord is one event of a file.
type EventRecord struct {
	Position
	// Event stays valid. Its texts may share memory with the whole record: what is kept for long is better cloned.
	Event views.Event
}

// Events yields the events of the file, with the faults and errors of Rows; ErrNoEvents when the project declares none.
// Quantity is finite and more than 0. Revenue is decimal text of at least 0 with at most 6 places, exact to the micro; a
// Parquet double is rounded to the nearest. The id has 1 to 128 bytes, the type 1 to 64.
func Events(ctx context.Context, project *views.Project, source Source) iter.Seq2[EventRecord, error] {
	return func(yield func(EventRecord, error) bool) {
		if project.Events == nil {
			yield(EventRecord{Position: Position{File: source.name}}, ErrNoEvents)
			return
		}
		columns := project.Events
		names := []string{
			columns.ID, columns.User, columns.Item, columns.Type, columns.Quantity, columns.Revenue, columns.Time,
		}
		err := scan(ctx, source, names, func(at Position, cells []cell, err error) bool {
			if err != nil {
				return yield(EventRecord{Position: at}, err)
			}
			event, faults := readEvent(project, at, names, cells)
			for _, fault := range faults {
				if !yield(EventRecord{Position: at}, fault) {
					return false
				}
			}
			return len(faults) > 0 || yield(EventRecord{Position: at, Event: event}, nil)
		})
		if err != nil {
			yield(EventRecord{Position: Position{File: source.name}}, err)
		}
	}
}

// readEvent makes an event of the cells of the named columns, or returns what is wrong with them.
func readEvent(project *views.Project, at Position, names []string, cells []cell) (views.Event, []error) {
	event := views.Event{Revenue: views.Money{Currency: project.Events.Currency}}
	var errs [7]error
	event.ID, errs[0] = cells[0].short(maxEventID)
	event.UserID, errs[1] = cells[1].id(project, views.User)
	event.ItemID, errs[2] = cells[2].id(project, views.Item)
	event.Type, errs[3] = cells[3].short(maxEventType)
	event.Quantity, errs[4] = cells[4].quantity()
	event.Revenue.Micros, errs[5] = cells[5].micros()
	event.Time, errs[6] = cells[6].time()
	var faults []error
	for i, err := range errs {
		if err != nil {
			faults = append(faults, &Fault{Position: at, Column: names[i], Problem: err.Error()})
		}
	}
	return event, faults
}

// short reads text of 1 to limit bytes.
func (c *cell) short(limit int) (string, error) {
	text, ok := c.plain()
	if !ok || text == "" || len(text) > limit || !utf8.ValidString(text) {
		return "", c.expected(fmt.Sprintf("UTF-8 text of 1 to %d bytes", limit))
	}
	return text, nil
}

func (c *cell) quantity() (float64, error) {
	number, ok := c.number(64)
	if !ok || !(number > 0) || math.IsInf(number, 0) {
		return 0, c.expected("a finite number > 0")
	}
	return number, nil
}
