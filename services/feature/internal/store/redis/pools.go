package redis

import (
	"github.com/redis/go-redis/v9"

	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// Pools says how the connections are: those for what somebody waits for, and the others.
func (s *Store) Pools() []store.Pool {
	pools := []store.Pool{pool("reads", s.reads), pool("all else", s.main)}
	if s.refills != s.main {
		pools = append(pools, pool("refills", s.refills))
	}
	return pools
}

func pool(name string, client redis.UniversalClient) store.Pool {
	stats := client.PoolStats()
	return store.Pool{
		Name: name, Open: int(stats.TotalConns), Idle: int(stats.IdleConns), Reused: uint64(stats.Hits), Dialled: uint64(stats.Misses),
		Timeouts: uint64(stats.Timeouts),
	}
}
