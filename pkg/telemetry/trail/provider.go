package trail

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

// Deps is what a provider works with; all are set.
type Deps struct {
	// Ratio is the part of the traces begun here that is sampled, 0 to 1.
	Ratio float64
	// Resource is what the spans are of.
	Resource *resource.Resource
	// Exporter sends batches. The provider shuts it down.
	Exporter sdktrace.SpanExporter
	// Lost is told of a batch that the exporter gave up.
	Lost func(ctx context.Context, spans int, err error)
}

// Provider makes tracers. Safe for concurrent use. A provider must be shut down, which ends its goroutine.
type Provider struct {
	embedded.TracerProvider

	cfg      Config
	bound    uint64 // of trace ids that are sampled
	resource *resource.Resource
	batches  sdktrace.SpanProcessor
	bucket   *bucket
	began    time.Time

	open   atomic.Int64 // undecided trails
	queued atomic.Int64 // spans that wait for the collector

	sampled, late, refused, outlived, unrecorded, truncated, sent, lost, overflow atomic.Int64
}

// New returns a provider for a configuration that is valid. Batches leave as the OTEL_BSP_ variables of the environment say.
func New(cfg Config, deps Deps) *Provider {
	p := &Provider{
		cfg: cfg, bound: uint64(deps.Ratio * (1 << 63)), resource: deps.Resource,
		bucket: newBucket(cfg.PerSecond, cfg.Burst), began: time.Now(),
	}
	// Nothing is queued there that is not counted here, so its queue is never full.
	p.batches = sdktrace.NewBatchSpanProcessor(counted{deps.Exporter, p, deps.Lost}, sdktrace.WithMaxQueueSize(cfg.Queue))
	return p
}

// Tracer returns a tracer, which is cheap, but to be made once.
func (p *Provider) Tracer(name string, options ...trace.TracerOption) trace.Tracer {
	config := trace.NewTracerConfig(options...)
	return &tracer{provider: p, scope: instrumentation.Scope{
		Name: name, Version: config.InstrumentationVersion(), SchemaURL: config.SchemaURL(), Attributes: config.InstrumentationAttributes(),
	}}
}

// Shutdown sends what is queued, for as long as ctx allows. Spans that end afterwards are lost.
func (p *Provider) Shutdown(ctx context.Context) error { return p.batches.Shutdown(ctx) }

// tracer starts spans under its scope.
type tracer struct {
	embedded.Tracer

	provider *Provider
	scope    instrumentation.Scope
}

// Start starts a span: of the trail in ctx, if there is one of this provider, else the first of a new trail, in the trace of the
// caller if there is one.
func (t *tracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	config := trace.NewSpanStartConfig(options...)
	if config.NewRoot() {
		return t.begin(ctx, trace.SpanContext{}, name, &config)
	}
	switch parent := trace.SpanFromContext(ctx).(type) {
	case *Span:
		if parent.trail.provider == t.provider {
			return t.goOn(ctx, parent, name, &config)
		}
		return t.begin(ctx, parent.SpanContext(), name, &config)
	default:
		from := parent.SpanContext()
		if from.IsValid() && !from.IsRemote() {
			return ctx, parent // it is not recorded, and so is nothing under it
		}
		return t.begin(ctx, from, name, &config)
	}
}

// goOn starts a span under another one.
func (t *tracer) goOn(ctx context.Context, parent *Span, name string, config *trace.SpanConfig) (context.Context, trace.Span) {
	trail := parent.trail
	start := startOf(config)
	if trail.age(start); trail.decision.Load() == forgotten {
		return mute(ctx, parent.SpanContext())
	}
	trail.mu.Lock()
	span := trail.room()
	if span != nil && parent.ended.IsZero() { // one that has ended is read without the lock
		parent.children++
	}
	trail.mu.Unlock()
	if span == nil {
		t.provider.truncated.Add(1)
		return mute(ctx, parent.SpanContext())
	}
	span.parent = parent.id
	return t.start(ctx, trail, span, name, start, config)
}

// begin starts a trail.
func (t *tracer) begin(ctx context.Context, from trace.SpanContext, name string, config *trace.SpanConfig) (context.Context, trace.Span) {
	p := t.provider
	id := from.TraceID()
	if !from.IsValid() {
		from, id = trace.SpanContext{}, newTraceID()
	}
	decision := undecided
	if p.samples(from, id, config) {
		decision = kept
		p.sampled.Add(1)
	} else if p.cfg.PerSecond == 0 || p.open.Add(1) > int64(p.cfg.Open) {
		if p.cfg.PerSecond > 0 {
			p.open.Add(-1)
			p.unrecorded.Add(1)
		}
		return mute(ctx, from.WithTraceID(id).WithSpanID(spanIDOr(from)).WithRemote(false))
	}
	trail := &trail{provider: p, traceID: id, state: from.TraceState(), born: startOf(config)}
	trail.decision.Store(decision)
	span := trail.room() // nobody else knows the trail yet
	span.parent, span.remote = from.SpanID(), from.IsRemote()
	return t.start(ctx, trail, span, name, trail.born, config)
}

// samples is what the caller says, and for a trace that begins here, the ratio, by the same bits of the id as in the SDK. What
// begins because of a sampled trace is sampled with it.
func (p *Provider) samples(from trace.SpanContext, id trace.TraceID, config *trace.SpanConfig) bool {
	if from.IsValid() {
		return from.IsSampled()
	}
	for _, link := range config.Links() {
		if link.SpanContext.IsSampled() {
			return true
		}
	}
	return binary.BigEndian.Uint64(id[8:])>>1 < p.bound
}

func (t *tracer) start(
	ctx context.Context, trail *trail, span *Span, name string, start time.Time, config *trace.SpanConfig,
) (context.Context, trace.Span) {
	span.trail, span.tracer, span.id, span.name = trail, t, newSpanID(), name
	span.kind, span.began, span.attributes = trace.ValidateSpanKind(config.SpanKind()), start, config.Attributes()
	for _, link := range config.Links() {
		span.AddLink(link)
	}
	return trace.ContextWithSpan(ctx, span), span
}

func startOf(config *trace.SpanConfig) time.Time {
	if at := config.Timestamp(); !at.IsZero() {
		return at
	}
	return time.Now()
}

// mute returns a span that records nothing and lends its ids to calls.
func mute(ctx context.Context, of trace.SpanContext) (context.Context, trace.Span) {
	ctx = trace.ContextWithSpanContext(ctx, of)
	return ctx, trace.SpanFromContext(ctx)
}

func spanIDOr(from trace.SpanContext) trace.SpanID {
	if from.HasSpanID() {
		return from.SpanID()
	}
	return newSpanID()
}

func newTraceID() (id trace.TraceID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64()) //nolint:gosec // an id is no secret
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64()) //nolint:gosec // as above
	}
	return id
}

func newSpanID() (id trace.SpanID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:], rand.Uint64()) //nolint:gosec // as above
	}
	return id
}
