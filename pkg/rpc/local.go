package rpc

import (
	"context"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc/test/bufconn"
)

// localBuffer is how many bytes a connection of a Local holds in each direction.
const localBuffer = 64 << 10

// Local is a network in memory: servers listen on it by name, and connections reach them. It is safe for concurrent use.
// A server may come after the connections to it, go, and come back under the same name.
type Local struct {
	mu    sync.Mutex
	hosts map[string]*localHost
}

// localHost is a name: the listener while there is one, and the gate that outlives it.
type localHost struct {
	gate     *gate
	listener *bufconn.Listener
}

// NewLocal returns a network without servers.
func NewLocal() *Local {
	return &Local{hosts: map[string]*localHost{}}
}

// Pause stops the server from reading and writing, as SIGSTOP would: connections stay and calls on them wait. A server
// that comes later under the name is paused too. Pausing twice is the same as once.
func (l *Local) Pause(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.host(name).gate.shut()
}

// Resume undoes Pause; not a byte is lost.
func (l *Local) Resume(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.host(name).gate.open()
}

// host returns the name's entry; the caller holds the lock.
func (l *Local) host(name string) *localHost {
	host, ok := l.hosts[name]
	if !ok {
		host = &localHost{gate: &gate{}}
		l.hosts[name] = host
	}
	return host
}

// listen makes the name reachable until the listener is closed. It fails when the name is taken.
func (l *Local) listen(name string) (net.Listener, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	host := l.host(name)
	if host.listener != nil {
		return nil, fmt.Errorf("%s%s: the name is taken", inproc, name)
	}
	host.listener = bufconn.Listen(localBuffer)
	return &localListener{Listener: host.listener, local: l, host: host}, nil
}

// dial connects to the name. It fails at once when nobody listens.
func (l *Local) dial(ctx context.Context, name string) (net.Conn, error) {
	l.mu.Lock()
	listener := l.host(name).listener
	l.mu.Unlock()
	if listener == nil {
		return nil, fmt.Errorf("%s%s: nobody listens", inproc, name)
	}
	return listener.DialContext(ctx)
}

// localListener hands out connections behind the gate of its host.
type localListener struct {
	*bufconn.Listener
	local *Local
	host  *localHost
}

// Accept waits for a connection.
func (l *localListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newGatedConn(conn, l.host.gate), nil
}

// Close gives up the name.
func (l *localListener) Close() error {
	l.local.mu.Lock()
	defer l.local.mu.Unlock()
	if l.host.listener == l.Listener {
		l.host.listener = nil
	}
	return l.Listener.Close()
}
