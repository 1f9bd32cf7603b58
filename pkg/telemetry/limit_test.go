package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// limitedTo returns a logger that writes to w, and its limiter, on the clock of the bubble.
func limitedTo(w *bytes.Buffer) (*slog.Logger, *limiter) {
	limit := newLimiter(time.Now)
	return newLogger(w, formatText, "test", slog.LevelInfo, limit), limit
}

func TestAMessageIsWrittenSoOftenAndNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		logger, limit := limitedTo(&logs)
		for range mostRecords + 5 {
			logger.InfoContext(t.Context(), "often")
		}
		logger.With(slog.String("part", "p")).WithGroup("g").InfoContext(t.Context(), "often") // the same message of the same service
		logger.InfoContext(t.Context(), "seldom")
		logger.ErrorContext(t.Context(), "often")
		if n := strings.Count(logs.String(), "msg=often"); n != mostRecords+1 || !strings.Contains(logs.String(), "seldom") {
			t.Errorf("%d lines, want %d of level info and one error:\n%s", n, mostRecords, &logs)
		}
		logs.Reset()
		time.Sleep(interval - 1)
		logger.InfoContext(t.Context(), "often")
		if logs.Len() > 0 {
			t.Errorf("the interval is not over: %s", &logs)
		}
		time.Sleep(time.Nanosecond)
		logger.InfoContext(t.Context(), "often")
		logger.InfoContext(t.Context(), "often")
		if lines := strings.Split(logs.String(), "\n"); !strings.HasSuffix(lines[0], " suppressed=7") || strings.Contains(lines[1], "suppressed") {
			t.Errorf("the first line of the next interval says how many were suppressed, 7, and no other:\n%s", &logs)
		}
		if n := limit.suppressed.Load(); n != 7 {
			t.Errorf("%d are counted, want 7", n)
		}
	})
}

func TestWorthAsksBeforeItIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		logger, limit := limitedTo(&logs)
		if Worth(t.Context(), logger, slog.LevelDebug, "often") {
			t.Error("debug is not written")
		}
		for range mostRecords {
			if !Worth(t.Context(), logger, slog.LevelInfo, "often") {
				t.Fatal("there is room")
			}
			logger.InfoContext(t.Context(), "often")
		}
		if Worth(t.Context(), logger, slog.LevelInfo, "often") || limit.suppressed.Load() != 1 {
			t.Errorf("there is no room, and %d are counted", limit.suppressed.Load())
		}
		if !Worth(t.Context(), slog.New(slog.NewTextHandler(&logs, nil)), slog.LevelInfo, "often") {
			t.Error("a logger without a limit has room")
		}
		if n := testing.AllocsPerRun(100, func() { Worth(t.Context(), logger, slog.LevelInfo, "often") }); n != 0 {
			t.Errorf("a record that is not written costs %v allocations", n)
		}
	})
}

func TestMessagesBeyondTheBoundShareALimit(t *testing.T) {
	t.Parallel()
	limit := newLimiter(func() time.Time { return time.Unix(1, 0) })
	passed := 0
	for i := range 2 * mostMessages {
		if _, ok := limit.take(slog.LevelInfo, fmt.Sprint("message ", i)); ok {
			passed++
		}
	}
	if len(limit.windows) != mostMessages+1 || passed != mostMessages+mostRecords {
		t.Errorf("%d limits for %d messages, of which %d passed", len(limit.windows), 2*mostMessages, passed)
	}
}

func TestTheLimitHoldsUnderConcurrency(t *testing.T) {
	t.Parallel()
	limit := newLimiter(func() time.Time { return time.Unix(1, 0) })
	var wait sync.WaitGroup
	var mu sync.Mutex
	passed := 0
	for range 8 {
		wait.Go(func() {
			for range 100 {
				if _, ok := limit.take(slog.LevelInfo, "often"); ok {
					mu.Lock()
					passed++
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	if passed != mostRecords || limit.suppressed.Load() != 800-mostRecords {
		t.Errorf("%d passed and %d did not", passed, limit.suppressed.Load())
	}
}

// full is a disk that is.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestLostRecordsAreCounted(t *testing.T) {
	t.Parallel()
	telemetry := begin(t, Defaults(), "lossy", full{})
	for range mostRecords + 2 {
		telemetry.Signals().Logger.WarnContext(context.Background(), "lost")
	}
	shown := page(t, telemetry)
	for _, want := range []string{`repli_log_lost_total{cause="limit"} 2`, fmt.Sprintf(`repli_log_lost_total{cause="write"} %d`, mostRecords)} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is missing in\n%s", want, shown)
		}
	}
	end(t, telemetry)
}
