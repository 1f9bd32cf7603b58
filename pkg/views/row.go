package views

import "time"

// Status says whether a value is there. The numbers are those of featurev1.ValueStatus.
type Status uint8

// The statuses there are.
const (
	// Present is a value.
	Present Status = iota + 1
	// NullValue is a known entity whose value is null.
	NullValue
	// NotFound is an entity of which the view has no row.
	NotFound
	// OutsideMaxAge is a value older than the view's freshness.
	OutsideMaxAge
)

// String returns the name used in documentation.
func (s Status) String() string {
	switch s {
	case Present:
		return "PRESENT"
	case NullValue:
		return "NULL_VALUE"
	case NotFound:
		return "NOT_FOUND"
	case OutsideMaxAge:
		return "OUTSIDE_MAX_AGE"
	default:
		return "UNSPECIFIED"
	}
}

// Value is one value of a row. Which field holds it is said by the feature's dtype; the others are zero, and all of them
// are unless Status is Present.
type Value struct {
	Status  Status
	Number  float32  // Float32
	Integer int64    // Int64
	Text    string   // String
	Texts   []string // StringList
}

// Row is the values of one entity in one view.
type Row struct {
	// EntityID is the user's or the item's id: 1 to MaxUserID or MaxItemID bytes of UTF-8. It is never part of an error.
	EntityID string
	// Values are parallel to View.Features.
	Values []Value
	// EventTime is when the values were true; the zero time means now.
	EventTime time.Time
}

// Event is something that a user did with an item.
type Event struct {
	// ID is unique.
	ID string
	// UserID, ItemID and Type say who did what with which item.
	UserID, ItemID, Type string
	// Quantity is how many units: finite, more than 0.
	Quantity float64
	// Revenue is for the whole event, not a unit.
	Revenue Money
	// Time is when it happened, in UTC.
	Time time.Time
}

// Money is an exact amount.
type Money struct {
	// Currency is an ISO 4217 code.
	Currency string
	// Micros is the amount in millionths of the currency's unit.
	Micros int64
}
