package redis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/repli-mesh/repli/pkg/redistest"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/feast"
	"github.com/repli-mesh/repli/services/feature/internal/store"
	"github.com/repli-mesh/repli/services/feature/internal/store/redis"
)

// node is one server of a cluster, spoken to as an operator does. Keys hold bytes that redis-cli cannot say.
type node struct {
	*goredis.Client
	id string
}

func (n node) do(t *testing.T, args ...any) {
	t.Helper()
	if err := n.Do(t.Context(), args...).Err(); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}

// nodes returns those of a cluster, the owner of a key first.
func nodes(t *testing.T, cluster *redistest.Cluster, key string) []node {
	t.Helper()
	var all []node
	for _, server := range cluster.Servers {
		client := goredis.NewClient(&goredis.Options{Addr: server.Addr, Protocol: 2, DisableIdentity: true})
		t.Cleanup(func() { _ = client.Close() })
		all = append(all, node{client, server.Do(t, "cluster", "myid")})
		err := client.Exists(t.Context(), key).Err()
		if _, moved := goredis.IsMovedError(err); err != nil && !moved {
			t.Fatal(err)
		} else if err == nil {
			all[0], all[len(all)-1] = all[len(all)-1], all[0]
		}
	}
	return all
}

func keyOf(t *testing.T, p *views.Project, id string) string {
	t.Helper()
	key, err := feast.NewKeys(p.Name, p.Keys[views.User]).Key(id)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestSlotThatMovesIsFollowed takes a slot from one node to another as an operator's tool does, and reads and writes at
// each step.
func TestSlotThatMovesIsFollowed(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	p := project(t, rec)
	s := open(t, p, time.Now, func(cfg *redis.Config) { cfg.Addresses, cfg.Cluster = cluster.Addrs(), true })
	defer func() { _ = s.Close() }()
	well := func(step string) {
		t.Helper()
		if read, write := attempt(t, s, p); read != "" || write != "" {
			t.Fatalf("%s: read %q, write %q", step, read, write)
		}
		if r := read(t, s, views.User, somebody); !r.Found() {
			t.Fatalf("%s: the row is lost", step)
		}
	}
	well("before")
	key := keyOf(t, p, somebody)
	all := nodes(t, cluster, key)
	from, to := all[0], all[1]
	slot := from.ClusterKeySlot(t.Context(), key).Val()
	to.do(t, "cluster", "setslot", slot, "importing", from.id)
	from.do(t, "cluster", "setslot", slot, "migrating", to.id)
	well("while the slot moves and the key has not")
	host, port, _ := strings.Cut(to.Options().Addr, ":")
	from.do(t, "migrate", host, port, key, 0, 10_000)
	well("while the slot moves and the key has") // ASK
	to.do(t, "cluster", "setslot", slot, "node", to.id)
	from.do(t, "cluster", "setslot", slot, "node", to.id)
	well("after") // MOVED
}

func TestClusterThatLacksASlotIsDown(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	p := project(t, rec)
	s := open(t, p, time.Now, func(cfg *redis.Config) { cfg.Addresses, cfg.Cluster = cluster.Addrs(), true })
	defer func() { _ = s.Close() }()
	key := keyOf(t, p, somebody)
	owner := nodes(t, cluster, key)[0]
	owner.do(t, "cluster", "delslots", owner.ClusterKeySlot(t.Context(), key).Val())
	redistest.Await(t, "the cluster to be down", func() bool {
		read, write := attempt(t, s, p)
		return read == store.ReasonClusterDown && write == store.ReasonClusterDown
	})
}

// TestFailoverOfAClusterIsFollowed kills a master, and has its replica take over.
func TestFailoverOfAClusterIsFollowed(t *testing.T) {
	t.Parallel()
	for name, replicas := range map[string]bool{"masters are read": false, "replicas are read": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := redistest.StartCluster(t)
			p := project(t, rec)
			owner := nodes(t, cluster, keyOf(t, p, somebody))[0].Options().Addr
			master := cluster.Servers[slices.IndexFunc(cluster.Servers, func(s *redistest.Server) bool { return s.Addr == owner })]
			replica := cluster.Replicate(t, master)
			s := open(t, p, time.Now, func(cfg *redis.Config) {
				cfg.Addresses, cfg.Cluster, cfg.ReadFromReplicas = cluster.Addrs(), true, replicas
			})
			defer func() { _ = s.Close() }()
			if read, write := attempt(t, s, p); read != "" || write != "" {
				t.Fatalf("before: read %q, write %q", read, write)
			}
			master.Do(t, "wait", "1", "10000")
			master.Stop(t)
			replica.Do(t, "cluster", "failover", "takeover")
			redistest.Await(t, "the new master to be read and written", func() bool {
				read, write := attempt(t, s, p)
				return read == "" && write == ""
			})
			if r := read(t, s, views.User, somebody); !r.Found() {
				t.Fatal("the row is lost")
			}
		})
	}
}

// TestFailoverBySentinel reads from the replica all along, and writes to whichever is the master.
func TestFailoverBySentinel(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t, "--repl-diskless-sync-delay", "0")
	replica := redistest.Start(t, "--repl-diskless-sync-delay", "0")
	host, port, _ := strings.Cut(master.Addr, ":")
	replica.Do(t, "replicaof", host, port)
	replica.AwaitReplica(t)
	sentinel := redistest.StartSentinel(t, "main", master)
	redistest.Await(t, "the Sentinel to reach the replica", func() bool {
		known := sentinel.Do(t, "sentinel", "replicas", "main")
		return strings.Contains(known, replica.Addr) && !strings.Contains(known, "disconnected") && !strings.Contains(known, "s_down")
	})
	p := project(t, rec)
	s := open(t, p, time.Now, func(cfg *redis.Config) {
		cfg.Addresses, cfg.Master, cfg.ReadFromReplicas = []string{sentinel.Addr}, "main", true
	})
	defer func() { _ = s.Close() }()
	if read, write := attempt(t, s, p); read != "" || write != "" {
		t.Fatalf("read %q, write %q", read, write)
	}
	if stats := master.Do(t, "info", "commandstats"); strings.Contains(stats, "cmdstat_hmget") {
		t.Fatalf("the master was read: %s", stats)
	}
	if stats := replica.Do(t, "info", "commandstats"); !strings.Contains(stats, "cmdstat_hmget") {
		t.Fatalf("the replica was not read: %s", stats)
	}
	redistest.Await(t, "the Sentinel to let the replica take over", func() bool {
		return sentinel.Do(t, "sentinel", "failover", "main") == "OK"
	})
	_, port, _ = strings.Cut(replica.Addr, ":")
	redistest.Await(t, "the replica to be the master, and written to", func() bool {
		read, write := attempt(t, s, p)
		return read == "" && write == "" && strings.Contains(sentinel.Do(t, "sentinel", "get-master-addr-by-name", "main"), port)
	})
}
