// Package redistest owns real Redis servers for tests: one server, or a cluster of three, started in a temporary folder on
// free ports and ended with the test.
//
// It runs the programs redis-server and redis-cli and speaks no protocol itself. A test fails, with a text that says why,
// when they are not installed.
package redistest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	patience = 30 * time.Second // for a busy machine; a start takes some ten milliseconds
	pause    = 5 * time.Millisecond
)

// Server is a Redis server that a test owns. Its methods fail the test when the server does not obey. They are for the
// test's own goroutine.
type Server struct {
	// Addr is its host:port, the same after Restart.
	Addr string

	port    string
	dir     string
	first   []string // arguments that come before all others
	args    []string
	command *exec.Cmd
	done    chan struct{}
	output  *output
}

// Start starts a server with redis-server's arguments, such as "--requirepass", "secret"; nothing is kept on disk. The
// test's cleanup ends it.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := newServer(t)
	s.args = append([]string{"--save", "", "--appendonly", "no"}, args...)
	s.start(t)
	return s
}

func newServer(t testing.TB) *Server {
	t.Helper()
	for _, program := range []string{"redis-server", "redis-cli"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is not installed and this test needs it: make test installs it (Debian package redis-server)", program)
		}
	}
	port := FreePort(t)
	s := &Server{Addr: net.JoinHostPort("127.0.0.1", port), port: port, dir: t.TempDir()}
	t.Cleanup(s.end)
	return s
}

// Stop kills the server, as a crash would; its data are lost.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.end()
}

// Restart starts a stopped server again, empty, at the same address.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.end()
	s.start(t)
}

// Pause stops the process in its tracks: connections stay open and nothing is answered until Resume.
func (s *Server) Pause(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGSTOP)
}

// Resume lets a paused server go on.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGCONT)
}

// Do runs one command by redis-cli, past whatever password it has to give with "--no-auth-warning", "-a", "secret", and
// returns the raw answer without its last line break.
func (s *Server) Do(t testing.TB, args ...string) string {
	t.Helper()
	answer, err := s.try(args...)
	if err != nil {
		t.Fatalf("redis-cli %s: %v: %s", strings.Join(args, " "), err, answer)
	}
	return answer
}

func (s *Server) try(args ...string) (string, error) {
	call := exec.Command("redis-cli", append([]string{"-e", "-h", "127.0.0.1", "-p", s.port}, args...)...) //nolint:gosec,noctx // a test tool
	answer, err := call.CombinedOutput()
	return strings.TrimSuffix(string(answer), "\n"), err
}

func (s *Server) start(t testing.TB) {
	t.Helper()
	s.output = &output{}
	args := slices.Concat(s.first, []string{"--port", s.port, "--bind", "127.0.0.1", "--dir", s.dir}, s.args)
	s.command = exec.Command("redis-server", args...) //nolint:gosec,noctx // a test tool; cleanup ends it
	s.command.Stdout, s.command.Stderr = s.output, s.output
	if err := s.command.Start(); err != nil {
		t.Fatalf("redis-server: %v", err)
	}
	s.done = make(chan struct{})
	go func(command *exec.Cmd, done chan struct{}) {
		defer close(done)
		_ = command.Wait() // killed, always
	}(s.command, s.done)
	Await(t, "redis-server to accept connections", func() bool {
		select {
		case <-s.done:
			t.Fatalf("redis-server ended:\n%s", s.output)
		default:
		}
		answer, _ := s.try("ping")
		return answer == "PONG" || strings.Contains(answer, "NOAUTH")
	})
}

// end kills the process and waits for it; paused processes die, too.
func (s *Server) end() {
	if s.command == nil {
		return
	}
	_ = s.command.Process.Kill() // it may have ended
	<-s.done
	s.command = nil
}

func (s *Server) signal(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := s.command.Process.Signal(signal); err != nil {
		t.Fatalf("redis-server: %v: %v", signal, err)
	}
}

// Await fails the test unless the condition becomes true in half a minute.
func Await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// FreePort returns a port of the loopback interface that nobody listens on now.
func FreePort(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// output collects what a process prints. Safe for concurrent use.
type output struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes.String()
}
