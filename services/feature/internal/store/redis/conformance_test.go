package redis_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/repli-mesh/repli/pkg/redistest"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
	"github.com/repli-mesh/repli/services/feature/internal/store/conformance"
	"github.com/repli-mesh/repli/services/feature/internal/store/redis"
)

// A pool of go-redis whose connections failed dials once a second on its own, and notices only then that it was closed.
const redial = "github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(redial)) }

func TestConformance(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	conformance.Run(t, func(t *testing.T, project *views.Project, now func() time.Time) store.Store {
		server.Do(t, "flushall")
		return open(t, project, now, func(cfg *redis.Config) { cfg.Addresses = []string{server.Addr} })
	})
}

func TestClusterConformance(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	conformance.Run(t, func(t *testing.T, project *views.Project, now func() time.Time) store.Store {
		for _, server := range cluster.Servers {
			server.Do(t, "flushall")
		}
		return open(t, project, now, func(cfg *redis.Config) {
			cfg.Addresses, cfg.Cluster = cluster.Addrs()[:1], true
		})
	})
}

func open(t *testing.T, project *views.Project, now func() time.Time, change func(*redis.Config)) *redis.Store {
	t.Helper()
	cfg := redis.Defaults()
	cfg.ReadTimeout = 20 * time.Second // the machine may be busy
	change(&cfg)
	s, err := redis.New(cfg, project, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
