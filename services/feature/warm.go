package feature

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/repli-mesh/repli/pkg/breaker"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

const (
	// warmIDs bounds the file, warmEvery is how often it is written.
	warmIDs   = 10_000
	warmEvery = 5 * time.Minute
	// warmPause is between two rows that are read at the start, warmRetry after one that the store failed to give.
	warmPause = 2 * time.Millisecond
	warmRetry = 250 * time.Millisecond
)

// warmer fills the memory at the start with the rows that were asked for most before, and remembers which those are in a
// file. The file holds ids of users, and nothing else does.
type warmer struct {
	file   string
	reads  *reads
	logger *slog.Logger
}

// Run fills the memory, then keeps the file current, and writes it a last time when ctx is done. A file that cannot be read
// or written is no reason to fail: the memory fills by itself.
func (w *warmer) Run(ctx context.Context) error {
	ids, err := readIDs(w.file)
	if err != nil {
		w.logger.WarnContext(ctx, "the memory of rows starts empty", telemetry.Err(err))
	}
	start := time.Now()
	if !w.fill(ctx, ids) {
		return nil // the file knows more than the memory does
	}
	w.logger.InfoContext(ctx, "the memory of rows is warm", slog.Int("rows", len(ids)), slog.Duration("took", time.Since(start)))
	tick := time.NewTicker(warmEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.save(ctx)
		case <-ctx.Done():
			w.save(ctx)
			return nil
		}
	}
}

// fill reads the rows one after another, and says whether it came to the end. While the store fails it waits.
func (w *warmer) fill(ctx context.Context, ids []string) bool {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for _, id := range ids {
		for loaded := false; !loaded; {
			select {
			case <-ctx.Done():
				return false
			case <-pause.C:
			}
			err := refusal(w.reads.rows.Refresh(ctx, id))
			loaded = err == nil || judge(err) == breaker.Success // a row that cannot be read stays so
			if pause.Reset(warmPause); !loaded {
				pause.Reset(warmRetry)
			}
		}
	}
	return true
}

func (w *warmer) save(ctx context.Context) {
	ids := w.reads.rows.Hottest(warmIDs)
	if len(ids) == 0 {
		return
	}
	if err := writeIDs(w.file, ids); err != nil {
		w.logger.WarnContext(ctx, "which rows to start with is not remembered", telemetry.Err(err))
	}
}

// readIDs returns the ids in a file of JSON texts, one a line; none when there is no such file.
func readIDs(path string) (ids []string, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() && len(ids) < warmIDs {
		var id string
		if json.Unmarshal(lines.Bytes(), &id) != nil {
			return nil, fmt.Errorf("%s:%d: is not a JSON text", path, len(ids)+1)
		}
		ids = append(ids, id)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ids, nil
}

// writeIDs replaces the file as a whole. Nobody else may read it.
func writeIDs(path string, ids []string) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	lines := bufio.NewWriter(file)
	encoder := json.NewEncoder(lines)
	for _, id := range ids {
		err = errors.Join(err, encoder.Encode(id))
	}
	if err = errors.Join(err, lines.Flush(), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
