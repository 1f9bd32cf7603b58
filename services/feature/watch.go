package feature

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/services/feature/internal/items"
)

// maxChunk is about how many bytes a message may have; gRPC refuses 4 MiB by default.
const maxChunk = 1 << 20

type itemStream = grpc.ServerStreamingServer[featurev1.WatchItemsResponse]

// WatchItems sends the whole item table, then changes, and a heartbeat whenever the table was seen to be current and
// nothing changed; while the store cannot be read there are no heartbeats. A slow reader gets changes merged.
//
// Errors: fault.Unavailable with the store's reason when the table was never read, and with STOPPING at the end of Run;
// fault.Overloaded when there are too many streams.
func (s *Service) WatchItems(_ *featurev1.WatchItemsRequest, stream itemStream) error {
	if err := s.awaitTable(stream.Context()); err != nil {
		return err
	}
	watcher, all, err := s.table.Watch()
	if err != nil {
		return err
	}
	defer watcher.Close()
	if err := s.sendTable(stream, all, watcher.Version()); err != nil {
		return fmt.Errorf("feature: send the items: %w", err)
	}
	if err := s.sendChanges(stream, watcher); err != nil {
		return fmt.Errorf("feature: send changes of items: %w", err)
	}
	return nil
}

// awaitTable returns once the table has been read from the store.
func (s *Service) awaitTable(ctx context.Context) error {
	patience := time.NewTimer(s.cfg.Items.FirstRead)
	defer patience.Stop()
	select {
	case <-s.table.Ready():
		return nil
	case <-s.table.Done():
		return stopping()
	case <-ctx.Done():
		return fmt.Errorf("feature: waiting for the items: %w", ctx.Err())
	case <-patience.C:
		if err := s.table.Err(); err != nil {
			return fmt.Errorf("feature: the items were never read: %w", err)
		}
		return fault.New(fault.Unavailable, items.ReasonUnread, "the items are still being read")
	}
}

func stopping() error {
	return fault.New(fault.Unavailable, items.ReasonStopping, "the server stops")
}

// sendTable sends the header, the chunks and the end mark.
func (s *Service) sendTable(stream itemStream, all []items.Item, version uint64) error {
	count := uint64(len(all))
	header := &featurev1.TableHeader{
		ItemSchema: s.items.Schema(), UserSchema: s.form.rows.Schema(), ItemCount: count,
	}
	if err := stream.Send(&featurev1.WatchItemsResponse{Message: &featurev1.WatchItemsResponse_Header{Header: header}}); err != nil {
		return err
	}
	if err := s.sendRows(stream, all, version, asChunk); err != nil {
		return err
	}
	end := &featurev1.TableEnd{Version: version, ItemCount: count}
	return stream.Send(&featurev1.WatchItemsResponse{Message: &featurev1.WatchItemsResponse_End{End: end}})
}

// sendChanges sends changes and heartbeats until the stream or the feed ends.
func (s *Service) sendChanges(stream itemStream, watcher *items.Watcher) error {
	beat := time.NewTicker(s.cfg.Items.Heartbeat)
	defer beat.Stop()
	checked := watcher.Checked()
	for {
		var err error
		select {
		case <-stream.Context().Done():
			return stream.Context().Err()
		case <-s.table.Done():
			return stopping()
		case <-watcher.Changed():
			changed := watcher.Take(s.items.Absent())
			err = s.sendRows(stream, changed, watcher.Version(), asChange)
		case <-beat.C:
			now := watcher.Checked()
			if now == checked {
				continue // the store cannot be read: the table may be old
			}
			checked = now
			err = stream.Send(asHeartbeat(watcher.Version()))
		}
		if err != nil {
			return err
		}
	}
}

func asChunk(rows *featurev1.ItemRows) *featurev1.WatchItemsResponse {
	return &featurev1.WatchItemsResponse{Message: &featurev1.WatchItemsResponse_Chunk{Chunk: rows}}
}

func asChange(rows *featurev1.ItemRows) *featurev1.WatchItemsResponse {
	return &featurev1.WatchItemsResponse{Message: &featurev1.WatchItemsResponse_Change{Change: rows}}
}

func asHeartbeat(version uint64) *featurev1.WatchItemsResponse {
	return &featurev1.WatchItemsResponse{
		Message: &featurev1.WatchItemsResponse_Heartbeat{Heartbeat: &featurev1.Heartbeat{Version: version}},
	}
}

// sendRows sends items in messages of a bounded size.
func (s *Service) sendRows(
	stream itemStream, all []items.Item, version uint64, as func(*featurev1.ItemRows) *featurev1.WatchItemsResponse,
) error {
	for len(all) > 0 {
		var rows *featurev1.ItemRows
		rows, all = s.chunk(all, version)
		if err := stream.Send(as(rows)); err != nil {
			return err
		}
	}
	return nil
}

// chunk packs the first items into one message and returns the rest.
func (s *Service) chunk(all []items.Item, version uint64) (*featurev1.ItemRows, []items.Item) {
	chunk := &featurev1.ItemRows{Version: version}
	size := 0
	for i, item := range all {
		if i == s.cfg.Items.ChunkRows || size > maxChunk {
			return chunk, all[i:]
		}
		size += len(item.ID) + item.Row.Size()
		chunk.ItemIds = append(chunk.ItemIds, item.ID)
		chunk.Numbers = append(chunk.Numbers, item.Row.Numbers...)
		chunk.Integers = append(chunk.Integers, item.Row.Integers...)
		chunk.Texts = append(chunk.Texts, item.Row.Texts...)
		chunk.Statuses = append(chunk.Statuses, item.Row.Statuses...)
	}
	return chunk, nil
}
