package rpc

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	featurev1 "github.com/repli-mesh/repli/gen/repli/feature/v1"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// call passes a request through the unary interceptors of a server.
func call(ctx context.Context, t *testing.T, request any, handler grpc.UnaryHandler) (logged string, err error) {
	t.Helper()
	var logs bytes.Buffer
	signals := telemetry.Discard()
	signals.Logger = slog.New(slog.NewJSONHandler(&logs, nil))
	rules := &checker{}
	if err := rules.prepare([]string{"repli.feature.v1.FeatureService"}); err != nil {
		t.Fatal(err)
	}
	calls, err := newChain(signals, rules)
	if err != nil {
		t.Fatal(err)
	}
	next := handler
	for _, interceptor := range reversed(calls.unary()) {
		inner := next
		next = func(ctx context.Context, request any) (any, error) {
			return interceptor(ctx, request, &grpc.UnaryServerInfo{}, inner)
		}
	}
	_, err = next(ctx, request)
	return logs.String(), err
}

func reversed[T any](all []T) []T {
	var back []T
	for i := len(all) - 1; i >= 0; i-- {
		back = append(back, all[i])
	}
	return back
}

func TestOrderOfInterceptors(t *testing.T) {
	t.Parallel()
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	invalid := &featurev1.GetUserRequest{}
	never := func(context.Context, any) (any, error) {
		t.Error("the handler was called")
		return nil, nil
	}
	failing := func(context.Context, any) (any, error) { return nil, errors.New("a defect") }
	panicking := func(context.Context, any) (any, error) { panic(errors.New("a defect")) }

	tests := map[string]struct {
		ctx     context.Context
		request any
		handler grpc.UnaryHandler
		code    codes.Code
		logged  string
	}{
		"the deadline comes before validation": {late, invalid, never, codes.DeadlineExceeded, ""},
		"validation comes before the handler":  {t.Context(), invalid, never, codes.InvalidArgument, ""},
		"mapping is around the handler":        {t.Context(), alice(), failing, codes.Internal, "a defect"},
		"recovery is around everything":        {t.Context(), alice(), panicking, codes.Internal, "handler panicked"},
		"mapping is around validation":         {t.Context(), "no message", never, codes.Internal, "the request is a string"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			logs, err := call(test.ctx, t, test.request, test.handler)
			if status.Code(err) != test.code {
				t.Errorf("got %v, want %v", err, test.code)
			}
			if !strings.Contains(logs, test.logged) || test.logged == "" && logs != "" {
				t.Errorf("logged %q, want %q", logs, test.logged)
			}
		})
	}
}
