// Package store owns what the feature service asks of an online store, and the rules that all stores share: the layout of
// a record, the status of a value, and the form of an id. Package conformance says the same as tests.
//
// It knows no store in particular and does no I/O. Faults of a store are fault.Unavailable with one of the Reason constants.
package store

import (
	"context"
	"iter"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
)

// Reasons of the faults that stores return.
const (
	ReasonTimeout     = "STORE_TIMEOUT"     // no answer in time
	ReasonUnreachable = "STORE_UNREACHABLE" // no connection, or a broken one
	ReasonLoading     = "STORE_LOADING"     // it starts and still reads its data
	ReasonReadOnly    = "STORE_READONLY"    // a write reached a replica
	ReasonMemory      = "STORE_OOM"         // it has no memory left for a write
	ReasonAuth        = "STORE_AUTH"        // the user or the password is refused
	ReasonCorrupt     = "STORE_CORRUPT"     // it holds something that is not what it should be
	ReasonProtocol    = "STORE_PROTOCOL"    // its answer cannot be parsed
	ReasonClients     = "STORE_MAX_CLIENTS" // it has as many connections as it takes
	ReasonClusterDown = "STORE_CLUSTERDOWN" // a part of the cluster, or all of it, serves nothing
	ReasonMasterDown  = "STORE_MASTERDOWN"  // a replica has lost its master and serves nothing
	ReasonResharding  = "STORE_RESHARDING"  // the key moves between nodes, and moved on while it was looked for
	ReasonError       = "STORE_ERROR"       // any other refusal
)

// Reasons are all of them.
var Reasons = []string{
	ReasonTimeout, ReasonUnreachable, ReasonLoading, ReasonReadOnly, ReasonMemory, ReasonAuth, ReasonCorrupt, ReasonProtocol,
	ReasonClients, ReasonClusterDown, ReasonMasterDown, ReasonResharding, ReasonError,
}

// Rows reads and writes the features of entities. Safe for concurrent use.
type Rows interface {
	// Read returns one record for each id, in the order of the ids, in one round trip (one per node of a cluster). An
	// entity that is not known has a record all of whose values are NOT_FOUND. What cannot be read of one record is said in
	// that record.
	Read(ctx context.Context, entity views.Entity, ids []string) ([]Record, error)
	// ReadBehind is Read for work that nobody waits for: it takes nothing that Read needs, such as connections.
	ReadBehind(ctx context.Context, entity views.Entity, ids []string) ([]Record, error)
	// Write stores rows of a view: the view's features are replaced, those of other views stay. The last write wins,
	// whatever its event time. Writing the same rows again changes nothing but the version of the items. An error may
	// leave some rows written; writing all of them again is the remedy. Rows of the item entity enter the index.
	Write(ctx context.Context, view *views.View, rows []views.Row) error
}

// Index knows which items there are. Safe for concurrent use.
type Index interface {
	// Changes returns some items written after the version, oldest first; an empty page means there are no more. Version
	// 0 starts from the beginning.
	Changes(ctx context.Context, since uint64) (Page, error)
	// Scan returns the ids of all items that have a row, in no order, whether the index has them or not. It reads the
	// whole key space: minutes on a big store.
	Scan(ctx context.Context) ([]string, error)
}

// Page is a part of the changes of the items.
type Page struct {
	// IDs of the items; each once.
	IDs []string
	// Next is the version to ask from next. Equal to the one asked from when there are no ids.
	Next uint64
	// Head is the newest version of the store; 0 when it has no index. Versions grow, whether or not the index was lost
	// and made anew in between; less than a version seen earlier means that it was lost.
	Head uint64
}

// EventLog keeps what users did. Safe for concurrent use.
type EventLog interface {
	// WriteEvents stores events. An event that is there already, by id and hour, is replaced.
	WriteEvents(ctx context.Context, events []views.Event) error
	// Events yields the events of [from, to) hour by hour, in no order within the hour, each once; memory is bounded by
	// the ids of one hour. The first error ends the sequence.
	Events(ctx context.Context, from, to time.Time) iter.Seq2[views.Event, error]
}

// Journal remembers how far loads came. Safe for concurrent use.
type Journal interface {
	// Load returns what Save stored for the id, 0 when there is nothing.
	Load(ctx context.Context, id string) (int64, error)
	// Save stores how much of a load is done, for a week at least.
	Save(ctx context.Context, id string, done int64) error
}

// Store is an online store. Safe for concurrent use.
type Store interface {
	Rows
	Index
	EventLog
	Journal
	// Probe asks for something that is cheap to answer, in the way that Read asks, and returns what stops Read.
	Probe(ctx context.Context) error
	// Close releases the store; calls under way end with an error.
	Close() error
}
