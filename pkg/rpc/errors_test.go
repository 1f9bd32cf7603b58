package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/fault"
)

func TestEachErrorReachesTheCallerAsItsStatus(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err    error
		code   codes.Code
		reason string
		text   string
	}{
		"invalid":       {fault.Invalid("count", "is 0, expected 1 or more"), codes.InvalidArgument, "", "count: is 0, expected 1 or more"},
		"not found":     {fault.New(fault.NotFound, "NO_VIEW", "no view %q", "x"), codes.NotFound, "NO_VIEW", `no view "x"`},
		"not ready":     {fault.New(fault.NotReady, "NOT_READY", "no model yet"), codes.FailedPrecondition, "NOT_READY", "no model yet"},
		"unavailable":   {fault.New(fault.Unavailable, "STORE", "the store refused"), codes.Unavailable, "STORE", "the store refused"},
		"overloaded":    {fault.New(fault.Overloaded, "SHED", "too much"), codes.ResourceExhausted, "SHED", "too much"},
		"wrapped":       {fmt.Errorf("batch: %w", fault.New(fault.NotFound, "", "gone")), codes.NotFound, "", "gone"},
		"internal":      {fault.New(fault.Internal, "BUG", "secret"), codes.Internal, "BUG", "internal error"},
		"unknown":       {errors.New("secret"), codes.Internal, "", "internal error"},
		"status":        {status.Error(codes.Aborted, "told"), codes.Aborted, "", "told"},
		"late":          {context.DeadlineExceeded, codes.DeadlineExceeded, "", "the deadline has passed"},
		"cancelled":     {fmt.Errorf("read: %w", context.Canceled), codes.Canceled, "", "the call was cancelled"},
		"unimplemented": {status.Error(codes.Unimplemented, "no"), codes.Unimplemented, "", "no"},
	}
	var service featureService
	client, _ := inMemory(t, &service)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			service.getUser = func(context.Context, *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
				return nil, test.err
			}
			service.watchItems = func(grpc.ServerStreamingServer[featurev1.WatchItemsResponse]) error { return test.err }
			_, unary := client.GetUser(soon(t), alice())
			stream, err := client.WatchItems(soon(t), &featurev1.WatchItemsRequest{})
			if err != nil {
				t.Fatal(err)
			}
			_, streamed := stream.Recv()
			for _, err := range []error{unary, streamed} {
				got := status.Convert(err)
				if got.Code() != test.code || got.Message() != test.text || fault.Reason(err) != test.reason {
					t.Errorf("got %v %q (%s), want %v %q (%s)", got.Code(), got.Message(), fault.Reason(err), test.code, test.text, test.reason)
				}
			}
		})
	}
}

func TestPanicIsRecoveredCountedAndLogged(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	reader := sdkmetric.NewManualReader()
	local := NewLocal()
	deps := testDeps(local)
	deps.Signals.Logger = slog.New(slog.NewJSONHandler(&logs, nil))
	deps.Signals.Meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	service := &featureService{
		getUser: func(_ context.Context, r *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
			panic("no good user " + r.GetUserId())
		},
		watchItems: func(grpc.ServerStreamingServer[featurev1.WatchItemsResponse]) error {
			var none map[string]int
			none["x"] = 1 //nolint:govet,staticcheck // the panic is the point
			return nil
		},
	}
	_, stop := start(t, localConfig("test"), deps, service)
	client := featurev1.NewFeatureServiceClient(dial(t, "inproc:///test", local))
	if got := panics(t, reader); len(got) < 2 || got[getUser] != 0 || got[watchItems] != 0 {
		t.Errorf("before any panic: got %v, want 0 for every method", got)
	}

	_, err := client.GetUser(soon(t), alice())
	if got := status.Convert(err); got.Code() != codes.Internal || got.Message() != "internal error" {
		t.Errorf("unary: got %v", err)
	}
	stream, err := client.WatchItems(soon(t), &featurev1.WatchItemsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Internal {
		t.Errorf("stream: got %v", err)
	}
	if got := panics(t, reader); got[getUser] != 1 || got[watchItems] != 1 {
		t.Errorf("counted %v, want one panic of each of the two methods", got)
	}
	stop()
	for _, want := range []string{"handler panicked", "FeatureService/GetUser", "FeatureService/WatchItems", "errors_test.go", "nil map"} {
		if !strings.Contains(logs.String(), want) {
			t.Errorf("the log lacks %q: %s", want, &logs)
		}
	}
	if strings.Contains(logs.String(), "alice") {
		t.Errorf("the log holds the user's id: %s", &logs)
	}
}

// The methods as figures name them.
const (
	getUser    = "repli.feature.v1.FeatureService/GetUser"
	watchItems = "repli.feature.v1.FeatureService/WatchItems"
)

// panics counts them by method.
func panics(t *testing.T, reader sdkmetric.Reader) map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if sum, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "repli.rpc.panics" {
				for _, point := range sum.DataPoints {
					method, _ := point.Attributes.Value("rpc.method")
					counts[method.AsString()] += point.Value
				}
			}
		}
	}
	return counts
}

func TestValidation(t *testing.T) {
	t.Parallel()
	service := &featureService{getUser: func(context.Context, *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
		t.Error("the handler was called with an invalid request")
		return nil, nil
	}}
	client, _ := inMemory(t, service)
	many := make([]*featurev1.WriteRow, 5001)
	for i := range many {
		many[i] = &featurev1.WriteRow{}
	}
	tests := map[string]struct {
		call   func(context.Context) error
		fields []string
	}{
		"empty user": {func(ctx context.Context) error {
			_, err := client.GetUser(ctx, &featurev1.GetUserRequest{})
			return err
		}, []string{"user_id"}},
		"user of 2 MB": {func(ctx context.Context) error {
			_, err := client.GetUser(ctx, &featurev1.GetUserRequest{UserId: strings.Repeat("x", 2<<20)})
			return err
		}, []string{"user_id"}},
		"every field at once": {func(ctx context.Context) error {
			_, err := client.WriteRows(ctx, &featurev1.WriteRowsRequest{Rows: []*featurev1.WriteRow{{EntityId: "a"}, {}}})
			return err
		}, []string{"view", "rows[1].entity_id"}},
		"more violations than a status can hold": {func(ctx context.Context) error {
			_, err := client.WriteRows(ctx, &featurev1.WriteRowsRequest{View: "v", Rows: many[:100]})
			return err
		}, []string{"rows[0].entity_id", "rows[1].entity_id", "rows[2].entity_id", "rows[3].entity_id", "rows[4].entity_id", "rows[5].entity_id", "rows[6].entity_id", "rows[7].entity_id"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := test.call(soon(t))
			if status.Code(err) != codes.InvalidArgument {
				t.Fatalf("got %v, want INVALID_ARGUMENT", err)
			}
			got := violations(err)
			if fmt.Sprint(got) != fmt.Sprint(test.fields) {
				t.Errorf("violations of %v, want %v", got, test.fields)
			}
			if len(err.Error()) > 1024 {
				t.Errorf("the text has %d bytes", len(err.Error()))
			}
		})
	}
}

func violations(err error) []string {
	var fields []string
	for _, detail := range status.Convert(err).Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				fields = append(fields, v.GetField())
			}
		}
	}
	return fields
}

func TestMessageThatIsTooLarge(t *testing.T) {
	t.Parallel()
	client, _ := inMemory(t, &featureService{})
	_, err := client.GetUser(soon(t), &featurev1.GetUserRequest{UserId: strings.Repeat("x", 5<<20)})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v, want RESOURCE_EXHAUSTED", err)
	}
}

func TestDeadlineThatHasPassed(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	called := func(context.Context, any) (any, error) {
		t.Error("the handler was called")
		return nil, nil
	}
	if _, err := dropLateUnary(ctx, nil, nil, called); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
