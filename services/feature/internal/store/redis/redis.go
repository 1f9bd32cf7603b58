// Package redis owns the online store in Redis: one server, a master behind Sentinels, or a cluster. Rows lie there as
// Feast lays them out, so that Repli reads what Feast materialises and the other way round.
//
// Besides Feast's hashes it keeps, under keys that start with "repli:", an index of the items, events and how far loads
// came. It is the only package that speaks Redis. It retries nothing: its callers know what their time is worth.
package redis

import (
	"fmt"
	"time"

	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/feast"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// Store is an online store in Redis. Safe for concurrent use.
type Store struct {
	clients
	project   string
	now       func() time.Time
	entities  map[views.Entity]*entity
	retention time.Duration
}

var _ store.Store = (*Store)(nil)

// entity is what it takes to read and write one kind of entity.
type entity struct {
	layout *store.Layout
	keys   feast.Keys
	fields []any // the fields of HMGET: those of the features, by layout, and then the times of the views
}

// New returns a store that connects when it is first used, so that it can be made while Redis is down. It returns the
// faults of the configuration, and an error when two features of an entity share a hash field.
func New(cfg Config, project *views.Project, now func() time.Time) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Store{
		project: project.Name, now: now, retention: cfg.EventRetention, entities: make(map[views.Entity]*entity),
	}
	for _, kind := range []views.Entity{views.User, views.Item} {
		e, err := newEntity(project, kind)
		if err != nil {
			return nil, err
		}
		s.entities[kind] = e
	}
	var err error
	if s.clients, err = connect(cfg); err != nil {
		return nil, err
	}
	return s, nil
}

func newEntity(project *views.Project, kind views.Entity) (*entity, error) {
	e := &entity{layout: store.NewLayout(project, kind), keys: feast.NewKeys(project.Name, project.Keys[kind])}
	owners := make(map[string]string)
	for _, view := range e.layout.Views {
		for _, feature := range view.Features {
			field, name := feast.Field(view.Name, feature.Name), view.Name+":"+feature.Name
			if other, taken := owners[field]; taken {
				return nil, fmt.Errorf("views: features %s and %s share a hash field in Feast's layout; rename one", other, name)
			}
			owners[field] = name
			e.fields = append(e.fields, field)
		}
	}
	for _, view := range e.layout.Views {
		e.fields = append(e.fields, feast.TimeField(view.Name))
	}
	return e, nil
}
