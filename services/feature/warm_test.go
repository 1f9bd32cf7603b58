package feature

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/repli-mesh/repli/pkg/redistest"
)

// warmed runs a service that remembers its rows in a file, until stop is called.
func warmed(t *testing.T, server *redistest.Server, file string) (s *Service, stop func()) {
	t.Helper()
	cfg := redisConfig(server.Addr)
	cfg.Cache.WarmFile = file
	c := &clock{}
	s, err := New(cfg, c.deps(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s, func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestNextStartIsWarm(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	file := filepath.Join(t.TempDir(), "warm")
	s, stop := warmed(t, server, file)
	c := &cached{Service: s}
	want := []string{"a", "b\nc", `"d"`}
	for _, id := range want {
		c.write(t, "user_stats", row(id, values{"lines": num(1), "orders": whole(1)}))
		c.get(t, id)
	}
	c.get(t, "nobody")
	stop()

	ids, err := readIDs(file)
	slices.Sort(ids)
	slices.Sort(want)
	if err != nil || !slices.Equal(ids, want) {
		t.Fatalf("remembered %q, %v, want %q", ids, err, want)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	others, _ := filepath.Glob(file + ".*")
	if len(others) > 0 {
		t.Fatalf("left behind: %v", others)
	}

	server.Pause(t) // the store comes up after the service
	s, stop = warmed(t, server, file)
	defer stop()
	server.Resume(t)
	await(t, "the rows to be read", func() bool { return s.reads.rows.Stats().Entries == len(want) })
	if got := s.reads.rows.Stats(); got.Misses != 0 {
		t.Fatalf("warming counts as requests: %+v", got)
	}
}

func TestStartThatIsCutShortKeepsTheFile(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Stop(t)
	file := filepath.Join(t.TempDir(), "warm")
	if err := writeIDs(file, []string{"a", "b"}); err != nil {
		t.Fatal(err)
	}
	s, stop := warmed(t, server, file)
	await(t, "a read to fail", func() bool { return s.reads.rows.Stats().Failed > 0 })
	stop()
	if ids, err := readIDs(file); err != nil || len(ids) != 2 {
		t.Fatalf("remembered %q, %v", ids, err)
	}
}

func TestFileOfIDsIsBoundedAndChecked(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "warm")
	if ids, err := readIDs(file); err != nil || ids != nil {
		t.Fatalf("without a file: %v, %v", ids, err)
	}
	many := make([]string, warmIDs+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	if err := writeIDs(file, many); err != nil {
		t.Fatal(err)
	}
	if ids, err := readIDs(file); err != nil || len(ids) != warmIDs {
		t.Fatalf("%d ids, %v", len(ids), err)
	}
	for text, says := range map[string]string{
		"\"a\"\nsomebody\n":        "warm:2",
		strings.Repeat("x", 1<<20): "too long",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if ids, err := readIDs(file); err == nil || ids != nil || !contains(err, says) || contains(err, "somebody") {
			t.Errorf("%.20q: %v, %v", text, ids, err)
		}
	}
	if err := writeIDs(filepath.Join(folder, "missing", "warm"), many); err == nil {
		t.Error("written into a folder that is not there")
	}
}
