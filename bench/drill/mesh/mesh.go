package mesh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"

	"github.com/repli-mesh/repli/bench/drill/load"
	"github.com/repli-mesh/repli/bench/drill/scenario"
	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// Programs are the paths of what is run.
type Programs struct {
	// Repli is the binary whose services are drilled.
	Repli string
	// Clocks is the same, built with the tag drill: its clock can be set. It is there where a scenario has mesh.clocks.
	Clocks string
	// Redis is redis-server.
	Redis string
}

// Mesh is the processes of one drill. Its methods are for one goroutine at a time, except those of its parts that say so.
type Mesh struct {
	// Store is the Redis.
	Store *Store

	spec     scenario.Mesh
	data     Data
	programs Programs
	dir      string
	services map[string]*Process
	admins   map[string]string
	order    []string // the services, as they were started
	hops     map[string]*Hop
	proxies  hops

	connections map[string]*grpc.ClientConn
}

// Start starts a mesh in a folder of its own under dir, loads the data, and waits until each gateway answers from the model.
func Start(ctx context.Context, spec scenario.Mesh, data Data, programs Programs, dir string) (*Mesh, error) {
	own, err := os.MkdirTemp(dir, "mesh")
	if err != nil {
		return nil, err
	}
	m := &Mesh{
		spec: spec, data: data, programs: programs, dir: own,
		services: map[string]*Process{}, admins: map[string]string{}, hops: map[string]*Hop{}, proxies: newHops(),
		connections: map[string]*grpc.ClientConn{},
	}
	if err := m.start(ctx); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (m *Mesh) start(ctx context.Context) (err error) {
	m.Store, err = startStore(ctx, m.programs.Redis, m.dir, m.spec.Redis)
	if err != nil {
		return err
	}
	if err := m.Fill(ctx); err != nil {
		return err
	}
	if err := m.run(ctx, "snapshot", "build", "--views", m.data.Views, "--users", m.data.Users, "--events", m.data.Events,
		"--out", m.snapshot()); err != nil {
		return err
	}
	if err := m.open(); err != nil {
		return err
	}
	for _, name := range m.names() {
		if err := m.add(name); err != nil {
			return err
		}
		if err := m.StartService(ctx, name); err != nil {
			return err
		}
	}
	return m.AwaitPersonalized(ctx)
}

func (m *Mesh) snapshot() string { return filepath.Join(m.dir, "snapshot.repli") }

// names are those of the services, in the order in which they start.
func (m *Mesh) names() []string {
	var names []string
	for i := range m.spec.FeaturePods {
		names = append(names, numbered("feature", i+1))
	}
	names = append(names, "ranking", "fallback")
	for i := range m.spec.Gateways {
		names = append(names, numbered("gateway", i+1))
	}
	return names
}

// numbered is "ranking" for the first and "ranking@2" for the second.
func numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	return fmt.Sprintf("%s@%d", name, n)
}

// open makes the hops. Where they lead is known once the services serve.
func (m *Mesh) open() error {
	names := []string{"items"}
	for i := range m.spec.Gateways {
		names = append(names, numbered("feature", i+1), numbered("ranking", i+1), numbered("fallback", i+1))
	}
	for i := range m.spec.FeaturePods {
		names = append(names, pod(i+1))
	}
	for _, name := range append(names, "store") {
		hop, err := m.proxies.open(name, m.Store.Addresses[0])
		if err != nil {
			return err
		}
		m.hops[name] = hop
	}
	return nil
}

// pod is the name of the hop to a feature process, for gateways that are told of more than one.
func pod(n int) string { return fmt.Sprintf("pod@%d", n) }

// led are the hops that lead to a service.
func (m *Mesh) led(service string) []string {
	kind, _, more := strings.Cut(service, "@")
	if kind == "gateway" {
		return nil
	}
	var names []string
	if kind == "feature" {
		if more {
			return []string{"pod@" + strings.TrimPrefix(service, "feature@")}
		}
		names = append(names, "items", pod(1))
	}
	for i := range m.spec.Gateways {
		names = append(names, numbered(kind, i+1))
	}
	return names
}

// add prepares the process of a service.
func (m *Mesh) add(name string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	kind, _, _ := strings.Cut(name, "@")
	m.admins[name] = net.JoinHostPort("127.0.0.1", port)
	m.order = append(m.order, name)
	p := &Process{
		Name: name, program: m.programs.Repli, args: []string{kind}, env: m.environment(kind, name),
		pinned: m.spec.Pinned, announces: true,
	}
	if m.spec.Clocks {
		p.program, p.env = m.programs.Clocks, append(p.env, "REPLI_DRILL_CLOCK="+m.clock(name))
	}
	m.services[name] = p
	return nil
}

// clock is the file that says how far the clock of a service is ahead.
func (m *Mesh) clock(name string) string { return filepath.Join(m.dir, name+".clock") }

// SetClock sets the clock of a service ahead of the machine's, or back; the mesh has clocks.
func (m *Mesh) SetClock(name string, ahead time.Duration) error {
	if _, err := m.Service(name); err != nil {
		return err
	}
	next := m.clock(name) + ".next"
	if err := os.WriteFile(next, []byte(ahead.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(next, m.clock(name)) // whoever reads sees all of it
}

// StartService starts a service and leads its hops to it.
func (m *Mesh) StartService(ctx context.Context, name string) error {
	p, err := m.Service(name)
	if err != nil {
		return err
	}
	if err := p.Start(ctx); err != nil {
		return err
	}
	for _, hop := range m.led(name) {
		if err := m.hops[hop].Lead(p.Address()); err != nil {
			return err
		}
	}
	if strings.HasPrefix(name, "gateway") {
		return m.connect(name, p.Address())
	}
	return nil
}

// Service returns a service's process.
func (m *Mesh) Service(name string) (*Process, error) {
	p, ok := m.services[name]
	if !ok {
		return nil, fmt.Errorf("the mesh has no process %q", name)
	}
	return p, nil
}

// Services are the names of the services in the order in which they depend on each other.
func (m *Mesh) Services() []string { return m.order }

// Hop returns a hop.
func (m *Mesh) Hop(name string) (*Hop, error) {
	hop, ok := m.hops[name]
	if !ok {
		return nil, fmt.Errorf("the mesh has no hop %q", name)
	}
	return hop, nil
}

// Hops returns the hops of every gateway to a service.
func (m *Mesh) Hops(service string) []*Hop {
	var found []*Hop
	for _, name := range m.led(service) {
		found = append(found, m.hops[name])
	}
	return found
}

// Data is what the mesh serves.
func (m *Mesh) Data() Data { return m.data }

// Fill loads users and items into the store, past every proxy.
func (m *Mesh) Fill(ctx context.Context) error {
	addresses := m.Store.Addresses
	if m.spec.Redis != scenario.Cluster {
		addresses = addresses[:1]
	}
	return m.run(ctx, "load", "--views", m.data.Views, "--users", m.data.Users, "--items", m.data.Items,
		"--redis", strings.Join(addresses, ","))
}

// run runs one command of the binary to its end.
func (m *Mesh) run(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, m.programs.Repli, args...) //nolint:gosec // the mesh's own program
	cmd.Env = cleanEnvironment()
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("repli %s: %w: %s", args[0], err, output)
	}
	return nil
}

// connect makes the connection to a gateway, in place of the one to its predecessor.
func (m *Mesh) connect(name, address string) error {
	cfg := rpc.ClientDefaults()
	cfg.Target = "passthrough:///" + address
	connection, err := rpc.Dial(cfg, rpc.ClientDeps{Signals: telemetry.Discard()})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	before := m.connections[name]
	m.connections[name] = connection
	if before == nil {
		return nil
	}
	return before.Close()
}

// Connected waits until the connection to each gateway is made.
func (m *Mesh) Connected(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for name, connection := range m.connections {
		for state := connection.GetState(); state != connectivity.Ready; state = connection.GetState() {
			if !connection.WaitForStateChange(ctx, state) {
				return fmt.Errorf("%s: cannot be connected: %w", name, ctx.Err())
			}
		}
	}
	return nil
}

// Callers are connections to the gateways, one to each, which retry nothing. They hold until a gateway is started again.
func (m *Mesh) Callers() []load.Caller {
	var callers []load.Caller
	for i := range m.spec.Gateways {
		callers = append(callers, repliv1.NewRecommendationServiceClient(m.connections[numbered("gateway", i+1)]))
	}
	return callers
}

// probe bounds one question of AwaitPersonalized.
const probe = 500 * time.Millisecond

// AwaitPersonalized waits until each gateway answers from the model.
func (m *Mesh) AwaitPersonalized(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for i, caller := range m.Callers() {
		for {
			response, err := ask(ctx, caller, m.data.UserIDs[i%len(m.data.UserIDs)])
			if err == nil && response.GetTier() == repliv1.Tier_TIER_PERSONALIZED {
				break
			}
			last := fmt.Sprint(response.GetTier(), " ", response.GetDegradations(), " ", err)
			select {
			case <-time.After(pollEvery):
			case <-ctx.Done():
				return fmt.Errorf("gateway %d does not answer from the model: %s", i+1, last)
			}
		}
	}
	return nil
}

func ask(ctx context.Context, caller load.Caller, user string) (*repliv1.RecommendResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, probe)
	defer cancel()
	return caller.Recommend(ctx, &repliv1.RecommendRequest{UserId: user, Count: 10})
}

// Close ends everything, also what is stopped or half started, and removes the mesh's folder.
func (m *Mesh) Close() error {
	var faults []error
	for _, connection := range m.connections {
		faults = append(faults, connection.Close())
	}
	ends := make([]error, len(m.order))
	var group sync.WaitGroup
	for i, name := range m.order {
		group.Go(func() { ends[i] = m.services[name].Stop() })
	}
	group.Wait()
	for _, hop := range m.hops {
		hop.close()
	}
	if m.Store != nil {
		faults = append(faults, m.Store.close()...)
	}
	return errors.Join(append(append(faults, ends...), os.RemoveAll(m.dir))...)
}
