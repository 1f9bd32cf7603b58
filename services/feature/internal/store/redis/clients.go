package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// pipelinePool is how many connections there are, besides the pool, for batches.
	pipelinePool = 4
	// redirects is how often a command follows a key of a cluster that moved: an answer of MOVED, and then one of ASK. The
	// cluster client spends them, too, on another node when one fails; it does nothing else again, by MaxRetries.
	redirects = 2
	// A redirected batch waits this long. The client's own waits of up to a second are longer than a read may take.
	minBackoff, maxBackoff = time.Millisecond, 8 * time.Millisecond
	// A cluster client that is used asks this often which node has what: a master that died without a word is found out
	// by nothing else.
	topology = 2 * time.Second
)

// clients are the connections: what waits for a user's row has some that nothing else can take.
type clients struct {
	reads   redis.UniversalClient // rows of users that somebody waits for
	refills redis.UniversalClient // rows of users that nobody waits for; the same as main unless replicas are read
	main    redis.UniversalClient // all else, on masters: items, the index, writes, events, journals
	pools   []*pool
}

func connect(cfg Config) (clients, error) {
	base, err := options(cfg)
	if err != nil {
		return clients{}, err
	}
	logging.Disable() // the client prints failures that its calls return as errors, too
	reads, refills, main := base, base, base
	reads.PoolSize, reads.MaxActiveConns, reads.MinIdleConns = cfg.PoolSize, cfg.PoolSize, cfg.MinIdle
	c := clients{main: open(&main)}
	c.refills = c.main
	if cfg.ReadFromReplicas {
		reads.ReadOnly, refills.ReadOnly = true, true // not RouteByLatency: it pings in goroutines that nobody waits for, in a data race
		c.refills = open(&refills)
	}
	c.reads = open(&reads)
	c.pools = []*pool{newPool("reads", cfg.PoolSize, c.reads), newPool("main", cfg.RefillPoolSize, c.main)}
	if cfg.ReadFromReplicas {
		c.pools = append(c.pools, newPool("refills", cfg.RefillPoolSize, c.refills))
	}
	return c, nil
}

func open(o *redis.UniversalOptions) redis.UniversalClient {
	if !o.IsClusterMode {
		return redis.NewUniversalClient(o)
	}
	cluster := o.Cluster()
	cluster.ClusterStateReloadInterval = topology
	return redis.NewClusterClient(cluster)
}

// options returns what all clients have in common.
func options(cfg Config) (redis.UniversalOptions, error) {
	tls, err := cfg.tls()
	if err != nil {
		return redis.UniversalOptions{}, err
	}
	return redis.UniversalOptions{
		Addrs:         cfg.Addresses,
		IsClusterMode: cfg.Cluster,
		MasterName:    cfg.Master,
		CredentialsProviderContext: func(context.Context) (string, string, error) {
			password, err := cfg.password()
			return cfg.Username, password, err
		},
		Dialer:   dialer(cfg.DialTimeout, tls),
		Protocol: 2,

		PoolSize:         cfg.RefillPoolSize,
		MaxActiveConns:   cfg.RefillPoolSize,
		MaxIdleConns:     cfg.MaxIdle,
		PipelinePoolSize: pipelinePool,
		DialTimeout:      cfg.DialTimeout,
		DialerRetries:    1,
		ReadTimeout:      cfg.ReadTimeout,
		WriteTimeout:     cfg.WriteTimeout,
		PoolTimeout:      cfg.ReadTimeout,
		MaxRetries:       -1,
		MaxRedirects:     redirects,
		MinRetryBackoff:  minBackoff,
		MaxRetryBackoff:  maxBackoff,

		ContextTimeoutEnabled:    true,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}, nil
}

// Close closes all connections.
func (c clients) Close() error {
	errs := []error{c.reads.Close(), c.main.Close()}
	if c.refills != c.main {
		errs = append(errs, c.refills.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("redis: close: %w", err)
	}
	return nil
}
