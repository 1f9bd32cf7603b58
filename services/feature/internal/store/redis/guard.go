package redis

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"syscall"
	"time"
)

const (
	// maxBulk is what Redis allows a text to have by default, and maxParts more parts than any answer to us has.
	maxBulk, maxParts = 512 << 20, 4 << 20
	// maxHead is more than the number in the head of an answer can have.
	maxHead = 32
)

// errGarbled is the end of a connection on which something else than answers arrived.
var errGarbled = errors.New("redis: invalid head of an answer")

// guard looks at the heads of answers before the client does, which panics or takes all memory when one of them tells of an
// impossible length, on goroutines that we cannot protect. Sentinels speak version 3 of
// the protocol to it, all others version 2. Not safe for concurrent use.
type guard struct {
	net.Conn

	head []byte // of the answer that is arriving
	body int    // bytes of a text that are still to come
}

// dialer connects as the client would, with TLS when there are settings for it, and puts a guard before it.
func dialer(timeout time.Duration, settings *tls.Config) func(ctx context.Context, network, addr string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: timeout}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if settings != nil {
			conn, err := (&tls.Dialer{NetDialer: plain, Config: settings}).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &guard{Conn: conn}, nil
		}
		conn, err := plain.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if raw, ok := conn.(syscall.Conn); ok { // through which the client sees that an idle connection was closed
			return struct {
				*guard
				syscall.Conn
			}{&guard{Conn: conn}, raw}, nil
		}
		return &guard{Conn: conn}, nil
	}
}

// Read fails as soon as what arrives cannot be an answer.
func (g *guard) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if !g.sound(p[:n]) {
		return 0, errGarbled
	}
	return n, err
}

func (g *guard) sound(arrived []byte) bool {
	for len(arrived) > 0 {
		if skip := min(g.body, len(arrived)); skip > 0 {
			g.body -= skip
			arrived = arrived[skip:]
			continue
		}
		line, rest, ended := bytes.Cut(arrived, []byte{'\n'})
		g.head = append(g.head, line[:min(len(line), maxHead-len(g.head))]...)
		arrived = rest
		if !ended {
			return true
		}
		if !g.begin(bytes.TrimSuffix(g.head, []byte{'\r'})) {
			return false
		}
		g.head = g.head[:0]
	}
	return true
}

// begin says whether there is such a head, and how much body follows it.
func (g *guard) begin(head []byte) bool {
	if len(head) == 0 {
		return false
	}
	switch head[0] {
	case '+', '-', ':', '_', '#', ',', '(':
		return true
	case '*', '%', '>', '~', '|':
		n, err := strconv.Atoi(string(head[1:]))
		return err == nil && n >= -1 && n <= maxParts
	case '$', '=', '!':
		n, err := strconv.Atoi(string(head[1:]))
		if err != nil || n < -1 || n > maxBulk {
			return false
		}
		if n >= 0 {
			g.body = n + len("\r\n")
		}
		return true
	default:
		return false
	}
}
