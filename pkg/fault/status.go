package fault

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Domain is the domain of every ErrorInfo that Repli sends.
const Domain = "repli"

// RetryDelay is how long callers are asked to wait, before they add jitter, when work is refused as Overloaded.
const RetryDelay = time.Second

// Statuses travel in HTTP/2 trailers, which common clients refuse above 8 KiB. These bounds keep the whole status under
// 4 KiB, whatever the request held; field paths may quote the caller's own map keys.
const (
	maxText       = 512
	maxViolations = 8
	maxField      = 96
	maxWhy        = 160
)

// neutral is all that callers learn of a defect.
const neutral = "internal error"

// statusCodes is the table from kinds to codes.
var statusCodes = [...]codes.Code{
	Internal:        codes.Internal,
	InvalidArgument: codes.InvalidArgument,
	NotFound:        codes.NotFound,
	NotReady:        codes.FailedPrecondition,
	Unavailable:     codes.Unavailable,
	Overloaded:      codes.ResourceExhausted,
}

// Code returns the gRPC code of the kind; an unknown kind is INTERNAL.
func (k Kind) Code() codes.Code {
	if int(k) >= len(statusCodes) {
		return codes.Internal
	}
	return statusCodes[k]
}

// Status returns the status that a caller gets for the error: that of the outermost *Error in its chain with its details
// (ErrorInfo where there is a reason, BadRequest where there are violations, RetryInfo for Overloaded), or the gRPC
// status that it holds, or CANCELLED and DEADLINE_EXCEEDED for the context's errors. Any other error is INTERNAL with a
// text that says nothing. The text is the fault's own, without that of the errors around it. Status(nil) is nil, which is OK.
func Status(err error) *status.Status {
	var fault *Error
	var sent interface{ GRPCStatus() *status.Status }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &fault):
		return fault.status()
	case errors.As(err, &sent):
		return sent.GRPCStatus()
	case errors.Is(err, context.DeadlineExceeded):
		return status.New(codes.DeadlineExceeded, "the deadline has passed")
	case errors.Is(err, context.Canceled):
		return status.New(codes.Canceled, "the call was cancelled")
	default:
		return status.New(codes.Internal, neutral)
	}
}

// Reason returns the reason of the outermost *Error in the chain or, where there is none, that of the ErrorInfo of domain
// "repli" in a received status. It is empty when there is neither.
func Reason(err error) string {
	var fault *Error
	if errors.As(err, &fault) {
		return fault.Reason
	}
	received, ok := status.FromError(err)
	if !ok {
		return ""
	}
	for _, detail := range received.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
			return info.GetReason()
		}
	}
	return ""
}

// status builds the status with its details.
func (e *Error) status() *status.Status {
	text := neutral
	if e.Kind.Code() != codes.Internal {
		text = clip(e.Error(), maxText)
	}
	plain := status.New(e.Kind.Code(), text)
	detailed, err := plain.WithDetails(e.details()...)
	if err != nil {
		return plain // details that cannot be encoded must not hide the error itself
	}
	return detailed
}

func (e *Error) details() []protoadapt.MessageV1 {
	var details []protoadapt.MessageV1
	if e.Reason != "" {
		details = append(details, &errdetails.ErrorInfo{Reason: e.Reason, Domain: Domain})
	}
	if len(e.Violations) > 0 {
		details = append(details, badRequest(e.Violations))
	}
	if e.Kind == Overloaded {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(RetryDelay)})
	}
	return details
}

func badRequest(violations []Violation) *errdetails.BadRequest {
	bad := &errdetails.BadRequest{}
	for _, v := range violations[:min(len(violations), maxViolations)] {
		bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field:       clip(v.Field, maxField),
			Description: clip(v.Description, maxWhy),
		})
	}
	return bad
}

// clip returns valid UTF-8 of at most limit bytes; what was cut off is marked.
func clip(text string, limit int) string {
	const mark = "..."
	if len(text) > limit {
		cut := limit - len(mark)
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + mark
	}
	return strings.ToValidUTF8(text, "?")
}
