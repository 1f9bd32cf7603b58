package rpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/repli-mesh/repli/pkg/fault"
)

// checkedStream decodes and validates what it receives.
type checkedStream struct {
	grpc.ServerStream
	check func(message any) error
}

// RecvMsg receives one valid message.
func (s *checkedStream) RecvMsg(message any) error {
	if err := decode(s.ServerStream.RecvMsg, message); err != nil {
		return err
	}
	return s.check(message)
}

// endingStream has a context that ends before the call's own.
type endingStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context returns that context.
func (s *endingStream) Context() context.Context {
	return s.ctx
}

// endWith returns an interceptor that cancels streams once stopping is done, because a stream may last for ever and a
// server must end. A handler that gives in to the cancellation ends in UNAVAILABLE.
func endWith(stopping context.Context) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		ctx, cancel := context.WithCancel(stream.Context())
		defer cancel()
		defer context.AfterFunc(stopping, cancel)()
		err := next(srv, &endingStream{stream, ctx})
		ours := stopping.Err() != nil && stream.Context().Err() == nil
		if ours && fault.Status(err).Code() == codes.Canceled {
			return fault.New(fault.Unavailable, "STOPPING", "the server is stopping")
		}
		return err
	}
}
