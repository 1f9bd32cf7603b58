package rpc

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/repli-mesh/repli/pkg/telemetry"
)

// roundRobin spreads calls over all addresses of a target; one connection to each.
const roundRobin = `{"loadBalancingConfig":[{"round_robin":{}}]}`

// retrying is roundRobin with one more attempt, paid from a budget of tokens: each failure costs one, each success earns a
// tenth, and there are no retries while fewer than half are left.
const retrying = `{"loadBalancingConfig":[{"round_robin":{}}],` +
	`"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":2,"initialBackoff":"0.001s","maxBackoff":"0.01s",` +
	`"backoffMultiplier":2,"retryableStatusCodes":["UNAVAILABLE"]}}],` +
	`"retryThrottling":{"maxTokens":10,"tokenRatio":0.1}}`

// reconnect is short, so that a server which is back is used within a second.
var reconnect = backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second}

// ClientDeps is what a connection needs.
type ClientDeps struct {
	// Signals observe the calls.
	Signals telemetry.Signals
	// Local is needed for inproc targets only.
	Local *Local
}

// Dial returns a connection to the target, which is safe for concurrent use and must be closed. It starts to connect and
// returns without waiting. A call while no server can be reached fails at once with UNAVAILABLE, unless it asks for
// grpc.WaitForReady. Dial fails on a configuration that is invalid.
func Dial(cfg ClientConfig, deps ClientDeps) (*grpc.ClientConn, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("connection: %w", err)
	}
	target, options, err := transport(cfg.Target, deps.Local)
	if err != nil {
		return nil, err
	}
	observer, err := newObserver(deps.Signals, trace.SpanKindClient)
	if err != nil {
		return nil, fmt.Errorf("connection to %s: %w", cfg.Target, err)
	}
	options = append(options, clientOptions(cfg)...)
	options = append(options, grpc.WithUnaryInterceptor(observer.unaryClient()))
	conn, err := grpc.NewClient(target, options...)
	if err != nil {
		return nil, fmt.Errorf("connection to %s: %w", cfg.Target, err)
	}
	conn.Connect()
	return conn, nil
}

// transport returns the target as gRPC knows it: inproc names bypass its resolvers and are dialled on the Local.
func transport(target string, local *Local) (string, []grpc.DialOption, error) {
	name, ok := strings.CutPrefix(target, inproc)
	if !ok {
		return target, nil, nil
	}
	if local == nil {
		return "", nil, fmt.Errorf("connection to %s: there is no network in memory to reach it on", target)
	}
	dial := func(ctx context.Context, name string) (net.Conn, error) { return local.dial(ctx, name) }
	return "passthrough:///" + name, []grpc.DialOption{grpc.WithContextDialer(dial)}, nil
}

func clientOptions(cfg ClientConfig) []grpc.DialOption {
	serviceConfig := roundRobin
	if cfg.Retry {
		serviceConfig = retrying
	}
	return []grpc.DialOption{
		grpc.WithResolvers(newNames()),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDisableServiceConfig(), // the balancing is not the DNS's to change
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(cfg.MaxReceiveBytes)),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnect, MinConnectTimeout: cfg.ConnectTimeout}),
		grpc.WithIdleTimeout(0), // a first call after a quiet night must not pay for connecting
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time:                cfg.KeepaliveTime,
			Timeout:             cfg.KeepaliveTimeout,
			PermitWithoutStream: true,
		}),
	}
}
