package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// chain is what every call passes through, between decoding and the handler.
type chain struct {
	logger *slog.Logger
	panics metric.Int64Counter
	check  *checker
}

func newChain(signals telemetry.Signals, check *checker) (*chain, error) {
	panics, err := signals.Meter.Meter(scope).Int64Counter("repli.rpc.panics",
		metric.WithDescription("Handlers that panicked."), metric.WithUnit("{panic}"))
	if err != nil {
		return nil, fmt.Errorf("counter of panics: %w", err)
	}
	return &chain{logger: signals.Logger, panics: panics, check: check}, nil
}

// unary is the order for calls with one request and one response, outermost first. That of stream is the same, and adds the end of streams
// when the server stops.
func (c *chain) unary() []grpc.UnaryServerInterceptor {
	return []grpc.UnaryServerInterceptor{
		recovery.UnaryServerInterceptor(recovery.WithRecoveryHandlerContext(c.recovered)),
		c.mapUnary,
		dropLateUnary,
		c.check.unary,
	}
}

func (c *chain) stream(stopping context.Context) []grpc.StreamServerInterceptor {
	return []grpc.StreamServerInterceptor{
		recovery.StreamServerInterceptor(recovery.WithRecoveryHandlerContext(c.recovered)),
		c.mapStream,
		dropLateStream,
		endWith(stopping),
		c.check.stream,
	}
}

// recovered counts and logs a panic. Its value may quote a request, so only its type is logged, and the text where the
// runtime wrote it.
func (c *chain) recovered(ctx context.Context, value any) error {
	cause := fmt.Sprintf("%T", value)
	if err, ok := value.(runtime.Error); ok {
		cause = err.Error()
	}
	method, _ := grpc.Method(ctx)
	c.panics.Add(ctx, 1, metric.WithAttributes(attribute.String(methodKey, strings.TrimPrefix(method, "/"))))
	c.logger.LogAttrs(ctx, slog.LevelError, "handler panicked", slog.String("method", method),
		slog.String("cause", cause), slog.String("stack", string(debug.Stack())))
	return fault.Status(errors.New(cause)).Err()
}

func (c *chain) mapUnary(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	response, err := next(ctx, request)
	if err != nil {
		return nil, c.toStatus(ctx, err)
	}
	return response, nil
}

func (c *chain) mapStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if err := next(srv, stream); err != nil {
		return c.toStatus(stream.Context(), err)
	}
	return nil
}

// toStatus maps an error. The caller learns nothing of a defect, so it is logged here.
func (c *chain) toStatus(ctx context.Context, err error) error {
	status := fault.Status(err)
	if status.Code() == codes.Internal {
		method, _ := grpc.Method(ctx)
		c.logger.LogAttrs(ctx, slog.LevelError, "call failed", slog.String("method", method), telemetry.Err(err))
	}
	return status.Err()
}

// dropLateUnary refuses a call whose deadline passed while it waited.
func dropLateUnary(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return next(ctx, request)
}

func dropLateStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if err := stream.Context().Err(); err != nil {
		return err
	}
	return next(srv, stream)
}
