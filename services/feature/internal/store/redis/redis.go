// Package redis owns the online store in Redis: one server, a master behind Sentinels, or a cluster. Rows lie there as
// Feast lays them out, so that Repli reads what Feast materialises and the other way round.
//
// Besides Feast's hashes it keeps, under keys that start with "repli:", an index of the items, events and how far loads
// came. It is the only package that speaks Redis. It retries nothing: its callers know what their time is worth.
package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/feast"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// pipelinePool is how many connections there are, besides the pool, for batches.
const pipelinePool = 4

// Store is an online store in Redis. Safe for concurrent use.
type Store struct {
	client    redis.UniversalClient
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
	client, err := connect(cfg)
	if err != nil {
		return nil, err
	}
	s.client = client
	return s, nil
}

// Close closes all connections.
func (s *Store) Close() error {
	if err := s.client.Close(); err != nil {
		return fmt.Errorf("redis: close: %w", err)
	}
	return nil
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

func connect(cfg Config) (redis.UniversalClient, error) {
	tls, err := cfg.tls()
	if err != nil {
		return nil, err
	}
	logging.Disable() // the client prints failures that its calls return as errors, too
	return redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:         cfg.Addresses,
		IsClusterMode: cfg.Cluster,
		MasterName:    cfg.Master,
		CredentialsProviderContext: func(context.Context) (string, string, error) {
			password, err := cfg.password()
			return cfg.Username, password, err
		},
		TLSConfig: tls,
		Protocol:  2,

		PoolSize:         cfg.PoolSize,
		MaxActiveConns:   cfg.PoolSize,
		MinIdleConns:     cfg.MinIdle,
		PipelinePoolSize: pipelinePool,
		DialTimeout:      cfg.DialTimeout,
		DialerRetries:    1,
		ReadTimeout:      cfg.ReadTimeout,
		WriteTimeout:     cfg.WriteTimeout,
		PoolTimeout:      cfg.ReadTimeout,
		MaxRetries:       -1,

		ContextTimeoutEnabled:    true,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}), nil
}
