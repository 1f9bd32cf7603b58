package client

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/rpc/rpctest"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway answers as it is told and remembers the last call.
type gateway struct {
	repliv1.UnimplementedRecommendationServiceServer
	calls atomic.Int32
	left  atomic.Int64
	fail  func(call int32) error
	trace string // the id that the answers name
}

func (g *gateway) Register(r grpc.ServiceRegistrar) {
	repliv1.RegisterRecommendationServiceServer(r, g)
}

func (g *gateway) Recommend(
	ctx context.Context, _ *repliv1.RecommendRequest,
) (*repliv1.RecommendResponse, error) {
	if deadline, ok := ctx.Deadline(); ok {
		g.left.Store(int64(time.Until(deadline)))
	}
	if g.trace != "" {
		_ = grpc.SetHeader(ctx, metadata.Pairs(rpc.TraceHeader, g.trace))
	}
	if err := g.fail(g.calls.Add(1)); err != nil {
		return nil, err
	}
	return &repliv1.RecommendResponse{Tier: repliv1.Tier_TIER_STATIC}, nil
}

// serve runs a gateway on a network in memory and returns a client of it.
func serve(t *testing.T, g *gateway, options ...Option) *Client {
	t.Helper()
	local := rpc.NewLocal()
	cfg := rpc.ServerDefaults()
	cfg.Listen = "inproc:///gateway"
	rpctest.Serve(t, cfg, local, g)
	c, err := New("inproc:///gateway", append(options, WithLocal(local))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := c.Ready(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	return c
}

func well(int32) error { return nil }

var request = &repliv1.RecommendRequest{UserId: "u1", Count: 1}

func TestACallWithoutADeadlineGetsOne(t *testing.T) {
	t.Parallel()
	g := &gateway{fail: well}
	c := serve(t, g, WithDeadline(30*time.Second))
	if _, err := c.Recommend(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if left := time.Duration(g.left.Load()); left <= 0 || left > 30*time.Second {
		t.Errorf("the gateway saw a deadline in %v", left)
	}
}

func TestADegradedAnswerIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	g := &gateway{fail: well}
	c := serve(t, g)
	response, err := c.Recommend(t.Context(), request)
	if err != nil || response.GetTier() != repliv1.Tier_TIER_STATIC || g.calls.Load() != 1 {
		t.Errorf("%v, %v after %d calls", response, err, g.calls.Load())
	}
}

func TestOneMoreTryWhenAGatewayGoesAway(t *testing.T) {
	t.Parallel()
	g := &gateway{fail: func(call int32) error {
		if call == 1 {
			return fault.New(fault.Unavailable, "STOPPING", "going away")
		}
		return nil
	}}
	c := serve(t, g, WithDeadline(10*time.Second))
	if _, err := c.Recommend(t.Context(), request); err != nil || g.calls.Load() != 2 {
		t.Errorf("%v after %d calls", err, g.calls.Load())
	}
}

// When nothing works, retries stop by themselves instead of doubling the load.
func TestRetriesHaveABudget(t *testing.T) {
	t.Parallel()
	g := &gateway{fail: func(int32) error { return fault.New(fault.Unavailable, "", "down") }}
	c := serve(t, g, WithDeadline(10*time.Second))
	const calls = 100
	for range calls {
		if _, err := c.Recommend(t.Context(), request); status.Code(err) != codes.Unavailable {
			t.Fatalf("err = %v", err)
		}
	}
	if extra := g.calls.Load() - calls; extra < 1 || extra > calls/10 {
		t.Errorf("%d retries of %d calls", extra, calls)
	}
}

func TestWhatIsInvalidIsNotRetried(t *testing.T) {
	t.Parallel()
	g := &gateway{fail: well}
	c := serve(t, g)
	_, err := c.Recommend(t.Context(), &repliv1.RecommendRequest{UserId: "u1"})
	if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "count") || g.calls.Load() != 0 {
		t.Errorf("err = %v after %d calls", err, g.calls.Load())
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]func() (*Client, error){
		"no deadline": func() (*Client, error) { return New("localhost:1", WithDeadline(0)) },
		"no network":  func() (*Client, error) { return New("inproc:///gateway") },
		"no target":   func() (*Client, error) { return New("") },
	} {
		if _, err := try(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestReadySaysWhenNobodyIsThere(t *testing.T) {
	t.Parallel()
	c, err := New("inproc:///nobody", WithLocal(rpc.NewLocal()))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Ready(t.Context(), 20*time.Millisecond); err == nil {
		t.Error("ready without a gateway")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestCallsAreTracedWhereAsked(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	signals := telemetry.Discard()
	signals.Tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	c := serve(t, &gateway{fail: well}, WithSignals(signals))
	if _, err := c.Recommend(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	if ended := spans.Ended(); len(ended) != 1 || ended[0].Name() != "repli.v1.RecommendationService/Recommend" {
		t.Errorf("spans %v", ended)
	}
}

func TestTracedSaysWhichTrace(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "0af7651916cd43dd8448eb211c80319c"} {
		c := serve(t, &gateway{fail: well, trace: id})
		if _, got, err := c.Traced(t.Context(), request); err != nil || got != id {
			t.Errorf("the trace is %q, %v, want %q", got, err, id)
		}
	}
}
