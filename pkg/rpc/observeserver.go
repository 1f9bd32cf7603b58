package rpc

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/repli-mesh/repli/pkg/telemetry/trail"
)

// TraceHeader is the response header with the id of the trace that a call was part of, in 32 hexadecimal digits.
const TraceHeader = "repli-trace-id"

// TellTrace puts TraceHeader on the response of the call in ctx, where there is a trace.
func TellTrace(ctx context.Context) {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		_ = grpc.SetHeader(ctx, metadata.Pairs(TraceHeader, span.TraceID().String())) // fails outside of a call only
	}
}

// observedUnary returns the handler of a method with the observer around it: decoding is within.
func (o *observer) observedUnary(full string, handle grpc.MethodHandler) grpc.MethodHandler {
	if o == nil {
		return handle
	}
	m := newMethod(full)
	return func(srv any, ctx context.Context, receive func(any) error, next grpc.UnaryServerInterceptor) (any, error) {
		ctx, w := o.begin(o.accept(ctx), m)
		response, err := handle(srv, ctx, receive, next)
		code := codeOf(err)
		if worthKeeping(ctx, code) {
			trail.Keep(ctx)
		}
		w.end(ctx, code, serverFailed(code))
		return response, err
	}
}

// observedStreams counts streams of the methods that are in known when it is called. It is to be the outermost interceptor, so
// that it sees what the caller gets. Streams have no span: one lasts as long as a connection.
func (o *observer) observedStreams(known map[string]*method) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		m := known[info.FullMethod]
		if o == nil || m == nil {
			return next(srv, stream)
		}
		began := time.Now()
		err := next(srv, stream)
		o.duration.Record(stream.Context(), time.Since(began).Seconds(), m.outcome(codeOf(err)).figure...)
		return err
	}
}

// accept takes the caller's trace out of a request's metadata. Baggage is counted and goes no further: nothing here reads it,
// and whoever may write it could make every hop carry as much as fits into a header.
func (o *observer) accept(ctx context.Context) context.Context {
	if len(metadata.ValueFromIncomingContext(ctx, "baggage")) > 0 {
		o.baggage.Add(ctx, 1)
	}
	if len(metadata.ValueFromIncomingContext(ctx, traceparent)) == 0 {
		return ctx // with no parent, a state is nobody's
	}
	return propagator.Extract(ctx, incomingHeaders{ctx})
}

// margin is about how long before its deadline a call may be cancelled because of it: the caller's clock started earlier.
const margin = 2 * time.Millisecond

// worthKeeping says whether the end of a call is one that somebody will want to look into: no fault of the caller's, and no
// cancellation of a call that had time left, such as that of a copy which was not needed.
func worthKeeping(ctx context.Context, code codes.Code) bool {
	switch code {
	case codes.Canceled:
		deadline, limited := ctx.Deadline()
		return limited && time.Until(deadline) < margin
	case codes.OK, codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.OutOfRange,
		codes.Unimplemented, codes.Unauthenticated:
		return false
	default:
		return true
	}
}

// serverFailed says whether a code is the server's fault, by OpenTelemetry's conventions.
func serverFailed(code codes.Code) bool {
	switch code {
	case codes.Unknown, codes.DeadlineExceeded, codes.Unimplemented, codes.Internal, codes.Unavailable, codes.DataLoss:
		return true
	default:
		return false
	}
}
