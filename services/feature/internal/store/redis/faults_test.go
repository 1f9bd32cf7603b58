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
		}, store.ReasonMasterDown, store.ReasonReadOnly},
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

// TestAnswersThatAreNoAnswers gives the answers that a real server gives too briefly, or only when it is broken.
func TestAnswersThatAreNoAnswers(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"-LOADING Redis is loading the dataset in memory\r\n":            store.ReasonLoading,
		"-TRYAGAIN Multiple keys request during rehashing of slot\r\n":   store.ReasonResharding,
		"-WRONGPASS invalid username-password pair\r\n":                  store.ReasonAuth,
		"-CLUSTERDOWN The cluster is down\r\n":                           store.ReasonClusterDown,
		"-ERR max number of clients reached\r\n":                         store.ReasonClients,
		"garbage with " + somebody + "\r\n":                              store.ReasonProtocol,
		"*" + somebody + "\r\n":                                          store.ReasonProtocol,
		"*2\r\n$600000000\r\n":                                           store.ReasonProtocol,
		"*1\r\n$" + somebody + "\r\n":                                    store.ReasonProtocol,
		"*1\r\n$1\r\nx\r\n":                                              store.ReasonCorrupt, // a field too few
		"$-1\r\n":                                                        store.ReasonProtocol,
		"-SOMETHING that nobody has heard of about " + somebody + "\r\n": store.ReasonError,
	} {
		p := project(t, rec)
		address := fake(t, answer)
		s := open(t, p, time.Now, func(cfg *redis.Config) { cfg.Addresses, cfg.MinIdle = []string{address}, 0 })
		records, err := s.Read(t.Context(), views.User, []string{somebody})
		if err == nil {
			err = records[0].Err
		}
		if fault.Reason(err) != want || strings.Contains(err.Error(), somebody) {
			t.Errorf("%q: error %v, want %s", answer, err, want)
		}
		_ = s.Close()
	}
}

// fake listens, and answers each command but the first of a connection with the text. The test's cleanup ends it; clients have to be closed before.
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
		answers := ""
		for _, command := range strings.Split("\r\n"+string(buffer[:n]), "\r\n*")[1:] {
			if strings.Contains(command, "hello") { // what comes before the first command, which older servers lack
				answers += "-ERR unknown command\r\n"
			} else {
				answers += text
			}
		}
		if _, err := conn.Write([]byte(answers)); err != nil {
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
