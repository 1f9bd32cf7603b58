package redistest

import (
	"strconv"
	"strings"
	"testing"
)

const (
	nodes = 3
	slots = 16384
)

// Cluster is a Redis Cluster of three masters without replicas that a test owns.
type Cluster struct {
	// Servers are its masters.
	Servers []*Server

	bus string // the port of the first one's bus
}

// StartCluster starts a cluster and waits until all of its nodes serve. The test's cleanup ends it.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{}
	buses := make([]string, nodes)
	for i := range nodes {
		buses[i] = FreePort(t)
		c.Servers = append(c.Servers, Start(t, "--cluster-enabled", "yes", "--cluster-port", buses[i]))
	}
	c.bus = buses[0]
	for i, server := range c.Servers {
		first, last := i*slots/nodes, (i+1)*slots/nodes-1
		server.Do(t, "cluster", "set-config-epoch", strconv.Itoa(i+1))
		server.Do(t, "cluster", "addslotsrange", strconv.Itoa(first), strconv.Itoa(last))
		if i > 0 {
			server.Do(t, "cluster", "meet", "127.0.0.1", c.Servers[0].port, buses[0])
		}
	}
	for _, server := range c.Servers {
		server.awaitWhole(t, nodes)
	}
	return c
}

// Replicate starts a replica of a master and waits until it is in step and all masters know it. The test's cleanup ends it.
func (c *Cluster) Replicate(t testing.TB, master *Server) *Server {
	t.Helper()
	replica := Start(t, "--cluster-enabled", "yes", "--cluster-port", FreePort(t), "--repl-diskless-sync-delay", "0")
	replica.Do(t, "cluster", "meet", "127.0.0.1", c.Servers[0].port, c.bus)
	replica.awaitWhole(t, nodes+1)
	id := master.Do(t, "cluster", "myid")
	replica.Do(t, "cluster", "replicate", id)
	replica.AwaitReplica(t)
	for _, server := range c.Servers {
		Await(t, "the replica to be known", func() bool {
			known, err := server.try("cluster", "replicas", id)
			return err == nil && strings.Contains(known, ":"+replica.port+"@")
		})
	}
	return replica
}

// AwaitReplica waits until the server is in step with a master.
func (s *Server) AwaitReplica(t testing.TB) {
	t.Helper()
	Await(t, "the replica to be in step", func() bool {
		info, err := s.try("info", "replication")
		return err == nil && strings.Contains(info, "role:slave") && strings.Contains(info, "master_link_status:up")
	})
}

// awaitWhole waits until the server knows so many nodes, and that all slots are served.
func (s *Server) awaitWhole(t testing.TB, known int) {
	t.Helper()
	Await(t, "the cluster to be whole", func() bool {
		info, err := s.try("cluster", "info")
		return err == nil && strings.Contains(info, "cluster_state:ok") &&
			strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(known)) &&
			strings.Contains(info, "cluster_slots_ok:"+strconv.Itoa(slots))
	})
}

// Addrs returns host:port of every node.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.Servers))
	for i, server := range c.Servers {
		addrs[i] = server.Addr
	}
	return addrs
}
