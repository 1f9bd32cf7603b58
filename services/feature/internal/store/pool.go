package store

// Pool is how the connections to a store are that serve one purpose. Counts are since the start.
type Pool struct {
	// Name is the purpose.
	Name string
	// Open connections there are now, of which Idle do nothing.
	Open, Idle int
	// Reused counts the calls that found an idle connection, Dialled those that did not, Timeouts those that waited for one
	// in vain.
	Reused, Dialled, Timeouts uint64
}
