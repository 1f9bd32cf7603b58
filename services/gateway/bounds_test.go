package gateway

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	repliv1 "github.com/repli-mesh/repli/gen/repli/v1"
	"github.com/repli-mesh/repli/pkg/rpc/rpctest"
)

// connect serves a gateway over a real connection in memory.
func connect(t *testing.T) repliv1.RecommendationServiceClient {
	t.Helper()
	return repliv1.NewRecommendationServiceClient(rpctest.Connect(t, newMesh(t).service))
}

// Whatever is out of bounds is refused with the name of the field, and the next call is answered.
func TestRequestsOutOfBoundsAreRefusedByField(t *testing.T) {
	client := connect(t)
	feature := func(f *repliv1.RequestFeature) map[string]*repliv1.RequestFeature {
		return map[string]*repliv1.RequestFeature{"hour": f}
	}
	tests := []struct {
		name   string
		change func(*repliv1.RecommendRequest)
		field  string
	}{
		{"no user", func(r *repliv1.RecommendRequest) { r.UserId = "" }, "user_id"},
		{"a user id of 2 MB", func(r *repliv1.RecommendRequest) { r.UserId = strings.Repeat("u", 2<<20) }, "user_id"},
		{"count 0", func(r *repliv1.RecommendRequest) { r.Count = 0 }, "count"},
		{"count 501", func(r *repliv1.RecommendRequest) { r.Count = 501 }, "count"},
		{"a long placement", func(r *repliv1.RecommendRequest) { r.Placement = strings.Repeat("p", 65) }, "placement"},
		{"a long segment", func(r *repliv1.RecommendRequest) { r.SegmentHint = strings.Repeat("s", 65) }, "segment_hint"},
		{"10,000 candidates", func(r *repliv1.RecommendRequest) { r.CandidateItemIds = make([]string, 10_000) }, "candidate_item_ids"},
		{"an empty candidate", func(r *repliv1.RecommendRequest) { r.CandidateItemIds = []string{"a", ""} }, "candidate_item_ids[1]"},
		{"10,000 exclusions", func(r *repliv1.RecommendRequest) { r.ExcludeItemIds = make([]string, 10_000) }, "exclude_item_ids"},
		{"a long exclusion", func(r *repliv1.RecommendRequest) { r.ExcludeItemIds = []string{strings.Repeat("x", 129)} }, "exclude_item_ids[0]"},
		{"51 context items", func(r *repliv1.RecommendRequest) { r.ContextItemIds = make([]string, 51) }, "context_item_ids"},
		{"an infinite feature", func(r *repliv1.RecommendRequest) {
			r.RequestFeatures = feature(&repliv1.RequestFeature{Value: &repliv1.RequestFeature_Number{Number: math.Inf(1)}})
		}, `request_features["hour"].number`},
		{"an empty feature", func(r *repliv1.RecommendRequest) {
			r.RequestFeatures = feature(&repliv1.RequestFeature{})
		}, `request_features["hour"].value`},
		{"an unknown priority", func(r *repliv1.RecommendRequest) { r.Priority = 77 }, "priority"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := ask(3)
			test.change(request)
			_, err := client.Recommend(t.Context(), request)
			if status.Code(err) != codes.InvalidArgument {
				t.Fatalf("err = %v", err)
			}
			if fields := violations(err); len(fields) == 0 || fields[0] != test.field {
				t.Errorf("fields %v, want %s first", fields, test.field)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if _, err := client.Recommend(ctx, ask(3)); err != nil {
				t.Errorf("the next call: %v", err)
			}
		})
	}
}

func violations(err error) []string {
	var fields []string
	for _, detail := range status.Convert(err).Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			for _, violation := range bad.GetFieldViolations() {
				fields = append(fields, violation.GetField())
			}
		}
	}
	return fields
}

func TestADeadlineThatHasPassedCostsNothing(t *testing.T) {
	client := connect(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := client.Recommend(ctx, ask(3)); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("err = %v", err)
	}
}
