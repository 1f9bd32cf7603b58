// Package client is the Go client of Repli: a connection with the options that fit, a deadline on every call, and
// retries that cannot make an overload worse. It knows the public contract only.
package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// DefaultDeadline is given to a call whose context has none.
const DefaultDeadline = 100 * time.Millisecond

// Option changes how a Client is made.
type Option func(*settings)

type settings struct {
	connection rpc.ClientConfig
	deps       rpc.ClientDeps
	deadline   time.Duration
}

// WithDeadline sets the deadline of calls whose context has none.
func WithDeadline(d time.Duration) Option {
	return func(s *settings) { s.deadline = d }
}

// WithSignals has the client's calls traced and counted.
func WithSignals(signals telemetry.Signals) Option {
	return func(s *settings) { s.deps.Signals = signals }
}

// WithLocal reaches "inproc:///name" targets on a network in memory, for tests and for everything in one process.
func WithLocal(local *rpc.Local) Option {
	return func(s *settings) { s.deps.Local = local }
}

// Client calls a gateway. Safe for concurrent use; make one and keep it.
type Client struct {
	connection *grpc.ClientConn
	service    repliv1.RecommendationServiceClient
	deadline   time.Duration
}

// New returns a client of a gateway: "host:port", or a gRPC target such as "dns:///repli-gateway:9000", whose addresses
// are used in turn. It connects in the background and must be closed. It fails on a target that cannot be one.
func New(target string, options ...Option) (*Client, error) {
	s := settings{
		connection: rpc.ClientDefaults(), deps: rpc.ClientDeps{Signals: telemetry.Discard()}, deadline: DefaultDeadline,
	}
	if !strings.Contains(target, ":///") {
		target = "dns:///" + target
	}
	s.connection.Target = target
	s.connection.Retry = true
	for _, option := range options {
		option(&s)
	}
	if s.deadline <= 0 {
		return nil, fmt.Errorf("client: the deadline is %v, expected more than 0s", s.deadline)
	}
	connection, err := rpc.Dial(s.connection, s.deps)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return &Client{
		connection: connection, service: repliv1.NewRecommendationServiceClient(connection), deadline: s.deadline,
	}, nil
}

// Recommend asks for recommendations. A degraded answer is an answer: it is not asked for again. What never reached a
// gateway is tried once more, while fewer than a tenth of the calls need it and the deadline allows. Errors are gRPC
// statuses: INVALID_ARGUMENT for a request out of bounds, UNAVAILABLE when no gateway is reached, DEADLINE_EXCEEDED when
// none answered in time.
func (c *Client) Recommend(ctx context.Context, request *repliv1.RecommendRequest) (*repliv1.RecommendResponse, error) {
	return c.recommend(ctx, request)
}

func (c *Client) recommend(
	ctx context.Context, request *repliv1.RecommendRequest, options ...grpc.CallOption,
) (*repliv1.RecommendResponse, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.deadline)
		defer cancel()
	}
	return c.service.Recommend(ctx, request, options...)
}

// Traced is Recommend, and the id of the trace that the answer belongs to, in 32 hexadecimal digits, by which on-call finds it. The
// id is empty where the gateway traces nothing and the caller does not either.
func (c *Client) Traced(ctx context.Context, request *repliv1.RecommendRequest) (response *repliv1.RecommendResponse, traceID string, err error) {
	var header metadata.MD
	response, err = c.recommend(ctx, request, grpc.Header(&header))
	if ids := header.Get(rpc.TraceHeader); len(ids) > 0 {
		traceID = ids[0]
	}
	return response, traceID, err
}

// errUnreachable is what Ready says when time is up.
var errUnreachable = errors.New("no gateway can be reached there")

// Ready waits until a gateway is connected, at most for as long as given.
func (c *Client) Ready(ctx context.Context, atMost time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	for {
		state := c.connection.GetState()
		if state == connectivity.Ready {
			return nil
		}
		if !c.connection.WaitForStateChange(ctx, state) {
			return errUnreachable
		}
	}
}

// Close ends the connection; calls in flight fail.
func (c *Client) Close() error { return c.connection.Close() }
