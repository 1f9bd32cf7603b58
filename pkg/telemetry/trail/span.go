package trail

import (
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
)

// What one span may hold; more is dropped, and the span says how much.
const (
	maxAttributes = 64
	maxEvents     = 32
	maxLinks      = 8
)

// Span is one span of a trail. Safe for concurrent use.
type Span struct {
	embedded.Span

	// These do not change once the span is started.
	trail  *trail
	tracer *tracer
	id     trace.SpanID
	parent trace.SpanID // not valid where there is none
	remote bool         // the parent is another process's
	kind   trace.SpanKind
	began  time.Time

	// These are guarded by the trail's lock until the span has ended, and then do not change.
	ended      time.Time
	name       string
	attributes []attribute.KeyValue
	children   int32
	rest       *rest // nil while there is none of it
	before     *Span // ended before this one, and waits as well
}

// rest is what few spans have.
type rest struct {
	status sdktrace.Status
	events []sdktrace.Event
	links  []sdktrace.Link

	droppedAttributes, droppedEvents, droppedLinks int
}

// none is the rest of spans without.
var none rest

// others returns the rest, to be read.
func (s *Span) others() *rest {
	if s.rest == nil {
		return &none
	}
	return s.rest
}

// more returns the rest, to be written. The lock is held.
func (s *Span) more() *rest {
	if s.rest == nil {
		s.rest = &rest{}
	}
	return s.rest
}

// SpanContext returns the ids. The sampled flag says whether the trail is kept, as far as is known.
func (s *Span) SpanContext() trace.SpanContext {
	var flags trace.TraceFlags
	if s.trail.decision.Load() == kept {
		flags = trace.FlagsSampled
	}
	return s.context(flags)
}

func (s *Span) context(flags trace.TraceFlags) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: s.trail.traceID, SpanID: s.id, TraceFlags: flags, TraceState: s.trail.state,
	})
}

// IsRecording says whether what is told to the span can still become of use.
func (s *Span) IsRecording() bool {
	if s.trail.decision.Load() == forgotten {
		return false
	}
	s.trail.mu.Lock()
	defer s.trail.mu.Unlock()
	return s.ended.IsZero()
}

// change has the rest of the span changed unless it has ended.
func (s *Span) change(do func(*rest)) {
	s.trail.mu.Lock()
	defer s.trail.mu.Unlock()
	if s.ended.IsZero() {
		do(s.more())
	}
}

// End ends the span; what comes after is ignored.
func (s *Span) End(options ...trace.SpanEndOption) {
	config := trace.NewSpanEndConfig(options...)
	at := config.Timestamp()
	if at.IsZero() {
		at = time.Now()
	}
	s.trail.mu.Lock()
	if !s.ended.IsZero() {
		s.trail.mu.Unlock()
		return
	}
	s.ended = at
	s.trail.mu.Unlock()
	s.trail.age(at)
	s.trail.end(s)
}

// SetAttributes adds attributes. The slice is kept as it is and must not be changed.
func (s *Span) SetAttributes(attributes ...attribute.KeyValue) {
	if s.trail.decision.Load() == forgotten {
		return
	}
	s.trail.mu.Lock()
	defer s.trail.mu.Unlock()
	if !s.ended.IsZero() {
		return
	}
	if room := maxAttributes - len(s.attributes); len(attributes) > room {
		s.more().droppedAttributes += len(attributes) - room
		attributes = attributes[:room]
	}
	if s.attributes == nil {
		s.attributes = attributes[:len(attributes):len(attributes)] // an addition copies
		return
	}
	s.attributes = append(s.attributes, attributes...)
}

// AddEvent adds an event.
func (s *Span) AddEvent(name string, options ...trace.EventOption) {
	if s.trail.decision.Load() == forgotten {
		return
	}
	config := trace.NewEventConfig(options...)
	event := sdktrace.Event{Name: name, Attributes: config.Attributes(), Time: config.Timestamp()}
	s.change(func(r *rest) {
		if len(r.events) == maxEvents {
			r.droppedEvents++
			return
		}
		r.events = append(r.events, event)
	})
}

// AddLink adds a link to another span.
func (s *Span) AddLink(link trace.Link) {
	if !link.SpanContext.IsValid() {
		return
	}
	s.change(func(r *rest) {
		if len(r.links) == maxLinks {
			r.droppedLinks++
			return
		}
		r.links = append(r.links, sdktrace.Link{SpanContext: link.SpanContext, Attributes: link.Attributes})
	})
}

// RecordError adds an event with the error's type. Its text may quote a request, and so is left out.
func (s *Span) RecordError(err error, options ...trace.EventOption) {
	if err == nil {
		return
	}
	s.AddEvent("exception", append(options, trace.WithAttributes(attribute.String("exception.type", fmt.Sprintf("%T", err))))...)
}

// SetStatus sets the status; an OK is final, and outranks an error, which outranks none. Only an error has a description.
func (s *Span) SetStatus(code codes.Code, description string) {
	if code != codes.Error {
		description = ""
	}
	s.change(func(r *rest) {
		if code >= r.status.Code {
			r.status = sdktrace.Status{Code: code, Description: description}
		}
	})
}

// SetName changes the name.
func (s *Span) SetName(name string) { s.change(func(r *rest) { s.name = name }) }

// TracerProvider returns the provider.
func (s *Span) TracerProvider() trace.TracerProvider { return s.trail.provider }
