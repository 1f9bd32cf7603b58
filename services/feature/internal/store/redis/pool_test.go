package redis_test

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/redistest"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store/redis"
)

func standing(t *testing.T, s *redis.Store, name string) redis.Pool {
	t.Helper()
	pools := s.Pools()
	i := slices.IndexFunc(pools, func(p redis.Pool) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("there is no pool %s: %+v", name, pools)
	}
	return pools[i]
}

// Each kind of work shows in its own pool, with one server as with the nodes of a cluster.
func TestPoolsShowWhatTheyAreUsedFor(t *testing.T) {
	t.Parallel()
	server, cluster := redistest.Start(t), redistest.StartCluster(t)
	p := project(t, rec)
	for name, change := range map[string]func(*redis.Config){
		"one server": func(cfg *redis.Config) { cfg.Addresses = []string{server.Addr} },
		"cluster":    func(cfg *redis.Config) { cfg.Addresses, cfg.Cluster = cluster.Addrs(), true },
		"replicas": func(cfg *redis.Config) {
			cfg.Addresses, cfg.Cluster, cfg.ReadFromReplicas = cluster.Addrs(), true, true
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, p, time.Now, func(cfg *redis.Config) {
				change(cfg)
				cfg.MinIdle, cfg.PoolSize, cfg.RefillPoolSize = 0, 7, 5
			})
			defer func() { _ = s.Close() }()
			for _, pool := range s.Pools() {
				if pool.Hits+pool.Misses+pool.Idle+pool.Used != 0 {
					t.Errorf("before any work: %+v", pool)
				}
			}
			for range 3 {
				if _, err := s.Read(t.Context(), views.User, []string{somebody}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.ReadBehind(t.Context(), views.User, []string{somebody}); err != nil {
				t.Fatal(err)
			}
			reads, behind := standing(t, s, "reads"), standing(t, s, map[bool]string{false: "main", true: "refills"}[name == "replicas"])
			if reads.Max != 7 || reads.Hits < 2 || reads.Misses < 1 || reads.Idle < 1 || reads.Used != 0 || reads.Timeouts != 0 {
				t.Errorf("after three reads: %+v", reads)
			}
			if behind.Max != 5 || behind.Misses < 1 || behind.Idle < 1 {
				t.Errorf("after a read behind: %+v", behind)
			}
			row := views.Row{EntityID: somebody, Values: []views.Value{{Status: views.Present, Number: 0.5}}}
			if err := s.Write(t.Context(), p.ViewsOf(views.User)[0], []views.Row{row, row}); err != nil {
				t.Fatal(err)
			}
			if batches := standing(t, s, "main_batches"); batches.Max < 1 || batches.Misses < 1 {
				t.Errorf("after a write: %+v", batches)
			}
		})
	}
}

// A pool that has run out shows who works and who waits.
func TestPoolThatHasRunOut(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, project(t, rec), time.Now, func(cfg *redis.Config) {
		cfg.Addresses, cfg.MinIdle, cfg.PoolSize = []string{server.Addr}, 0, 1
	})
	defer func() { _ = s.Close() }()
	read := func() {
		if _, err := s.Read(t.Context(), views.User, []string{somebody}); err != nil {
			t.Error(err)
		}
	}
	read()
	server.Pause(t)
	var readers sync.WaitGroup
	readers.Go(read)
	readers.Go(read)
	redistest.Await(t, "one works and one waits", func() bool {
		reads := standing(t, s, "reads")
		return reads.Used == 1 && reads.Waiting == 1
	})
	server.Resume(t)
	readers.Wait()
	if reads := standing(t, s, "reads"); reads.Waits < 1 || reads.WaitTime <= 0 || reads.Waiting != 0 {
		t.Errorf("when both are done: %+v", reads)
	}
}

// A cluster that says nothing keeps nobody waiting who asks for figures.
func TestPoolsOfAClusterThatSaysNothing(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	s := open(t, project(t, rec), time.Now, func(cfg *redis.Config) {
		cfg.Addresses, cfg.Cluster, cfg.ReadTimeout = []string{silent.Addr().String()}, true, time.Hour
	})
	defer func() { _ = s.Close() }()
	asked := make(chan []redis.Pool)
	go func() { asked <- s.Pools() }()
	select {
	case pools := <-asked:
		if len(pools) != 4 {
			t.Errorf("got %+v, want reads and main, each with its batches", pools)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("figures wait for the cluster")
	}
}
