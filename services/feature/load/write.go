package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/repli-mesh/repli/pkg/dataset"
	"github.com/repli-mesh/repli/pkg/views"
)

// saveTimeout bounds the last word to the journal when a load was stopped.
const saveTimeout = 5 * time.Second

// writer reads everything once more and writes it.
type writer struct {
	project     *views.Project
	files       []*file
	sink        Sink
	journal     Journal
	cfg         Config
	progress    func(Progress)
	id          string
	from, total int64

	mu          sync.Mutex      // guards what follows, and orders calls of journal and progress
	done, saved int64           // all records before are written, and the journal knows
	ahead       map[int64]int64 // first to last of the batches that were written before one in front of them
}

// batch is consecutive records of one file.
type batch struct {
	file        *file
	first, last int64 // numbers of the records over all files, from 0, the last one not included
	rows        [][]views.Row
	events      []views.Event
}

func (w *writer) run(ctx context.Context) error {
	if err := w.unchanged(ctx); err != nil {
		return err
	}
	w.done, w.saved, w.ahead = w.from, w.from, map[int64]int64{}
	w.progress(Progress{Phase: Write, Done: w.done, Total: w.total})
	if err := w.write(ctx); err != nil {
		return errors.Join(err, w.remember(ctx))
	}
	if err := w.unchanged(ctx); err != nil {
		return err
	}
	// A finished load is forgotten, so that the next run with the same files writes them again.
	if err := w.journal.Save(ctx, w.id, 0); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// unchanged compares the files with what was checked.
func (w *writer) unchanged(ctx context.Context) error {
	for _, file := range w.files {
		now, err := file.source.Digest(ctx)
		if err != nil {
			return err
		}
		if now != file.digest {
			return fmt.Errorf("%s: %w: had %d bytes with SHA-256 %x, has %d with %x", file.source.Name(), ErrChanged,
				file.digest.Size, file.digest.Sum[:4], now.Size, now.Sum[:4])
		}
	}
	return nil
}

// write runs one reader and some workers, and waits for all.
func (w *writer) write(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	batches := make(chan *batch)
	group.Go(func() error {
		defer close(batches)
		return w.read(ctx, batches)
	})
	for range w.cfg.Workers {
		group.Go(func() error { return w.work(ctx, batches) })
	}
	return group.Wait()
}

// read makes batches of the records that are not yet written.
func (w *writer) read(ctx context.Context, batches chan<- *batch) error {
	var number int64
	for _, file := range w.files {
		if number+file.count <= w.from {
			number += file.count
			continue
		}
		current := w.batch(file, number)
		for record, err := range file.records(ctx, w.project) {
			var fault *dataset.Fault
			if errors.As(err, &fault) {
				return fmt.Errorf("%w: %w", ErrChanged, err)
			}
			if err != nil {
				return err
			}
			number++
			if number <= w.from {
				continue
			}
			current.add(number, &record)
			if current.last-current.first < int64(w.cfg.BatchRows) {
				continue
			}
			if err := send(ctx, batches, current); err != nil {
				return err
			}
			current = w.batch(file, number)
		}
		if err := send(ctx, batches, current); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) batch(f *file, first int64) *batch {
	return &batch{file: f, first: max(first, w.from), last: max(first, w.from), rows: make([][]views.Row, len(f.fed))}
}

// add copies a record into the batch, whose last one it becomes.
func (b *batch) add(number int64, r *record) {
	b.last = number
	if b.file.entity == "" {
		b.events = append(b.events, r.event)
		return
	}
	for i, row := range r.rows {
		row.Values = append([]views.Value(nil), row.Values...)
		b.rows[i] = append(b.rows[i], row)
	}
}

func send(ctx context.Context, batches chan<- *batch, b *batch) error {
	if b.first == b.last {
		return nil
	}
	select {
	case batches <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work writes batches until there are none or one fails.
func (w *writer) work(ctx context.Context, batches <-chan *batch) error {
	for b := range batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.store(ctx, b); err != nil {
			return fmt.Errorf("write records %d to %d of the load, from %s: %w", b.first+1, b.last, b.file.source.Name(), err)
		}
		if err := w.note(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) store(ctx context.Context, b *batch) error {
	if b.file.entity == "" {
		return w.sink.WriteEvents(ctx, b.events)
	}
	for i, view := range b.file.fed {
		if err := w.sink.WriteRows(ctx, view, b.rows[i]); err != nil {
			return fmt.Errorf("view %s: %w", view.Name, err)
		}
	}
	return nil
}

// note remembers that a batch is written, and tells the journal up to where all is.
func (w *writer) note(ctx context.Context, b *batch) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead[b.first] = b.last
	for last, ok := w.ahead[w.done]; ok; last, ok = w.ahead[w.done] {
		delete(w.ahead, w.done)
		w.done = last
	}
	if w.done == w.saved {
		return nil
	}
	if err := w.journal.Save(ctx, w.id, w.done); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	w.saved = w.done
	w.progress(Progress{Phase: Write, Done: w.done, Total: w.total})
	return nil
}

// remember saves what a stopped load had written since the journal was told. It has to work when ctx is done, and it runs
// when the workers have ended.
func (w *writer) remember(ctx context.Context) error {
	if w.done == w.saved {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	if err := w.journal.Save(ctx, w.id, w.done); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}
