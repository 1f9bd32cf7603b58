package rpc

import (
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc/stats"

	"github.com/repli-mesh/repli/pkg/telemetry"
)

// scope names this package to OpenTelemetry.
const scope = "github.com/repli-mesh/repli/pkg/rpc"

// observed returns the options of both stats handlers: W3C propagation and no global state.
func observed(signals telemetry.Signals, filter otelgrpc.Filter) []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(signals.Tracer),
		otelgrpc.WithMeterProvider(signals.Meter),
		otelgrpc.WithPropagators(propagation.NewCompositeTextMapPropagator(
			propagation.TraceContext{}, propagation.Baggage{})),
		otelgrpc.WithFilter(filter),
	}
}

// ofOurs lets the methods of our own services through: not health checks, and no name that a caller made up, of which
// there could be any number.
func (r *registrar) ofOurs(call *stats.RPCTagInfo) bool {
	return r.methods[call.FullMethodName]
}
