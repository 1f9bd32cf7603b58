// Package clients owns what the gateway believes of its peers: it checks every answer before the gateway uses it, and
// turns every failure into the words of the ladder.
//
// It dials nothing: the connections come from pkg/rpc, through whoever composes the gateway.
package clients

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	fallbackv1 "github.com/repli-mesh/repli/gen/repli/fallback/v1"
	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	rankingv1 "github.com/repli-mesh/repli/gen/repli/ranking/v1"
	"github.com/repli-mesh/repli/pkg/fault"
	"github.com/repli-mesh/repli/services/gateway/internal/ladder"
)

// Users is what the gateway needs of the feature service.
type Users interface {
	GetUser(ctx context.Context, in *featurev1.GetUserRequest, opts ...grpc.CallOption) (*featurev1.GetUserResponse, error)
}

// Ranker is what the gateway needs of the ranking service.
type Ranker interface {
	Rank(ctx context.Context, in *rankingv1.RankRequest, opts ...grpc.CallOption) (*rankingv1.RankResponse, error)
}

// Suggester is what the gateway needs of the fallback service.
type Suggester interface {
	Suggest(
		ctx context.Context, in *fallbackv1.SuggestRequest, opts ...grpc.CallOption,
	) (*fallbackv1.SuggestResponse, error)
}

// errInvalid marks an answer that cannot be used.
var errInvalid = errors.New("invalid answer")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errInvalid, fmt.Sprintf(format, args...))
}

// GetUser asks for a user's row. Safe for concurrent use. Its errors are for Classify.
func GetUser(ctx context.Context, users Users, request *featurev1.GetUserRequest) (*featurev1.GetUserResponse, error) {
	response, err := users.GetUser(ctx, request)
	if err != nil {
		return nil, err
	}
	if err := checkUser(response); err != nil {
		return nil, err
	}
	return response, nil
}

// Suggest asks for the safe list. Safe for concurrent use. Its errors are for Classify.
func Suggest(
	ctx context.Context, suggester Suggester, request *fallbackv1.SuggestRequest,
) (*fallbackv1.SuggestResponse, error) {
	response, err := suggester.Suggest(ctx, request)
	if err != nil {
		return nil, err
	}
	if err := checkSuggestion(response, int(request.GetCount())); err != nil {
		return nil, err
	}
	return response, nil
}

// Rank asks for the best candidates. Safe for concurrent use. Its errors are for Classify.
func Rank(ctx context.Context, ranker Ranker, request *rankingv1.RankRequest) (*rankingv1.RankResponse, error) {
	response, err := ranker.Rank(ctx, request)
	if err != nil {
		return nil, err
	}
	if err := checkRanking(response, request); err != nil {
		return nil, err
	}
	return response, nil
}

// Unwanted is the error of an answer with an item that the request had or excludes.
func Unwanted(id string) error {
	return invalid("retrieved item of %d bytes is a candidate or excluded", len(id))
}

// CallersFault returns what the ranking service says is wrong with the caller's own request_features, as a fault for the
// caller, and nil for every other error. Only the model knows which types its features have, so the gateway cannot
// check them itself.
func CallersFault(err error) error {
	received, ok := status.FromError(err)
	if !ok || received.Code() != codes.InvalidArgument {
		return nil
	}
	var violations []fault.Violation
	for _, detail := range received.Details() {
		bad, _ := detail.(*errdetails.BadRequest)
		for _, v := range bad.GetFieldViolations() {
			if strings.HasPrefix(v.GetField(), "request_features") {
				violations = append(violations, fault.Violation{Field: v.GetField(), Description: v.GetDescription()})
			}
		}
	}
	if len(violations) == 0 {
		return nil
	}
	return fault.InvalidFields(violations...)
}

// reasons names what a peer says of itself in an ErrorInfo.
var reasons = map[string]ladder.Reason{
	"NOT_READY":       ladder.NotReady,
	"SCHEMA_MISMATCH": ladder.SchemaMismatch,
	"NO_DEFAULT":      ladder.NoDefault,
	"STORE_BUSY":      ladder.Overloaded,
	"STORE_TIMEOUT":   ladder.SoftDeadline,
	"STORE_CORRUPT":   ladder.InvalidAnswer,

	"STORE_UNREACHABLE":  ladder.Unavailable,
	"STORE_CIRCUIT_OPEN": ladder.CircuitOpen,
	"STORE_LOADING":      ladder.Loading,
	"STORE_READONLY":     ladder.ReadOnly,
	"STORE_OOM":          ladder.OutOfMemory,
	"STORE_AUTH":         ladder.AccessDenied,
	"STORE_ERROR":        ladder.Failed,
}

// Said translates the reason that a peer gives for something that is no error; None where it gives none, and Failed where the
// gateway does not know it.
func Said(reason string) ladder.Reason {
	if reason == "" {
		return ladder.None
	}
	if known, ok := reasons[reason]; ok {
		return known
	}
	return ladder.Failed
}

// byCode names what is known from the status alone.
var byCode = map[codes.Code]ladder.Reason{
	codes.DeadlineExceeded:  ladder.SoftDeadline,
	codes.Canceled:          ladder.SoftDeadline,
	codes.Unavailable:       ladder.Unavailable,
	codes.ResourceExhausted: ladder.Overloaded,
}

// Classify says which component failed and why. The component is the one that was called, except where a feature
// service says that its store failed.
func Classify(called ladder.Component, err error) (ladder.Component, ladder.Reason) {
	if err == nil {
		return called, ladder.None
	}
	if errors.Is(err, errInvalid) {
		return called, ladder.InvalidAnswer
	}
	said := fault.Reason(err)
	if strings.HasPrefix(said, "STORE_") {
		called = ladder.FeatureStore
	}
	if reason, ok := reasons[said]; ok {
		return called, reason
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return called, ladder.SoftDeadline
	}
	if reason, ok := byCode[status.Code(err)]; ok {
		return called, reason
	}
	return called, ladder.Failed
}
