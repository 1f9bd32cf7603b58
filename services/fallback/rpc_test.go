package fallback

import (
	"slices"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/pkg/rpc/rpctest"
)

// called serves the service on a network in memory and returns a client of it.
func called(t *testing.T, service *Service) fallbackv1.FallbackServiceClient {
	t.Helper()
	return fallbackv1.NewFallbackServiceClient(rpctest.Connect(t, service))
}

func TestSuggestOverAConnection(t *testing.T) {
	t.Parallel()
	s := corner(t)
	client := called(t, serving(t, Shares{Neighbours: 0.5, Popular: 0.5}, s))
	for range 3 { // the responses share the time of the snapshot
		got, err := client.Suggest(t.Context(), &fallbackv1.SuggestRequest{Count: 5, ContextItemIds: []string{"c"}},
			grpc.WaitForReady(true))
		if err != nil {
			t.Fatal(err)
		}
		if line(got) != "n1:N p1:P n2:N p2:P n3:N" || !got.GetSnapshotTime().AsTime().Equal(now) {
			t.Errorf("answer is %v", got)
		}
	}
	_, err := client.Suggest(t.Context(), &fallbackv1.SuggestRequest{Count: 2001}, grpc.WaitForReady(true))
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("a count of 2001: error is %v, expected INVALID_ARGUMENT", err)
	}
}

func TestNotReadyOverAConnection(t *testing.T) {
	t.Parallel()
	client := called(t, overFile(t, nil).Service)
	_, err := client.Suggest(t.Context(), &fallbackv1.SuggestRequest{Count: 1}, grpc.WaitForReady(true))
	if status.Code(err) != codes.FailedPrecondition || fault.Reason(err) != "NOT_READY" {
		t.Errorf("error is %v, expected FAILED_PRECONDITION with the reason NOT_READY", err)
	}
}

func TestSpanNamesTheSegmentUsed(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewSpanRecorder()
	tracer := trace.NewTracerProvider(trace.WithSpanProcessor(spans)).Tracer("test")
	service := serving(t, Defaults().Shares, corner(t))
	for asked, want := range map[string]string{"small": "small", "any text of a caller": ""} {
		ctx, span := tracer.Start(t.Context(), asked)
		if _, err := service.Suggest(ctx, &fallbackv1.SuggestRequest{Segment: asked, Count: 1}); err != nil {
			t.Fatal(err)
		}
		span.End()
		ended := spans.Ended()
		got := ended[len(ended)-1].Attributes()
		if !slices.Equal(got, []attribute.KeyValue{attribute.String("repli.segment", want)}) {
			t.Errorf("segment %q: attributes are %v, expected repli.segment %q", asked, got, want)
		}
	}
}
