package rpc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
)

// zone is a DNS of one name: as gRPC's own resolver, it is asked when one is built.
type zone struct {
	mu        sync.Mutex
	addresses []string
	asked     []time.Time
	open      int
}

func (z *zone) Scheme() string { return "dns" }

func (z *zone) Build(_ resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	z.mu.Lock()
	z.asked, z.open = append(z.asked, time.Now()), z.open+1
	var state resolver.State
	for _, address := range z.addresses {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: address})
	}
	z.mu.Unlock()
	_ = cc.UpdateState(state) // gRPC's own tries again
	return z, nil
}

func (z *zone) ResolveNow(resolver.ResolveNowOptions) {}

func (z *zone) Close() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.open--
}

func (z *zone) set(addresses ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.addresses = addresses
}

// connection notes what it is told.
type connection struct {
	resolver.ClientConn
	states []resolver.State
	errs   []error
}

func (c *connection) UpdateState(s resolver.State) error {
	c.states = append(c.states, s)
	return nil
}

func (c *connection) ReportError(err error) { c.errs = append(c.errs, err) }

func TestANameIsLookedUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, started := &zone{addresses: []string{"a"}}, time.Now()
		r, err := names{z}.Build(resolver.Target{}, &connection{}, resolver.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond) // a connection ends soon after the first look-up, and another
		r.ResolveNow(resolver.ResolveNowOptions{})
		r.ResolveNow(resolver.ResolveNowOptions{})
		time.Sleep(5*time.Second - 100*time.Millisecond) // and one later
		r.ResolveNow(resolver.ResolveNowOptions{})
		time.Sleep(21 * time.Second)
		r.Close()
		var at []time.Duration
		for _, asked := range z.asked {
			at = append(at, asked.Sub(started))
		}
		if want := []time.Duration{0, leastRefresh, 5 * time.Second, 15 * time.Second, 25 * time.Second}; !slices.Equal(at, want) {
			t.Errorf("looked up at %v, expected %v", at, want)
		}
		if z.open != 0 {
			t.Errorf("%d resolvers are open", z.open)
		}
	})
}

func TestNobodyIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z, c := &zone{addresses: []string{"a"}}, &connection{}
		r, err := names{z}.Build(resolver.Target{}, c, resolver.BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		z.set()
		time.Sleep(refresh + time.Second)
		r.Close()
		if len(c.states) != 1 || len(c.errs) != 1 || !errors.Is(c.errs[0], errNobody) {
			t.Errorf("states %v, errors %v; expected the first address and one error", c.states, c.errs)
		}
	})
}

// A target that cannot be one is an error, as it is of gRPC's own resolver.
func TestANameThatIsNone(t *testing.T) {
	t.Parallel()
	if _, err := newNames().Build(resolver.Target{}, &connection{}, resolver.BuildOptions{}); err == nil {
		t.Error("an empty name is resolved")
	}
}

// dnsServer answers every question with the addresses that it is given, and returns where it listens.
func dnsServer(t *testing.T, z *zone) string {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var answering sync.WaitGroup
	answering.Go(func() {
		question := make([]byte, 512)
		for {
			n, from, err := socket.ReadFrom(question)
			if err != nil {
				return
			}
			_, _ = socket.WriteTo(z.answer(question[:n]), from)
		}
	})
	t.Cleanup(func() {
		_ = socket.Close()
		answering.Wait()
	})
	return socket.LocalAddr().String()
}

// answer is that of RFC 1035 to a question for addresses of version 4, and an empty one to others.
func (z *zone) answer(question []byte) []byte {
	const header, a = 12, 1
	end := header + bytes.IndexByte(question[header:], 0) + 1 // of the name
	answer := slices.Concat(question[:2], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[header:end+4])
	if binary.BigEndian.Uint16(question[end:]) != a {
		return answer
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	for _, address := range z.addresses {
		answer = append(answer, 0xc0, header, 0, a, 0, 1, 0, 0, 0, 0, 0, 4)
		answer = append(answer, net.ParseIP(address).To4()...)
		answer[7]++
	}
	return answer
}

// Three servers follow one another, each the only one, as in a quick rollout: gRPC's own resolver looks for the second half a
// minute after it has found the first.
func TestReplacedServersAreFoundAtOnce(t *testing.T) {
	t.Parallel()
	z := &zone{addresses: []string{"127.0.0.1"}}
	cfg := ServerDefaults()
	current, stop := start(t, cfg, testDeps(nil), &featureService{})
	_, port, err := net.SplitHostPort(current.Addr())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient("dns://"+dnsServer(t, z)+"/mesh.test:"+port, clientOptions(ClientDefaults())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	client := featurev1.NewFeatureServiceClient(conn)
	for _, next := range []string{"127.0.0.2", "127.0.0.3", ""} {
		if _, err := client.GetUser(soon(t), alice(), grpc.WaitForReady(true)); err != nil {
			t.Fatalf("before there is %q: %v", next, err)
		}
		if next == "" {
			return
		}
		cfg.Listen = net.JoinHostPort(next, port)
		_, stopNext := start(t, cfg, testDeps(nil), &featureService{})
		z.set(next)
		stop()
		stop = stopNext
	}
}
