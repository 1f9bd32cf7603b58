package bundle

import (
	"errors"
	"fmt"
)

// The bounds of the manifest's retrieval.
const (
	maxRetrieved = 1000
	maxVector    = 1024
)

// Retrieval says how the whole item table is searched for candidates: by the inner product of a vector of the user with one
// of each item.
type Retrieval struct {
	// User and Item name the columns of the two vectors, in the same order.
	User []string `json:"user"`
	Item []string `json:"item"`
	// Available names a column of the items; an item where it is missing or not above 0 is not retrieved. Empty means that
	// all are available.
	Available string `json:"available"`
	// Count is how many items are retrieved for a request.
	Count int `json:"count"`
}

// wants reports whether the item table must keep a column for retrieval.
func (r *Retrieval) wants(name string) bool {
	if r == nil {
		return false
	}
	for _, column := range r.Item {
		if column == name {
			return true
		}
	}
	return name == r.Available
}

// check returns what is wrong; nil is a manifest that asks for no retrieval.
func (r *Retrieval) check() error {
	if r == nil {
		return nil
	}
	faults := []error{columns("retrieval.user", r.User), columns("retrieval.item", r.Item)}
	if len(r.User) != len(r.Item) {
		faults = append(faults, fmt.Errorf("retrieval.item: names %d columns, expected as many as retrieval.user, %d",
			len(r.Item), len(r.User)))
	}
	if len(r.Available) > maxName {
		faults = append(faults, fmt.Errorf("retrieval.available: has %d bytes, expected at most %d", len(r.Available), maxName))
	}
	if r.Count < 1 || r.Count > maxRetrieved {
		faults = append(faults, fmt.Errorf("retrieval.count: is %d, expected 1 to %d", r.Count, maxRetrieved))
	}
	return errors.Join(faults...)
}

func columns(key string, names []string) error {
	if len(names) == 0 || len(names) > maxVector {
		return fmt.Errorf("%s: names %d columns, expected 1 to %d", key, len(names), maxVector)
	}
	seen := make(map[string]bool, len(names))
	for i, name := range names {
		if name == "" || len(name) > maxName {
			return fmt.Errorf("%s[%d]: has %d bytes, expected 1 to %d", key, i, len(name), maxName)
		}
		if seen[name] {
			return fmt.Errorf("%s[%d]: %q is there twice", key, i, name)
		}
		seen[name] = true
	}
	return nil
}
