package mesh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/repli-mesh/repli/bench/drill/scenario"
)

const (
	clusterNodes = 3
	clusterSlots = 16384
	masterName   = "drill"
	pollEvery    = 20 * time.Millisecond
)

// Store is the Redis of a mesh, in one of the topologies.
type Store struct {
	// Servers are its processes: one, the masters of a cluster, or the master and its replica.
	Servers []*Process
	// Addresses are theirs, past every proxy.
	Addresses []string

	sentinel        *Process
	sentinelAddress string
	program, dir    string
	topology        string
}

// startStore starts a topology and waits until it serves.
func startStore(ctx context.Context, program, dir, topology string) (*Store, error) {
	s := &Store{program: program, dir: dir, topology: topology}
	var err error
	switch topology {
	case scenario.Cluster:
		err = s.startCluster(ctx)
	case scenario.Sentinel:
		err = s.startSentinel(ctx)
	default:
		err = s.add(ctx)
	}
	return s, err
}

// add starts one more server.
func (s *Store) add(ctx context.Context, args ...string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	n := len(s.Servers) + 1
	dir := filepath.Join(s.dir, "redis"+strconv.Itoa(n))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	p := &Process{Name: "redis", program: s.program, args: append([]string{
		"--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no",
		"--repl-diskless-sync-delay", "0",
	}, args...)}
	s.Servers, s.Addresses = append(s.Servers, p), append(s.Addresses, net.JoinHostPort("127.0.0.1", port))
	return s.Restart(ctx, n-1)
}

// Restart starts a server that was killed, empty, and waits until it answers.
func (s *Store) Restart(ctx context.Context, server int) error {
	if err := s.Servers[server].Start(ctx); err != nil {
		return err
	}
	return s.await(ctx, "redis answers at "+s.Addresses[server], func() bool {
		_, err := redisDo(ctx, s.Addresses[server], "PING")
		return err == nil
	})
}

func (s *Store) startCluster(ctx context.Context) error {
	buses := make([]string, clusterNodes)
	for i := range buses {
		var err error
		if buses[i], err = freePort(); err != nil {
			return err
		}
		if err := s.add(ctx, "--cluster-enabled", "yes", "--cluster-port", buses[i]); err != nil {
			return err
		}
	}
	_, firstPort, err := net.SplitHostPort(s.Addresses[0])
	if err != nil {
		return err
	}
	for i := range buses {
		first, last := i*clusterSlots/clusterNodes, (i+1)*clusterSlots/clusterNodes-1
		commands := [][]string{
			{"CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i + 1)},
			{"CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(last)},
			{"CLUSTER", "MEET", "127.0.0.1", firstPort, buses[0]},
		}
		for _, command := range commands {
			if _, err := s.Do(ctx, i, command...); err != nil {
				return err
			}
		}
	}
	for i := range buses {
		if err := s.await(ctx, "the cluster is whole", func() bool {
			info, _ := s.Do(ctx, i, "CLUSTER", "INFO")
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3")
		}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) startSentinel(ctx context.Context) error {
	if err := s.add(ctx); err != nil {
		return err
	}
	_, masterPort, err := net.SplitHostPort(s.Addresses[0])
	if err != nil {
		return err
	}
	if err := s.add(ctx, "--replicaof", "127.0.0.1 "+masterPort); err != nil {
		return err
	}
	if err := s.await(ctx, "the replica follows", func() bool {
		info, _ := s.Do(ctx, 1, "INFO", "replication")
		return strings.Contains(info, "master_link_status:up")
	}); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	file := filepath.Join(s.dir, "sentinel.conf")
	text := fmt.Sprintf("bind 127.0.0.1\nport %s\nsentinel monitor %[2]s 127.0.0.1 %[3]s 1\n"+
		"sentinel down-after-milliseconds %[2]s 1000\nsentinel failover-timeout %[2]s 3000\n", port, masterName, masterPort)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	s.sentinel = &Process{Name: "sentinel", program: s.program, args: []string{file, "--sentinel"}}
	s.sentinelAddress = net.JoinHostPort("127.0.0.1", port)
	if err := s.sentinel.Start(ctx); err != nil {
		return err
	}
	return s.await(ctx, "Sentinel knows the replica", func() bool {
		replicas, err := redisDo(ctx, s.sentinelAddress, "SENTINEL", "REPLICAS", masterName)
		return err == nil && replicas != ""
	})
}

// Do runs one command on a server, past every proxy, and returns the reply as text, a list as one line an element.
func (s *Store) Do(ctx context.Context, server int, args ...string) (string, error) {
	return redisDo(ctx, s.Addresses[server], args...)
}

// Master is the number of the server that is a master and has a replica.
func (s *Store) Master(ctx context.Context) (int, error) {
	for i := range s.Servers {
		info, err := s.Do(ctx, i, "INFO", "replication")
		if err != nil {
			return 0, err
		}
		if strings.Contains(info, "role:master") && strings.Contains(info, "connected_slaves:1") {
			return i, nil
		}
	}
	return 0, errors.New("no server is a master with a replica")
}

// AwaitMaster waits until a server says that it is a master.
func (s *Store) AwaitMaster(ctx context.Context, server int) error {
	return s.await(ctx, "the replica is promoted", func() bool {
		info, err := s.Do(ctx, server, "INFO", "replication")
		return err == nil && strings.Contains(info, "role:master")
	})
}

// settings are those of a feature service that reads the store, at the address that a single one is reached at.
func (s *Store) settings(single string) map[string]string {
	const prefix = "feature.store.redis."
	switch s.topology {
	case scenario.Cluster:
		return map[string]string{prefix + "addresses": strings.Join(s.Addresses, ","), prefix + "cluster": "true"}
	case scenario.Sentinel:
		return map[string]string{prefix + "addresses": s.sentinelAddress, prefix + "master": masterName}
	default:
		return map[string]string{prefix + "addresses": single}
	}
}

// connected is how many clients the servers have.
func (s *Store) connected(ctx context.Context) (float64, error) {
	total := 0.0
	for i := range s.Servers {
		info, err := s.Do(ctx, i, "INFO", "clients")
		if err != nil {
			return 0, err
		}
		_, rest, _ := strings.Cut(info, "connected_clients:")
		number, _, _ := strings.Cut(rest, "\r\n")
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return 0, fmt.Errorf("redis INFO clients: %w", err)
		}
		total += n
	}
	return total, nil
}

func (s *Store) await(ctx context.Context, what string, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for !holds() {
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, ctx.Err())
		}
	}
	return nil
}

// close kills what runs: nothing of it is wanted afterwards.
func (s *Store) close() []error {
	var faults []error
	if s.sentinel != nil {
		faults = append(faults, s.sentinel.Kill())
	}
	for _, server := range s.Servers {
		faults = append(faults, server.Kill())
	}
	return faults
}

// freePort returns a port of the loopback interface that nobody listens on now.
func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return "", err
	}
	return port, listener.Close()
}
