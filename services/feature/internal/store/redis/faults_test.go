package redis_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/redistest"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/store"
	"github.com/repli-mesh/repli/services/feature/internal/store/redis"
)

// somebody is an id that nothing else in an error can look like.
const somebody = "8070605040302010"

// attempt reads and writes, and returns both reasons.
func attempt(t *testing.T, s *redis.Store, p *views.Project) (read, write string) {
	t.Helper()
	_, err := s.Read(t.Context(), views.User, []string{somebody})
	view, _ := p.View("user_stats")
	row := views.Row{EntityID: somebody, Values: []views.Value{{Status: views.Present, Number: 0.5}}}
	written := s.Write(t.Context(), view, []views.Row{row})
	for _, each := range []error{err, written} {
		if each != nil && (strings.Contains(each.Error(), somebody) || strings.Contains(each.Error(), "user_id")) {
			t.Errorf("error %q holds an id or a key", each)
		}
	}
	return fault.Reason(err), fault.Reason(written)
}

func TestFaultsOfRedisHaveReasons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		args        []string
		prepare     func(t *testing.T, server *redistest.Server)
		read, write string
	}{
		{"well", nil, nil, "", ""},
		{"killed", nil, func(t *testing.T, s *redistest.Server) { s.Stop(t) }, store.ReasonUnreachable, store.ReasonUnreachable},
		{"hung", nil, func(t *testing.T, s *redistest.Server) { s.Pause(t) }, store.ReasonTimeout, store.ReasonTimeout},
		{"a password is asked for", []string{"--requirepass", "secret"}, nil, store.ReasonAuth, store.ReasonAuth},
		{"a replica", nil, func(t *testing.T, s *redistest.Server) {
			s.Do(t, "replicaof", "127.0.0.1", "1")
		}, "", store.ReasonReadOnly},
		{"no memory left", nil, func(t *testing.T, s *redistest.Server) {
			s.Do(t, "config", "set", "maxmemory", "1")
		}, "", store.ReasonMemory},
		{"no permission", nil, func(t *testing.T, s *redistest.Server) {
			s.Do(t, "acl", "setuser", "default", "-hset")
		}, "", store.ReasonAuth},
		{"unknown command", []string{"--rename-command", "HMGET", ""}, nil, store.ReasonError, ""},
		{"a replica without a master", []string{"--replica-serve-stale-data", "no"}, func(t *testing.T, s *redistest.Server) {
			s.Do(t, "replicaof", "127.0.0.1", "1")
		}, store.ReasonError, store.ReasonReadOnly},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, c.args...)
			p := project(t, rec)
			s := open(t, p, time.Now, func(cfg *redis.Config) {
				cfg.Addresses = []string{server.Addr}
				cfg.MinIdle = 0
				if c.name == "hung" {
					cfg.ReadTimeout = 50 * time.Millisecond
				}
			})
			defer func() { _ = s.Close() }()
			if c.prepare != nil {
				c.prepare(t, server)
			}
			if read, write := attempt(t, s, p); read != c.read || write != c.write {
				t.Fatalf("read %q, write %q, want %q and %q", read, write, c.read, c.write)
			}
		})
	}
}

// TestLoadingServer answers as Redis does while it reads its data; a real one does so too briefly.
func TestLoadingServer(t *testing.T) {
	t.Parallel()
	address := fake(t, "-LOADING Redis is loading the dataset in memory\r\n")
	p := project(t, rec)
	s := open(t, p, time.Now, func(cfg *redis.Config) { cfg.Addresses, cfg.MinIdle = []string{address}, 0 })
	defer func() { _ = s.Close() }()
	if read, _ := attempt(t, s, p); read != store.ReasonLoading {
		t.Fatalf("reason %q, want %s", read, store.ReasonLoading)
	}
}

// fake listens, and answers each command with the text. The test's cleanup ends it; clients have to be closed before.
func fake(t *testing.T, text string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var handlers sync.WaitGroup
	t.Cleanup(func() {
		_ = listener.Close()
		handlers.Wait()
	})
	handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			handlers.Go(func() { answer(conn, text) })
		}
	})
	return listener.Addr().String()
}

func answer(conn net.Conn, text string) {
	defer func() { _ = conn.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		commands := strings.Count("\r\n"+string(buffer[:n]), "\r\n*")
		if _, err := conn.Write([]byte(strings.Repeat(text, commands))); err != nil {
			return
		}
	}
}

func TestRestartedServerIsFoundAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p := project(t, rec)
	s := open(t, p, time.Now, single(server))
	defer func() { _ = s.Close() }()
	for range 2 {
		redistest.Await(t, "a good answer", func() bool {
			read, write := attempt(t, s, p)
			return read == "" && write == ""
		})
		server.Stop(t)
		redistest.Await(t, "a fault", func() bool {
			read, _ := attempt(t, s, p)
			return read == store.ReasonUnreachable
		})
		server.Restart(t)
	}
}

func TestRotatedPassword(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--requirepass", "first")
	file := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	p := project(t, rec)
	s := open(t, p, time.Now, func(cfg *redis.Config) {
		cfg.Addresses, cfg.PasswordFile, cfg.MinIdle = []string{server.Addr}, file, 0
	})
	defer func() { _ = s.Close() }()
	if read, _ := attempt(t, s, p); read != "" {
		t.Fatalf("with the password: %s", read)
	}
	server.Do(t, "-a", "first", "--no-auth-warning", "config", "set", "requirepass", "second")
	server.Do(t, "-a", "second", "--no-auth-warning", "client", "kill", "type", "normal", "skipme", "yes")
	redistest.Await(t, "the old password to be refused", func() bool {
		read, _ := attempt(t, s, p)
		return read == store.ReasonAuth
	})
	write("second")
	redistest.Await(t, "the new password to be taken", func() bool {
		read, _ := attempt(t, s, p)
		return read == ""
	})
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	server.Do(t, "-a", "second", "--no-auth-warning", "client", "kill", "type", "normal", "skipme", "yes")
	redistest.Await(t, "the lost password to be missed", func() bool {
		read, _ := attempt(t, s, p)
		return read != ""
	})
}

func TestCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	s := open(t, project(t, rec), time.Now, single(server))
	defer func() { _ = s.Close() }()
	server.Pause(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	// The read time-out is 20 s, the test's own limit half of that: the context's deadline is what ends the call.
	done := make(chan error, 1)
	go func() {
		_, err := s.Read(ctx, views.User, []string{somebody})
		done <- err
	}()
	select {
	case err := <-done:
		if fault.Reason(err) != store.ReasonTimeout {
			t.Fatalf("error %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the read did not end with its context")
	}
}
