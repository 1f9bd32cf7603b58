// Package views owns the declaration of features, views.yaml: which entities there are, which feature views they have,
// what type each feature is, and which columns of a file hold events.
//
// It parses and checks; it reads no file, stores nothing and knows neither Redis nor the wire.
package views

import (
	"slices"
	"time"
)

// Entity is what a feature describes.
type Entity string

// The entities there are.
const (
	User Entity = "user"
	Item Entity = "item"
)

// Dtype is the type of a feature's value. Float32, Int64 and String have the numbers of featurev1.Dtype; a StringList
// does not travel in rows and has none there.
type Dtype uint8

// The types there are.
const (
	// Float32 is IEEE 754 binary32, finite.
	Float32 Dtype = iota + 1
	// Int64 is a signed 64-bit integer.
	Int64
	// String is UTF-8 text of at most MaxText bytes.
	String
	// StringList is at most MaxTexts texts of at most MaxListText bytes.
	StringList
)

// String returns the name used in views.yaml.
func (d Dtype) String() string {
	switch d {
	case Float32:
		return "float32"
	case Int64:
		return "int64"
	case String:
		return "string"
	case StringList:
		return "string_list"
	default:
		return "unknown"
	}
}

// Role says what a feature is for besides being an input of models.
type Role string

// The roles there are.
const (
	// NoRole is an ordinary feature.
	NoRole Role = ""
	// Segment is the text that names a user's segment.
	Segment Role = "segment"
	// Candidates is a user's list of item ids computed ahead, best first.
	Candidates Role = "candidates"
)

// KeyType is how Feast encodes the key of an entity.
type KeyType string

// The types of keys there are.
const (
	KeyString KeyType = "string"
	KeyInt64  KeyType = "int64"
)

// Key says how an entity is identified.
type Key struct {
	// Join is Feast's join key, and the name of the column that holds the id.
	Join string
	// Type is how the id is encoded in a key.
	Type KeyType
}

// Range bounds a number, both ends included. For a Float32 feature the bounds are compared after rounding to float32.
type Range struct {
	Min, Max float64
}

// Feature is one column of a view.
type Feature struct {
	// Name is unique within the entity: 1 to 128 bytes.
	Name string
	// Dtype is the type of its values.
	Dtype Dtype
	// Nullable says whether null may be written.
	Nullable bool
	// Range bounds a Float32 or Int64 feature; nil means unbounded.
	Range *Range
	// Role says what else it is for.
	Role Role
}

// View is a feature view, as in Feast: features of one entity that are written together.
type View struct {
	// Name is unique within the project: 1 to 128 bytes.
	Name string
	// Entity is what the features describe.
	Entity Entity
	// Freshness is the age from which values are OutsideMaxAge; zero means never.
	Freshness time.Duration
	// EventTime is the column of a source file that says when the values were true; empty means the time of the load.
	EventTime string
	// Features are the columns, in file order: 1 to 1,024.
	Features []Feature
}

// EventColumns names the columns of event files.
type EventColumns struct {
	ID, User, Item, Type, Quantity, Revenue, Time string
	// Currency is not a column but a constant: the ISO 4217 code of Revenue.
	Currency string
}

// Project is a parsed views.yaml. It is not changed after Parse and is safe for concurrent use.
type Project struct {
	// Name is Feast's project, the suffix of every key.
	Name string
	// Keys holds User and Item.
	Keys map[Entity]Key
	// Views are in file order: 1 to 64.
	Views []*View
	// Events is nil when the file declares none.
	Events *EventColumns
}

// ViewsOf returns the views of one entity in file order.
func (p *Project) ViewsOf(entity Entity) []*View {
	var of []*View
	for _, view := range p.Views {
		if view.Entity == entity {
			of = append(of, view)
		}
	}
	return of
}

// View returns the view of that name.
func (p *Project) View(name string) (*View, bool) {
	i := slices.IndexFunc(p.Views, func(view *View) bool { return view.Name == name })
	if i < 0 {
		return nil, false
	}
	return p.Views[i], true
}
