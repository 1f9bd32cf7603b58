package feature

import (
	"context"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/services/feature/internal/items"
)

// reader follows a stream as a ranker does, and fails the test when the stream breaks its rules.
type reader struct {
	t       *testing.T
	stream  grpc.ServerStreamingClient[featurev1.WatchItemsResponse]
	header  *featurev1.TableHeader
	table   map[string]float32
	version uint64
	chunks  int
}

func watch(t *testing.T, client featurev1.FeatureServiceClient) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // rather than hang
	t.Cleanup(cancel)
	stream, err := client.WatchItems(ctx, &featurev1.WatchItemsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, stream: stream, table: make(map[string]float32)}
	r.header = r.next().GetHeader()
	if r.header == nil {
		t.Fatal("the stream does not start with a header")
	}
	for {
		message := r.next()
		if end := message.GetEnd(); end != nil {
			if end.GetItemCount() != r.header.GetItemCount() || end.GetItemCount() != uint64(len(r.table)) {
				t.Fatalf("header %d items, end %d, sent %d", r.header.GetItemCount(), end.GetItemCount(), len(r.table))
			}
			return r
		}
		if message.GetChunk() == nil {
			t.Fatalf("within the table: %v", message)
		}
		r.chunks++
	}
}

func (r *reader) next() *featurev1.WatchItemsResponse {
	r.t.Helper()
	message, err := r.stream.Recv()
	if err != nil {
		r.t.Fatal(err)
	}
	switch m := message.GetMessage().(type) {
	case *featurev1.WatchItemsResponse_Chunk:
		r.take(m.Chunk)
	case *featurev1.WatchItemsResponse_Change:
		r.take(m.Change)
	case *featurev1.WatchItemsResponse_End:
		r.seen(m.End.GetVersion())
	case *featurev1.WatchItemsResponse_Heartbeat:
		r.seen(m.Heartbeat.GetVersion())
	}
	return message
}

func (r *reader) seen(version uint64) {
	r.t.Helper()
	if version < r.version {
		r.t.Fatalf("version %d after %d", version, r.version)
	}
	r.version = version
}

func (r *reader) take(rows *featurev1.ItemRows) {
	r.t.Helper()
	r.seen(rows.GetVersion())
	n := len(rows.GetItemIds())
	if n == 0 || len(rows.GetNumbers()) != n || len(rows.GetTexts()) != n || len(rows.GetStatuses()) != 2*n || len(rows.GetIntegers()) != 0 {
		r.t.Fatalf("rows of %d items: %v", n, rows)
	}
	for i, id := range rows.GetItemIds() {
		r.table[id] = rows.GetNumbers()[i]
	}
}

// until reads on until the item has the popularity.
func (r *reader) until(id string, popularity float32) {
	r.t.Helper()
	for r.table[id] != popularity {
		r.next()
	}
}

func stats(popularity float32, ids ...string) []*featurev1.WriteRow {
	var rows []*featurev1.WriteRow
	for _, id := range ids {
		rows = append(rows, row(id, values{"popularity": num(float64(popularity)), "aisle": text("fruit")}))
	}
	return rows
}

func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint("i", i)
	}
	return ids
}

func TestWatchItemsSendsTheTableAndItsChanges(t *testing.T) {
	t.Parallel()
	s := newService(t, memoryConfig())
	client := serve(t, s)
	write := writes(t, client)
	write.must(t, "item_stats", stats(1, numbered(2500)...)...)
	first := watch(t, client)
	first.until("i2499", 1)
	second := watch(t, client)
	if len(second.table) != 2500 || second.chunks != 3 {
		t.Fatalf("%d items in %d chunks, want 2500 in 3", len(second.table), second.chunks)
	}
	if len(second.header.GetItemSchema().GetColumns()) != 2 || second.header.GetUserSchema().GetFingerprint() != s.form.rows.Schema().GetFingerprint() {
		t.Fatalf("header %v", second.header)
	}
	write.must(t, "item_stats", stats(2, "i7", "another")...)
	for _, r := range []*reader{first, second} {
		r.until("another", 2)
		r.until("i7", 2)
		if len(r.table) != 2501 {
			t.Fatalf("%d items", len(r.table))
		}
	}
	for second.next().GetHeartbeat() == nil {
	}
}

func TestWatchItemsOfNoItems(t *testing.T) {
	t.Parallel()
	r := watch(t, serve(t, newService(t, memoryConfig())))
	if r.header.GetItemCount() != 0 || r.chunks != 0 {
		t.Fatalf("header %v, %d chunks", r.header, r.chunks)
	}
}

func TestChunksAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	client := serve(t, newService(t, memoryConfig()))
	var rows []*featurev1.WriteRow
	for _, id := range numbered(800) {
		rows = append(rows, row(id, values{"popularity": num(1), "aisle": text(string(slices.Repeat([]byte("x"), 4096)))}))
	}
	writes(t, client).must(t, "item_stats", rows...)
	r := watch(t, client)
	r.until("i799", 1)
	if again := watch(t, client); again.chunks < 3 {
		t.Fatalf("%d chunks for 3 MiB", again.chunks)
	}
}

func TestWatchItemsEnds(t *testing.T) {
	t.Parallel()
	cfg := memoryConfig()
	cfg.Items.MaxWatchers = 1
	s := newService(t, cfg)
	client := serve(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := client.WatchItems(ctx, &featurev1.WatchItemsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	refused, err := client.WatchItems(t.Context(), &featurev1.WatchItemsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = refused.Recv()
	expect(t, err, codes.ResourceExhausted, items.ReasonWatchers)
	cancel()
	for err = nil; err == nil; {
		_, err = stream.Recv()
	}
	expect(t, err, codes.Canceled, "")
	await(t, "the watcher to be gone", func() bool { return s.table.Stats().Watchers == 0 })
}

func TestWatchItemsEndsWithTheFeed(t *testing.T) {
	t.Parallel()
	s := newService(t, memoryConfig())
	ctx, cancel := context.WithCancel(t.Context())
	feed := items.NewFeed(s.cfg.Items, source{s.store}, s.items, s.table, s.deps.Signals.Logger, s.deps.Now)
	cancel()
	if err := feed.Run(ctx); err != nil { // ends at once, and the table with it
		t.Fatal(err)
	}
	err := s.WatchItems(nil, &blocking{ctx: t.Context(), sent: make(chan *featurev1.WatchItemsResponse, 100)})
	expect(t, err, codes.Unavailable, items.ReasonStopping)
}

// blocking is a stream whose reader takes a message only when the test does.
type blocking struct {
	grpc.ServerStream
	ctx  context.Context
	sent chan *featurev1.WatchItemsResponse
}

func (b *blocking) Context() context.Context { return b.ctx }

func (b *blocking) Send(message *featurev1.WatchItemsResponse) error {
	select {
	case b.sent <- message:
		return nil
	case <-b.ctx.Done():
		return io.EOF
	}
}

func TestSlowWatcherGetsChangesMerged(t *testing.T) {
	t.Parallel()
	cfg := memoryConfig()
	cfg.Items.Heartbeat = time.Hour
	s := newService(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	stream := &blocking{ctx: ctx, sent: make(chan *featurev1.WatchItemsResponse)}
	done := make(chan error, 1)
	go func() { done <- s.WatchItems(nil, stream) }()
	<-stream.sent // the header
	<-stream.sent // the end

	write := func(popularity float32) {
		t.Helper()
		before := s.table.Stats().Version
		request := &featurev1.WriteRowsRequest{View: "item_stats", Rows: stats(popularity, "i1")}
		if _, err := s.WriteRows(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		await(t, "the table to change", func() bool { return s.table.Stats().Version > before })
	}
	const changes = 50
	for i := range changes {
		write(float32(i + 1))
	}
	// Whatever was being sent when the writing began, and one message for all the rest.
	received := 0
	for last := float32(0); last != changes; received++ {
		last = (<-stream.sent).GetChange().GetNumbers()[0]
	}
	if received > 2 {
		t.Fatalf("%d messages for %d changes of one item", received, changes)
	}
	cancel()
	expect(t, <-done, codes.Canceled, "")
}
