package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// What logs may hold: mostRecords of each message and level in each interval. Messages are constants of the program, so there
// are few of them; should there be more than mostMessages, the others share a limit.
const (
	mostRecords  = 10
	mostMessages = 512
	interval     = 10 * time.Second
)

// limiter counts the records of each message. Safe for concurrent use.
type limiter struct {
	now                func() time.Time
	suppressed, failed atomic.Int64

	mu      sync.Mutex
	windows map[told]*window
}

// told is what a limit is for; the zero value stands for all that there is no room for.
type told struct {
	message string
	level   slog.Level
}

// window is an interval of one message.
type window struct {
	began      time.Time
	records    int
	suppressed int64 // since the last record that was written
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, windows: map[told]*window{}}
}

// window returns that of now. The caller holds the lock.
func (l *limiter) window(level slog.Level, message string) *window {
	key := told{message, level}
	w := l.windows[key]
	if w == nil && len(l.windows) >= mostMessages {
		key = told{}
		w = l.windows[key]
	}
	if w == nil {
		w = &window{}
		l.windows[key] = w
	}
	if now := l.now(); w.began.IsZero() || now.Sub(w.began) >= interval {
		w.began, w.records = now, 0
	}
	return w
}

// full reports whether a record would be suppressed, and counts it as that.
func (l *limiter) full(level slog.Level, message string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.window(level, message)
	if w.records < mostRecords {
		return false
	}
	w.suppressed++
	l.suppressed.Add(1)
	return true
}

// take counts a record. It returns how many were suppressed before it, and false for one that is suppressed itself.
func (l *limiter) take(level slog.Level, message string) (suppressed int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.window(level, message)
	if w.records >= mostRecords {
		w.suppressed++
		l.suppressed.Add(1)
		return 0, false
	}
	w.records++
	suppressed, w.suppressed = w.suppressed, 0
	return suppressed, true
}

// register adds the figure of the records that nobody will read.
func (l *limiter) register(meter metric.Meter) error {
	lost, err := meter.Int64ObservableCounter("repli.log.lost", metric.WithUnit("{record}"),
		metric.WithDescription("Log records that were not written, by cause: limit (too many of one message) or write."))
	if err != nil {
		return err
	}
	limit := metric.WithAttributeSet(attribute.NewSet(attribute.String(causeKey, causeLimit)))
	write := metric.WithAttributeSet(attribute.NewSet(attribute.String(causeKey, causeWrite)))
	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveInt64(lost, l.suppressed.Load(), limit)
		o.ObserveInt64(lost, l.failed.Load(), write)
		return nil
	}, lost)
	return err
}

// limited writes no more of a message than its limiter lets through. The next record of the message says how many were
// suppressed.
type limited struct {
	slog.Handler
	limiter *limiter
}

// Handle passes the record on, or drops it.
func (l limited) Handle(ctx context.Context, record slog.Record) error {
	suppressed, ok := l.limiter.take(record.Level, record.Message)
	if !ok {
		return nil
	}
	if suppressed > 0 {
		record = record.Clone()
		record.AddAttrs(slog.Int64("suppressed", suppressed))
	}
	err := l.Handler.Handle(ctx, record)
	if err != nil {
		l.limiter.failed.Add(1)
	}
	return err
}

// WithAttrs keeps the limit on loggers made from this one.
func (l limited) WithAttrs(attrs []slog.Attr) slog.Handler {
	return limited{l.Handler.WithAttrs(attrs), l.limiter}
}

// WithGroup keeps the limit on loggers made from this one.
func (l limited) WithGroup(name string) slog.Handler {
	return limited{l.Handler.WithGroup(name), l.limiter}
}

// Worth reports whether a record would be written, so that what many requests have to say costs nothing where it is not. One
// that would not be because there were too many is counted as suppressed.
func Worth(ctx context.Context, logger *slog.Logger, level slog.Level, message string) bool {
	if !logger.Enabled(ctx, level) {
		return false
	}
	handler, ok := logger.Handler().(limited)
	return !ok || !handler.limiter.full(level, message)
}
