package binding

import (
	"sync"
	"sync/atomic"

	"github.com/repli-mesh/repli/services/ranking/internal/bundle"
	"github.com/repli-mesh/repli/services/ranking/internal/schema"
)

// cached is how many bindings are kept: more than there are pairs of schemas while a feature service is upgraded.
const cached = 8

// Cache keeps the bindings of one model. Schemas are told apart by their pointers. Safe for concurrent use.
type Cache struct {
	model   *bundle.Bundle
	made    func(*Binding, error)
	mu      sync.Mutex // held while a binding is made
	entries atomic.Pointer[[]entry]
}

type entry struct {
	user, items *schema.Schema
	binding     *Binding
	err         error
}

// NewCache returns an empty cache; made is told of every binding that is made, once.
func NewCache(model *bundle.Bundle, made func(*Binding, error)) *Cache {
	c := &Cache{model: model, made: made}
	c.entries.Store(&[]entry{})
	return c
}

// Get returns the model's binding to two schemas, or the error of New.
func (c *Cache) Get(user, items *schema.Schema) (*Binding, error) {
	if e, ok := c.find(user, items); ok {
		return e.binding, e.err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.find(user, items); ok {
		return e.binding, e.err
	}
	e := entry{user: user, items: items}
	e.binding, e.err = New(c.model, user, items)
	c.made(e.binding, e.err)
	old := *c.entries.Load()
	next := append([]entry{e}, old[:min(len(old), cached-1)]...)
	c.entries.Store(&next)
	return e.binding, e.err
}

func (c *Cache) find(user, items *schema.Schema) (entry, bool) {
	for _, e := range *c.entries.Load() {
		if e.user == user && e.items == items {
			return e, true
		}
	}
	return entry{}, false
}
