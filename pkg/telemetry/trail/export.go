package trail

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// export queues a span that has ended. It never waits: where as many are queued as may be, the span is dropped and counted.
func (p *Provider) export(span *Span) {
	if p.queued.Add(1) > int64(p.cfg.Queue) {
		p.queued.Add(-1)
		p.overflow.Add(1)
		return
	}
	p.batches.OnEnd(finished{blank, span})
}

// counted keeps count of what is queued, sent and lost.
type counted struct {
	sdktrace.SpanExporter
	provider *Provider
	gaveUp   func(context.Context, int, error)
}

// ExportSpans sends a batch. It returns no error, which the SDK would tell of to the whole process.
func (c counted) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	defer c.provider.queued.Add(-int64(len(spans)))
	if err := c.SpanExporter.ExportSpans(ctx, spans); err != nil {
		c.provider.lost.Add(int64(len(spans)))
		c.gaveUp(ctx, len(spans), err)
		return nil
	}
	c.provider.sent.Add(int64(len(spans)))
	return nil
}

// blank answers for whatever the SDK may ask of a span in the future.
var blank = tracetest.SpanStub{}.Snapshot()

// finished is a span that has ended, as the SDK's batches and exporters know it.
type finished struct {
	sdktrace.ReadOnlySpan
	span *Span
}

// SpanContext is that of a sampled span: batches leave out every other.
func (f finished) SpanContext() trace.SpanContext { return f.span.context(trace.FlagsSampled) }

// Parent is not valid where there is none.
func (f finished) Parent() trace.SpanContext {
	if !f.span.parent.IsValid() {
		return trace.SpanContext{}
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: f.span.trail.traceID, SpanID: f.span.parent, TraceFlags: trace.FlagsSampled, Remote: f.span.remote,
	})
}

// Attributes are those that were set, each once, as it was set last.
func (f finished) Attributes() []attribute.KeyValue {
	all := f.span.attributes
	for i := range all {
		if later(all, i) {
			return distinct(all)
		}
	}
	return all
}

// later says whether a later attribute has the same key.
func later(all []attribute.KeyValue, i int) bool {
	return slices.ContainsFunc(all[i+1:], func(other attribute.KeyValue) bool { return other.Key == all[i].Key })
}

func distinct(all []attribute.KeyValue) []attribute.KeyValue {
	var once []attribute.KeyValue
	for i := range all {
		if !later(all, i) {
			once = append(once, all[i])
		}
	}
	return once
}

// The rest is as it was recorded.

func (f finished) Name() string                                { return f.span.name }
func (f finished) SpanKind() trace.SpanKind                    { return f.span.kind }
func (f finished) StartTime() time.Time                        { return f.span.began }
func (f finished) EndTime() time.Time                          { return f.span.ended }
func (f finished) Links() []sdktrace.Link                      { return f.span.others().links }
func (f finished) Events() []sdktrace.Event                    { return f.span.others().events }
func (f finished) Status() sdktrace.Status                     { return f.span.others().status }
func (f finished) InstrumentationScope() instrumentation.Scope { return f.span.tracer.scope }
func (f finished) Resource() *resource.Resource                { return f.span.trail.provider.resource }

func (f finished) DroppedAttributes() int { return f.span.others().droppedAttributes }

func (f finished) DroppedLinks() int { return f.span.others().droppedLinks }

func (f finished) DroppedEvents() int  { return f.span.others().droppedEvents }
func (f finished) ChildSpanCount() int { return int(f.span.children) }
