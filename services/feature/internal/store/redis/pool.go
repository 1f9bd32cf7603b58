package redis

import (
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Pool is how a pool of connections stands. In a cluster it is the sum of those to its nodes.
type Pool struct {
	// Name says what the connections are for: "reads", "refills" or "main"; with "_batches" those that batches have of their own.
	Name string
	// Max is how many connections there may be, per node.
	Max int
	// Idle and Used are the connections that there are; Waiting are the commands that wait for one.
	Idle, Used, Waiting int64
	// Hits are commands that found a connection, Misses those that made one, Waits those that had to wait, for WaitTime in
	// sum, and Timeouts those that waited in vain.
	Hits, Misses, Waits, Timeouts int64
	WaitTime                      time.Duration
	// Stale are connections that were dropped because they were too old, or broken.
	Stale int64
}

// Pools returns how the pools stand. It asks nobody, so that it can be called while Redis hangs.
func (s *Store) Pools() []Pool {
	var pools []Pool
	for _, p := range s.pools {
		pools = append(pools, p.stand()...)
	}
	return pools
}

// pool is one client's connections. The cluster client's own sum would ask the cluster for its nodes while it knows none, so
// the nodes are noted as they come; one that has left stays, for what it has counted: a client that does nothing for each address
// that a cluster ever had. Safe for concurrent use.
type pool struct {
	name string
	max  int

	mu    sync.Mutex
	nodes map[string]*redis.Client // by address
}

func newPool(name string, most int, client redis.UniversalClient) *pool {
	p := &pool{name: name, max: most, nodes: map[string]*redis.Client{}}
	switch c := client.(type) {
	case *redis.Client:
		p.note(c)
	case *redis.ClusterClient:
		c.OnNewNode(p.note)
	}
	return p
}

func (p *pool) note(node *redis.Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nodes[node.Options().Addr] = node
}

func (p *pool) stand() []Pool {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, batches := Pool{Name: p.name, Max: p.max}, Pool{Name: p.name + "_batches", Max: pipelinePool}
	for _, node := range p.nodes {
		stats := node.PoolStats()
		all.add(stats)
		if stats.PipelineStats != nil {
			batches.add((*redis.PoolStats)(stats.PipelineStats))
		}
	}
	return []Pool{all, batches}
}

func (p *Pool) add(s *redis.PoolStats) {
	p.Idle += int64(s.IdleConns)
	p.Used += max(int64(s.TotalConns)-int64(s.IdleConns), 0)
	p.Waiting += int64(s.PendingRequests)
	p.Hits += int64(s.Hits)
	p.Misses += int64(s.Misses)
	p.Waits += int64(s.WaitCount)
	p.Timeouts += int64(s.Timeouts)
	p.WaitTime += time.Duration(s.WaitDurationNs)
	p.Stale += int64(s.StaleConns)
}
