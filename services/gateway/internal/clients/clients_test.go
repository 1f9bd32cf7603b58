package clients

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	remote := func(kind fault.Kind, reason string) error {
		return fault.Status(fault.New(kind, reason, "somewhere else")).Err()
	}
	tests := []struct {
		name      string
		err       error
		component ladder.Component
		reason    ladder.Reason
	}{
		{"fine", nil, ladder.Feature, ladder.None},
		{"its soft deadline", status.FromContextError(context.DeadlineExceeded).Err(), ladder.Feature, ladder.SoftDeadline},
		{"a bare deadline", context.DeadlineExceeded, ladder.Feature, ladder.SoftDeadline},
		{"refused", status.Error(codes.Unavailable, "refused"), ladder.Feature, ladder.Unavailable},
		{"too much", status.Error(codes.ResourceExhausted, "full"), ladder.Feature, ladder.Overloaded},
		{"an error", status.Error(codes.Internal, "boom"), ladder.Feature, ladder.Failed},
		{"no status at all", errors.New("boom"), ladder.Feature, ladder.Failed},
		{"garbage", invalid("%d scores", 3), ladder.Feature, ladder.InvalidAnswer},
		{"not ready", remote(fault.NotReady, "NOT_READY"), ladder.Feature, ladder.NotReady},
		{"schema", remote(fault.NotReady, "SCHEMA_MISMATCH"), ladder.Feature, ladder.SchemaMismatch},
		{"its store is down", remote(fault.Unavailable, "STORE_UNREACHABLE"), ladder.FeatureStore, ladder.Unavailable},
		{"its store is slow", remote(fault.Unavailable, "STORE_TIMEOUT"), ladder.FeatureStore, ladder.SoftDeadline},
		{"its store is full", remote(fault.Overloaded, "STORE_BUSY"), ladder.FeatureStore, ladder.Overloaded},
		{"its store answers garbage", remote(fault.Unavailable, "STORE_CORRUPT"), ladder.FeatureStore, ladder.InvalidAnswer},
		{"its store is not asked any more", remote(fault.Unavailable, "STORE_CIRCUIT_OPEN"), ladder.FeatureStore, ladder.CircuitOpen},
		{"its store refuses", remote(fault.Unavailable, "STORE_ERROR"), ladder.FeatureStore, ladder.Failed},
		{"wrapped", fmt.Errorf("get user: %w", remote(fault.NotReady, "NOT_READY")), ladder.Feature, ladder.NotReady},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			component, reason := Classify(ladder.Feature, test.err)
			if component != test.component || reason != test.reason {
				t.Errorf("Classify = %v, %v; want %v, %v", component, reason, test.component, test.reason)
			}
		})
	}
}

func TestSaid(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]ladder.Reason{
		"": ladder.None, "STORE_TIMEOUT": ladder.SoftDeadline, "STORE_OOM": ladder.OutOfMemory, "SOMETHING_NEW": ladder.Failed,
	} {
		if got := Said(said); got != want {
			t.Errorf("%q is %v, want %v", said, got, want)
		}
	}
}
