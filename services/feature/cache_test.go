package feature

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/redistest"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/pkg/views"
	"github.com/repli-mesh/repli/services/feature/internal/feast"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// clock stands at noon until it is moved. Safe for concurrent use.
type clock struct{ after atomic.Int64 }

func (c *clock) now() time.Time        { return noon.Add(time.Duration(c.after.Load())) }
func (c *clock) move(by time.Duration) { c.after.Add(int64(by)) }
func (c *clock) deps(t testing.TB) Deps {
	project, err := views.Parse("views.yaml", []byte(declaration))
	if err != nil {
		t.Fatal(err)
	}
	return Deps{Project: project, Signals: telemetry.Discard(), Now: c.now}
}

// cached is a service with rows in memory before a Redis of its own, and a clock to move.
type cached struct {
	*Service
	*clock
	server *redistest.Server
}

func newCached(t testing.TB, change func(*Config)) *cached {
	t.Helper()
	c := &cached{clock: &clock{}, server: redistest.Start(t)}
	cfg := redisConfig(c.server.Addr)
	cfg.Cache.Grace = time.Second // the machine may be busy
	change(&cfg)
	c.Service = newServiceWith(t, cfg, c.clock.deps(t))
	return c
}

func (c *cached) write(t testing.TB, view string, rows ...*featurev1.WriteRow) {
	t.Helper()
	if _, err := c.WriteRows(t.Context(), &featurev1.WriteRowsRequest{View: view, Rows: rows}); err != nil {
		t.Fatal(err)
	}
}

func (c *cached) get(t testing.TB, id string) *featurev1.GetUserResponse {
	t.Helper()
	response, err := c.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: id})
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// lines returns the one number there is, and whether the row is stale.
func lines(r *featurev1.GetUserResponse) string {
	return fmt.Sprint(r.GetRow().GetNumbers()[0], " ", r.GetStale(), " ", r.GetStaleReason())
}

// past writes a row around the service, as another process does.
func (c *cached) past(t *testing.T, lines float32) {
	t.Helper()
	view, _ := c.Service.deps.Project.View("user_stats")
	row := views.Row{EntityID: "u", EventTime: noon, Values: []views.Value{
		{Status: views.Present, Number: lines}, {Status: views.Present, Integer: 1},
	}}
	if err := c.store.WriteRows(t.Context(), view, []views.Row{row}); err != nil {
		t.Fatal(err)
	}
}

func TestRowInMemoryIsServedUntilItsTime(t *testing.T) {
	t.Parallel()
	c := newCached(t, func(*Config) {})
	c.write(t, "user_stats", row("u", values{"lines": num(1), "orders": whole(1)}))
	first := c.get(t, "u")
	c.past(t, 2)
	c.move(29 * time.Second)
	hit := c.get(t, "u")
	if lines(hit) != "1 false " || !hit.GetReadTime().AsTime().Equal(noon) || !proto.Equal(first, hit) {
		t.Fatalf("within the time to live: %v", hit)
	}
	c.move(time.Second)
	if r := c.get(t, "u"); lines(r) != "2 false " || !r.GetReadTime().AsTime().Equal(c.now()) {
		t.Fatalf("after it: %v", r)
	}
	got := c.reads.rows.Stats()
	if got.Hits != 1 || got.Misses != 1 || got.Renewed != 1 || got.Entries != 1 {
		t.Fatalf("stats %+v", got)
	}
}

// A clock that was far ahead for a while makes values look too old for their view, of rows that were in memory before and of
// rows that were read meanwhile. Once it is right again, so are they.
func TestAClockThatWasAheadLeavesNothing(t *testing.T) {
	t.Parallel()
	c := newCached(t, func(cfg *Config) { cfg.Cache.TTL, cfg.Cache.StaleFor = 100*time.Hour, 200*time.Hour })
	for _, id := range []string{"before", "meanwhile"} {
		c.write(t, "user_stats", row(id, values{"lines": num(1), "orders": whole(1)}))
	}
	c.get(t, "before")
	const ahead = 50 * time.Hour
	c.move(ahead)
	for _, id := range []string{"before", "meanwhile"} {
		if r := c.get(t, id); len(r.GetOutsideMaxAgeViews()) != 1 {
			t.Errorf("%s, with a clock that is %v ahead: %v", id, ahead, r)
		}
	}
	c.move(-ahead)
	for _, id := range []string{"before", "meanwhile"} {
		if r := c.get(t, id); lines(r) != "1 false " || len(r.GetOutsideMaxAgeViews()) != 0 {
			t.Errorf("%s, with a clock that is right again: %v", id, r)
		}
	}
}

func TestOwnWritesAreSeenAtOnce(t *testing.T) {
	t.Parallel()
	c := newCached(t, func(*Config) {})
	if r := c.get(t, "u"); r.GetStatus() != featurev1.UserStatus_USER_STATUS_NOT_FOUND {
		t.Fatalf("before: %v", r)
	}
	c.write(t, "user_stats", row("u", values{"lines": num(1), "orders": {}}))
	c.write(t, "user_kind", row("u", values{"segment": text("early"), "picks": texts("i2", "i1")}))
	inMemory := c.get(t, "u")
	if loads := c.reads.rows.Stats().Loaded; loads != 1 {
		t.Fatalf("%d reads of the store; the writes should have changed the row in memory", loads)
	}
	c.move(time.Minute)
	read := c.get(t, "u")
	inMemory.ReadTime = read.GetReadTime()
	if !proto.Equal(inMemory, read) || !slices.Equal(read.GetCandidateItemIds(), []string{"i2", "i1"}) {
		t.Fatalf("in memory %v, in the store %v", inMemory, read)
	}
	c.server.Stop(t)
	_, err := c.WriteRows(t.Context(), &featurev1.WriteRowsRequest{View: "user_stats", Rows: []*featurev1.WriteRow{row("u", nil)}})
	expect(t, err, codes.Unavailable, store.ReasonUnreachable)
	if r := c.get(t, "u"); !r.GetStale() || r.GetStaleReason() != store.ReasonUnreachable || lines(r)[0] != '1' {
		t.Fatalf("after a write that failed: %v", r)
	}
}

func TestStoreThatDiesLeavesStaleRows(t *testing.T) {
	t.Parallel()
	c := newCached(t, func(*Config) {})
	c.write(t, "user_stats", row("u", values{"lines": num(1), "orders": whole(1)}))
	c.write(t, "user_kind", row("u", values{"segment": text("early")}))
	c.get(t, "u")
	c.server.Stop(t)
	c.move(31 * time.Second)
	if r := c.get(t, "u"); lines(r) != "1 true STORE_UNREACHABLE" || !r.GetReadTime().AsTime().Equal(noon) ||
		!r.GetFreshUntil().AsTime().Equal(noon.Add(time.Hour)) { // the freshness of user_stats
		t.Fatalf("%v", r)
	}
	await(t, "the circuit to open", func() bool { return c.get(t, "u").GetStaleReason() == reasonOpen })
	_, err := c.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "other"})
	expect(t, err, codes.Unavailable, reasonOpen)

	c.move(time.Hour) // past the freshness of one view
	r := c.get(t, "u")
	if !r.GetStale() || !slices.Equal(r.GetOutsideMaxAgeViews(), []string{"user_stats"}) || r.GetSegment() != "early" ||
		!slices.Equal(r.GetRow().GetStatuses(), []byte{outdated, outdated, present}) || r.GetRow().GetNumbers()[0] != 0 ||
		r.GetFreshUntil() != nil {
		t.Fatalf("%v", r)
	}
	stats, kind := &c.tally.views[0], &c.tally.views[1]
	if stats[viewOutdated].Load() != 1 || stats[viewFresh].Load() == 0 || kind[viewOutdated].Load() != 0 {
		t.Fatal("the views that were served are not counted by what they were")
	}
	c.move(4 * time.Hour)
	_, err = c.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "u"})
	expect(t, err, codes.Unavailable, reasonOpen)

	c.server.Restart(t)
	await(t, "fresh answers", func() bool {
		r, err := c.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "u"})
		return err == nil && !r.GetStale()
	})
}

func TestViewThatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	c := newCached(t, func(*Config) {})
	c.write(t, "user_stats", row("u", values{"lines": num(1), "orders": whole(1)}))
	c.write(t, "user_kind", row("u", values{"segment": text("early")}))
	key, err := feast.NewKeys("shop", c.Service.deps.Project.Keys[views.User]).Key("u")
	if err != nil {
		t.Fatal(err)
	}
	script := "return redis.call('hset', '"
	for _, b := range []byte(key) {
		script += fmt.Sprintf(`\%03d`, b)
	}
	c.server.Do(t, "eval", script+"', '_ts:user_kind', 'garbage')", "0")
	r := c.get(t, "u")
	if !slices.Equal(r.GetUnreadableViews(), []string{"user_kind"}) || r.GetSegment() != "" || lines(r) != "1 false " ||
		!slices.Equal(r.GetRow().GetStatuses(), []byte{present, present, null}) {
		t.Fatalf("%v", r)
	}
	c.write(t, "user_kind", row("u", values{"segment": text("late")}))
	if r := c.get(t, "u"); len(r.GetUnreadableViews()) != 0 || r.GetSegment() != "late" {
		t.Fatalf("after it was written anew: %v", r)
	}
}

// TestHungStoreCollectsNoGoroutines is the incident: a store that accepts and does not answer, and users who keep coming.
func TestHungStoreCollectsNoGoroutines(t *testing.T) {
	const users, loads, slack = 2000, 64, 40
	c := newCached(t, func(cfg *Config) {
		cfg.Cache.MaxLoads = loads
		cfg.ReadTimeout = 500 * time.Millisecond
		cfg.Items.Poll = time.Hour
		cfg.Items.Heartbeat = time.Hour
		cfg.Items.Rescan = time.Hour
	})
	c.get(t, "known")
	<-c.table.Ready() // the feed asks for nothing more
	before := runtime.NumGoroutine()
	c.server.Pause(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var calls sync.WaitGroup
	for i := range users {
		calls.Go(func() {
			_, err := c.GetUser(ctx, &featurev1.GetUserRequest{UserId: fmt.Sprint("user", i)})
			if err == nil {
				t.Error("a hung store answered")
			}
		})
	}
	calls.Wait()
	if n := runtime.NumGoroutine(); n > before+2*loads+slack { // a load has one, and its connection may be made by another
		t.Fatalf("%d goroutines after %d callers gave up, %d before, at most %d loads", n, users, before, loads)
	}
	await(t, "the circuit to open", func() bool {
		_, err := c.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "another"})
		return fault.Reason(err) == reasonOpen
	})
	c.server.Resume(t)
	await(t, "an answer", func() bool {
		_, err := c.GetUser(t.Context(), &featurev1.GetUserRequest{UserId: "another"})
		return err == nil
	})
	await(t, "the goroutines to end", func() bool { return runtime.NumGoroutine() <= before+slack/4 })
}

func TestDisabledMemoryAsksTheStoreEachTime(t *testing.T) {
	t.Parallel()
	c := newCached(t, func(cfg *Config) { cfg.Cache.Enabled = false })
	c.write(t, "user_stats", row("u", values{"lines": num(1), "orders": whole(1)}))
	c.get(t, "u")
	c.past(t, 2)
	if r := c.get(t, "u"); lines(r) != "2 false " {
		t.Fatalf("%v", r)
	}
}
