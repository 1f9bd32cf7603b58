package rpc

import (
	"context"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// traceparent is the header of W3C trace context.
const traceparent = "traceparent"

// propagator reads and writes W3C trace context, and nothing else.
var propagator propagation.TraceContext

// methods are those that a connection has called: as many as the contracts have. Safe for concurrent use.
type methods struct{ known sync.Map }

func (m *methods) of(full string) *method {
	if known, ok := m.known.Load(full); ok {
		return known.(*method)
	}
	known, _ := m.known.LoadOrStore(full, newMethod(full))
	return known.(*method)
}

// unaryClient returns an interceptor that observes calls and sends the trace along; the latter also where nobody looks at this
// side. Health checks go by unseen.
func (o *observer) unaryClient() grpc.UnaryClientInterceptor {
	if o == nil {
		return passOn
	}
	called := &methods{}
	return func(
		ctx context.Context, full string, request, response any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
	) error {
		if strings.HasPrefix(full, "/grpc.health.") {
			return invoke(ctx, full, request, response, cc, options...)
		}
		ctx, w := o.begin(ctx, called.of(full))
		err := invoke(send(ctx), full, request, response, cc, options...)
		code := codeOf(err)
		w.end(ctx, code, code != codes.OK)
		return err
	}
}

func passOn(
	ctx context.Context, full string, request, response any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption,
) error {
	return invoke(send(ctx), full, request, response, cc, options...)
}

// send puts the trace into the metadata of a call.
func send(ctx context.Context) context.Context {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	headers := outgoingHeaders{make([]string, 0, 4)}
	propagator.Inject(ctx, &headers)
	return metadata.AppendToOutgoingContext(ctx, headers.pairs...)
}

// incomingHeaders are those of a request, to be read only.
type incomingHeaders struct{ context.Context }

func (h incomingHeaders) Get(key string) string {
	return strings.Join(metadata.ValueFromIncomingContext(h.Context, key), ",")
}
func (incomingHeaders) Set(string, string) {}
func (incomingHeaders) Keys() []string     { return nil }

// outgoingHeaders are to be added to a request.
type outgoingHeaders struct{ pairs []string }

func (*outgoingHeaders) Get(string) string       { return "" }
func (h *outgoingHeaders) Set(key, value string) { h.pairs = append(h.pairs, key, value) }
func (*outgoingHeaders) Keys() []string          { return nil }
