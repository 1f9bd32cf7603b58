package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

func TestStatusOfEveryError(t *testing.T) {
	t.Parallel()
	invalid := Invalid("count", "is %d, expected 1 or more", 0)
	tests := map[string]struct {
		err  error
		code codes.Code
		text string
	}{
		"nil":                   {nil, codes.OK, ""},
		"invalid":               {invalid, codes.InvalidArgument, "count: is 0, expected 1 or more"},
		"not found":             {New(NotFound, "", "no view"), codes.NotFound, "no view"},
		"not ready":             {New(NotReady, "NOT_READY", "no model"), codes.FailedPrecondition, "no model"},
		"unavailable":           {New(Unavailable, "", "refused: %w", io.EOF), codes.Unavailable, "refused: EOF"},
		"overloaded":            {New(Overloaded, "", "too much"), codes.ResourceExhausted, "too much"},
		"internal":              {New(Internal, "", "nil pointer"), codes.Internal, "internal error"},
		"kind out of range":     {New(Kind(99), "", "x"), codes.Internal, "internal error"},
		"wrapped":               {fmt.Errorf("batch 3: %w", invalid), codes.InvalidArgument, "count: is 0, expected 1 or more"},
		"joined":                {errors.Join(io.EOF, invalid), codes.InvalidArgument, "count: is 0, expected 1 or more"},
		"fault around context":  {New(Unavailable, "", "store: %w", context.DeadlineExceeded), codes.Unavailable, "store: context deadline exceeded"},
		"context":               {fmt.Errorf("read: %w", context.DeadlineExceeded), codes.DeadlineExceeded, "the deadline has passed"},
		"cancelled":             {context.Canceled, codes.Canceled, "the call was cancelled"},
		"status":                {fmt.Errorf("call: %w", status.Error(codes.Aborted, "told")), codes.Aborted, "told"},
		"anything":              {io.ErrUnexpectedEOF, codes.Internal, "internal error"},
		"text that is no UTF-8": {New(NotFound, "", "a\xffb"), codes.NotFound, "a?b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Status(test.err)
			if got.Code() != test.code || got.Message() != test.text {
				t.Errorf("got %v %q, want %v %q", got.Code(), got.Message(), test.code, test.text)
			}
		})
	}
}

func TestDetails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want []proto.Message
	}{
		"none":   {New(NotFound, "", "x"), nil},
		"reason": {New(NotReady, "NOT_READY", "x"), []proto.Message{&errdetails.ErrorInfo{Reason: "NOT_READY", Domain: "repli"}}},
		"violation": {Invalid("a.b", "bad"), []proto.Message{&errdetails.BadRequest{
			FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "a.b", Description: "bad"}},
		}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Status(test.err).Details()
			if len(got) != len(test.want) {
				t.Fatalf("got %v, want %v", got, test.want)
			}
			for i := range got {
				if detail, ok := got[i].(proto.Message); !ok || !proto.Equal(detail, test.want[i]) {
					t.Errorf("got %v, want %v", got[i], test.want[i])
				}
			}
		})
	}
	refused := Status(New(Overloaded, "SHED", "x")).Details()
	if retry, ok := refused[len(refused)-1].(*errdetails.RetryInfo); !ok || retry.GetRetryDelay().AsDuration() != RetryDelay {
		t.Errorf("overloaded: got %v, want RetryInfo", refused)
	}
}

func TestReason(t *testing.T) {
	t.Parallel()
	ready := New(NotReady, "NOT_READY", "x")
	foreign, err := status.New(codes.Internal, "x").WithDetails(&errdetails.ErrorInfo{Reason: "THEIRS", Domain: "elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		err  error
		want string
	}{
		"nil":      {nil, ""},
		"local":    {fmt.Errorf("rank: %w", ready), "NOT_READY"},
		"received": {Status(ready).Err(), "NOT_READY"},
		"wrapped":  {fmt.Errorf("rank: %w", Status(ready).Err()), "NOT_READY"},
		"foreign":  {foreign.Err(), ""},
		"none":     {New(NotFound, "", "x"), ""},
		"other":    {io.EOF, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Reason(test.err); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestChainIsKept(t *testing.T) {
	t.Parallel()
	for _, err := range []error{New(Unavailable, "", "store: %w", io.EOF), Invalid("f", "no: %w", io.EOF)} {
		if !errors.Is(err, io.EOF) {
			t.Errorf("%v has lost its cause", err)
		}
	}
}

func TestStatusIsBounded(t *testing.T) {
	t.Parallel()
	many := make([]Violation, 2_000)
	for i := range many {
		many[i] = Violation{Field: strings.Repeat("é", 1_000), Description: strings.Repeat("\xff", 1_000)}
	}
	got := Status(InvalidFields(many...))
	if got.Code() != codes.InvalidArgument || len(got.Details()) != 1 {
		t.Fatalf("got %v", got)
	}
	if size := proto.Size(got.Proto()); size > 4<<10 {
		t.Errorf("the status has %d bytes, want 4 KiB at most", size)
	}
	if !utf8.ValidString(got.Message()) || !strings.HasSuffix(got.Message(), "...") {
		t.Errorf("got %q", got.Message())
	}
}
