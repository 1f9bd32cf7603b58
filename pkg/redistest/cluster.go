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
	for i, server := range c.Servers {
		first, last := i*slots/nodes, (i+1)*slots/nodes-1
		server.Do(t, "cluster", "set-config-epoch", strconv.Itoa(i+1))
		server.Do(t, "cluster", "addslotsrange", strconv.Itoa(first), strconv.Itoa(last))
		if i > 0 {
			server.Do(t, "cluster", "meet", "127.0.0.1", c.Servers[0].port, buses[0])
		}
	}
	for _, server := range c.Servers {
		Await(t, "the cluster to be whole", func() bool {
			info, err := server.try("cluster", "info")
			return err == nil && strings.Contains(info, "cluster_state:ok") &&
				strings.Contains(info, "cluster_known_nodes:"+strconv.Itoa(nodes)) &&
				strings.Contains(info, "cluster_slots_ok:"+strconv.Itoa(slots))
		})
	}
	return c
}

// Addrs returns host:port of every node.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.Servers))
	for i, server := range c.Servers {
		addrs[i] = server.Addr
	}
	return addrs
}
