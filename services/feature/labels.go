package feature

import (
	"slices"

	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// The keys of labels.
const (
	outcomeKey    = "outcome"
	statusKey     = "status"
	viewKey       = "view"
	systemKey     = "db.system.name"
	operationKey  = "db.operation.name"
	poolKey       = "db.client.connection.pool.name"
	connectionKey = "db.client.connection.state"
)

// Labels are the labels of the feature service's figures.
func Labels() telemetry.Labels {
	outcome := func(values ...string) telemetry.Label { return telemetry.Label{Key: outcomeKey, Values: values} }
	pool := telemetry.Label{Key: poolKey, Values: []string{
		"reads", "reads_batches", "refills", "refills_batches", "main", "main_batches",
	}}
	return telemetry.Labels{
		"db.client.connection.count":            {pool, {Key: connectionKey, Values: []string{"idle", "used"}}},
		"db.client.connection.max":              {pool},
		"db.client.connection.pending_requests": {pool},
		"db.client.connection.timeouts":         {pool},
		"repli.feature.redis.pool.takes":        {pool, outcome("hit", "miss")},
		"repli.feature.redis.pool.waits":        {pool},
		"repli.feature.redis.pool.waited":       {pool},
		"repli.feature.redis.pool.stale":        {pool},
		"repli.feature.cache.requests":          {outcome("hit", "renewed", "stale", "miss")},
		"repli.feature.cache.loads":             {outcome("ok", "failed", "refused")},
		"repli.feature.rows":                    {{Key: statusKey, Values: []string{"found", "not_found", stateNames[viewOutdated], "stale"}}},
		"repli.feature.views":                   {{Key: viewKey}, {Key: statusKey, Values: stateNames[:]}},
		"repli.feature.store.duration": {
			{Key: systemKey, Values: []string{Redis, Memory}},
			{Key: operationKey, Values: []string{
				"read", "refill", "probe", "read_items", "changes", "scan", "journal", "write_rows", "write_events",
			}},
			outcome(slices.Concat([]string{"ok", "cancelled", "deadline", "error"}, store.Reasons)...),
		},
	}
}
