package items

import (
	"context"
	"log/slog"
	"time"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/telemetry"
	"github.com/repli-mesh/repli/services/feature/internal/rows"
	"github.com/repli-mesh/repli/services/feature/internal/store"
)

// Source is where items come from.
type Source interface {
	// ReadItems returns the records of items, as store.Rows does.
	ReadItems(ctx context.Context, ids []string) ([]store.Record, error)
	// Changes and Scan are those of store.Index.
	Changes(ctx context.Context, since uint64) (store.Page, error)
	Scan(ctx context.Context) ([]string, error)
}

// Feed keeps a table as its source is. The source is asked for changes often, and now and then read as a whole: for values
// that grew old, for rows that are gone, and for whatever was written past the index.
type Feed struct {
	cfg    Config
	source Source
	layout *rows.Layout
	table  *Table
	logger *slog.Logger
	now    func() time.Time
	kick   chan struct{}

	since   uint64 // the version of the index that the table has
	scanned bool   // there was no index
	whole   bool   // the next look has to read all
}

// NewFeed returns a feed that fills the table.
func NewFeed(cfg Config, source Source, layout *rows.Layout, table *Table, logger *slog.Logger, now func() time.Time) *Feed {
	return &Feed{
		cfg: cfg, source: source, layout: layout, table: table, logger: logger, now: now,
		kick: make(chan struct{}, 1), whole: true,
	}
}

// Kick makes the feed look at its source now. Safe for concurrent use.
func (f *Feed) Kick() {
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

// Run keeps the table current until ctx is done, through all faults of the source, and then ends all watching.
func (f *Feed) Run(ctx context.Context) error {
	defer f.table.close()
	poll := time.NewTicker(f.cfg.Poll)
	defer poll.Stop()
	rescan := time.NewTicker(f.cfg.Rescan)
	defer rescan.Stop()
	for {
		f.note(ctx, f.look(ctx))
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		case <-f.kick:
		case <-rescan.C:
			f.whole = true
		}
	}
}

// note logs when the source starts to fail and when it is back, not every time in between.
func (f *Feed) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	before := f.table.looked(err, f.now())
	switch {
	case err != nil && fault.Reason(err) != fault.Reason(before):
		f.logger.WarnContext(ctx, "items cannot be read; the last table is kept", telemetry.Err(err))
	case err == nil && before != nil:
		f.logger.InfoContext(ctx, "items can be read again")
	}
}

// look brings the table up to date.
func (f *Feed) look(ctx context.Context) error {
	for {
		page, err := f.source.Changes(ctx, f.since)
		if err != nil {
			return err
		}
		lost := page.Head < f.since
		if f.whole || lost || f.scanned && page.Head > 0 {
			return f.reload(ctx)
		}
		if len(page.IDs) == 0 {
			return nil
		}
		changed, gone, err := f.fetch(ctx, page.IDs)
		if err != nil {
			return err
		}
		f.table.update(changed, gone)
		f.since = page.Next
	}
}

// reload reads every item: those of the index, or, when there is none, those that a scan finds. Items that are not there any more are
// taken out of the table when it was time to look for them. When it was the index that was lost, or came back, the store has lost
// data (by evictions, or a failover to an old replica) or is being filled again: what it lacks was not withdrawn, and stays until then.
func (f *Feed) reload(ctx context.Context) error {
	ids, since, err := f.index(ctx)
	if err != nil {
		return err
	}
	scanned := since == 0
	if scanned {
		if ids, err = f.source.Scan(ctx); err != nil {
			return err
		}
	}
	all, _, err := f.fetch(ctx, ids)
	if err != nil {
		return err
	}
	gone := f.table.missing(all)
	if len(gone) > 0 && (len(all) == 0 || !f.whole) {
		f.logger.WarnContext(ctx, "the store has lost items; their last rows are kept", slog.Int("items", len(gone)))
		gone = nil
	}
	f.table.update(all, gone)
	f.since, f.scanned, f.whole = since, scanned, false
	return nil
}

// index returns all ids of the index and its version; 0 when there is no index.
func (f *Feed) index(ctx context.Context) (ids []string, since uint64, err error) {
	for {
		page, err := f.source.Changes(ctx, since)
		if err != nil || len(page.IDs) == 0 {
			return ids, since, err
		}
		ids, since = append(ids, page.IDs...), page.Next
	}
}

// fetch reads items, a chunk at a time. An item of which something cannot be read keeps the row that it has; one that is new
// gets a row of what can.
func (f *Feed) fetch(ctx context.Context, ids []string) (found map[string]rows.Row, gone []string, err error) {
	found = make(map[string]rows.Row, len(ids))
	unreadable := 0
	for len(ids) > 0 {
		chunk := ids[:min(f.cfg.ChunkRows, len(ids))]
		ids = ids[len(chunk):]
		records, err := f.source.ReadItems(ctx, chunk)
		if err != nil {
			return nil, nil, err
		}
		for i, record := range records {
			id := chunk[i]
			if record.Err != nil || record.Unreadable != nil {
				unreadable++
				if row, ok := f.table.row(id); ok {
					found[id] = row
					continue
				}
			}
			switch {
			case record.Err != nil:
			case record.Found():
				found[id] = f.layout.Pack(record)
			default:
				gone = append(gone, id)
			}
		}
	}
	if unreadable > 0 {
		f.logger.WarnContext(ctx, "items that cannot be read are left as they were", slog.Int("items", unreadable))
	}
	return found, gone, nil
}
