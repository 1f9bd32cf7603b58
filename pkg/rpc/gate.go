package rpc

import (
	"net"
	"sync"
	"sync/atomic"
)

// gate is open or shut. Passing an open one costs one atomic load.
type gate struct {
	shutUntil atomic.Pointer[chan struct{}] // closed when the gate opens; nil while it is open
}

func (g *gate) shut() {
	opened := make(chan struct{})
	g.shutUntil.CompareAndSwap(nil, &opened)
}

func (g *gate) open() {
	if opened := g.shutUntil.Swap(nil); opened != nil {
		close(*opened)
	}
}

// pass waits until the gate is open and returns true, or false when closed comes first.
func (g *gate) pass(closed <-chan struct{}) bool {
	for {
		opened := g.shutUntil.Load()
		if opened == nil {
			return true
		}
		select {
		case <-*opened:
		case <-closed:
			return false
		}
	}
}

// gatedConn is the server's end of a connection. While the gate is shut it neither reads nor writes, and bytes that a
// read had already taken wait with it.
type gatedConn struct {
	net.Conn
	gate   *gate
	closed chan struct{}
	close  func() error
}

func newGatedConn(conn net.Conn, gate *gate) *gatedConn {
	closed := make(chan struct{})
	return &gatedConn{Conn: conn, gate: gate, closed: closed, close: sync.OnceValue(func() error {
		close(closed)
		return conn.Close()
	})}
}

// Read reads once the gate is open, and returns what it read once the gate is open again.
func (c *gatedConn) Read(buffer []byte) (int, error) {
	if !c.gate.pass(c.closed) {
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(buffer)
	if !c.gate.pass(c.closed) {
		return 0, net.ErrClosed
	}
	return n, err
}

// Write writes once the gate is open.
func (c *gatedConn) Write(buffer []byte) (int, error) {
	if !c.gate.pass(c.closed) {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(buffer)
}

// Close never waits for the gate.
func (c *gatedConn) Close() error {
	return c.close()
}
