package feature

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/redistest"
	"github.com/repli-mesh/repli/services/feature/internal/items"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

func await(t testing.TB, what string, condition func() bool) {
	t.Helper()
	redistest.Await(t, what, condition)
}

func redisConfig(address string) Config {
	cfg := Defaults()
	cfg.Store.Redis.Addresses = []string{address}
	cfg.Store.Redis.MinIdle = 0
	cfg.Items.Poll = 10 * time.Millisecond
	cfg.Items.Heartbeat = 20 * time.Millisecond
	cfg.ReadTimeout = 3 * time.Second
	return cfg
}

func TestServiceOutlivesItsStore(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Stop(t)
	cfg := redisConfig(server.Addr)
	cfg.Items.FirstRead = time.Millisecond
	s := newService(t, cfg)
	client := serve(t, s)
	write := writes(t, client)

	_, err := client.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "u"})
	expect(t, err, codes.Unavailable, store.ReasonUnreachable)
	expect(t, write("user_stats", row("u", nil)), codes.Unavailable, store.ReasonUnreachable)
	await(t, "the feed to fail", func() bool { return s.table.Err() != nil })
	stream, err := client.WatchItems(t.Context(), &featurev1.WatchItemsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stream.Recv()
	expect(t, err, codes.Unavailable, store.ReasonUnreachable)

	await(t, "the circuit to open", func() bool {
		_, err := client.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "u"})
		return fault.Reason(err) == reasonOpen && fault.Status(err).Code() == codes.Unavailable
	})

	server.Restart(t)
	await(t, "the store to be found", func() bool { return write("item_stats", stats(1, "i1")...) == nil })
	await(t, "the circuit to close", func() bool { return !s.reads.breaker.Open() })
	write.must(t, "user_stats", row("u", values{"lines": num(1)}))
	got, err := client.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "u"})
	if err != nil || got.GetRow().GetNumbers()[0] != 1 {
		t.Fatalf("after the start: %v, %v", got, err)
	}
	await(t, "the items to be read", func() bool { return s.table.Stats().Items == 1 })

	server.Stop(t)
	watch(t, client).until("i1", 1) // the table outlives the store
	server.Restart(t)
	await(t, "the store to be found again", func() bool { return write("item_stats", stats(2, "i2")...) == nil })
	watch(t, client).until("i2", 2)
}

// A store that is down must keep no process from being ready: process.Process waits for services that say when they are.
func TestReadinessDoesNotWaitForTheStore(t *testing.T) {
	t.Parallel()
	if _, waits := any(&Service{}).(interface{ Ready() <-chan struct{} }); waits {
		t.Fatal("the service is ready only when it has data of the store")
	}
}

// hung listens and never answers. The test's cleanup ends it.
func hung(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns = append(conns, conn)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
		for _, conn := range conns {
			_ = conn.Close()
		}
	})
	return listener.Addr().String()
}

func TestHungStoreCostsNeitherTheDeadlineNorGoroutines(t *testing.T) {
	t.Parallel()
	const pool, loads, callers = 4, 16, 100
	cfg := redisConfig(hung(t))
	cfg.Store.Redis.PoolSize, cfg.Cache.MaxLoads = pool, loads
	cfg.Breaker.Calls = 1000 // the circuit must not help
	cfg.ReadTimeout = time.Second
	s := newService(t, cfg)

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	reasons := make(chan string, callers)
	var calls sync.WaitGroup
	for i := range callers {
		calls.Go(func() {
			_, err := s.GetUser(ctx, &featurev1.GetUserRequest{UserId: fmt.Sprint(i)})
			reasons <- fault.Status(err).Code().String() + fault.Reason(err)
		})
	}
	calls.Wait() // a caller that waits for the store would wait for ever
	if under := s.reads.rows.Stats().Loads; under > loads {
		t.Fatalf("%d reads are under way, the bound is %d", under, loads)
	}
	close(reasons)
	count := make(map[string]int)
	for reason := range reasons {
		count[reason]++
	}
	if count["DeadlineExceeded"] != loads || count["ResourceExhausted"+reasonBusy] != callers-loads {
		t.Fatalf("callers were told %v", count)
	}
	await(t, "the reads to be given up", func() bool { return s.reads.rows.Stats().Loads == 0 })
	long, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	_, err := s.GetUser(long, &featurev1.GetUserRequest{UserId: "u"})
	expect(t, err, codes.Unavailable, store.ReasonTimeout)
}

func TestStreamWithoutAnAnswerFromTheStore(t *testing.T) {
	t.Parallel()
	cfg := redisConfig(hung(t))
	cfg.Items.FirstRead = time.Millisecond
	s := newService(t, cfg)
	err := s.WatchItems(nil, &blocking{ctx: t.Context()})
	expect(t, err, codes.Unavailable, items.ReasonUnread)
}
