package redistest

import (
	"strings"
	"testing"
)

func TestServerServesAndIsEmptyAfterRestart(t *testing.T) {
	t.Parallel()
	s := Start(t)
	s.Do(t, "set", "k", "v")
	if got := s.Do(t, "get", "k"); got != "v" {
		t.Fatalf("get = %q, want v", got)
	}
	addr := s.Addr
	s.Restart(t)
	if got := s.Do(t, "dbsize"); got != "0" || s.Addr != addr {
		t.Fatalf("after restart: dbsize = %q at %s, want 0 at %s", got, s.Addr, addr)
	}
	s.Stop(t)
	if answer, err := s.try("ping"); err == nil {
		t.Fatalf("a stopped server answered %q", answer)
	}
}

func TestPausedServerGoesOnAfterResume(t *testing.T) {
	t.Parallel()
	s := Start(t)
	s.Pause(t)
	s.Resume(t)
	if got := s.Do(t, "ping"); got != "PONG" {
		t.Fatalf("ping = %q", got)
	}
}

func TestClusterReplicaFollowsItsMaster(t *testing.T) {
	t.Parallel()
	c := StartCluster(t)
	replica := c.Replicate(t, c.Servers[0])
	c.Servers[0].Do(t, "-c", "set", "b", "1") // slot 3300, of the first master
	c.Servers[0].Do(t, "wait", "1", "10000")
	if info := replica.Do(t, "info", "keyspace"); !strings.Contains(info, "keys=1") {
		t.Fatalf("the replica holds %q", info)
	}
}

func TestClusterSpreadsItsKeys(t *testing.T) {
	t.Parallel()
	c := StartCluster(t)
	if len(c.Addrs()) != nodes {
		t.Fatalf("addresses: %v", c.Addrs())
	}
	for _, key := range []string{"a", "b", "c", "d"} {
		c.Servers[0].Do(t, "-c", "set", key, "1")
	}
	if info := c.Servers[1].Do(t, "cluster", "info"); !strings.Contains(info, "cluster_size:3") {
		t.Fatalf("cluster info: %s", info)
	}
}
