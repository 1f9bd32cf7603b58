package rpc

import (
	"context"
	"errors"
	"fmt"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/repli-mesh/repli/pkg/fault"
)

// reportedSize is up to how many bytes a request is worth a report of all its violations. A larger one is told of the
// first only: a message of 4 MiB can hold two million violations.
const reportedSize = 64 << 10

// checker validates requests by the rules in their protos. It is ready after prepare.
type checker struct {
	validator protovalidate.Validator
}

// prepare builds the rules of every request of the services, and fails on a rule that is broken, so that no call has to.
func (c *checker) prepare(services []string) error {
	var requests []protoreflect.MessageDescriptor
	for _, name := range services {
		requests = append(requests, requestsOf(name)...)
	}
	validator, err := protovalidate.New(protovalidate.WithMessageDescriptors(requests...))
	if err != nil {
		return fmt.Errorf("validation of requests: %w", err)
	}
	for _, request := range requests {
		var broken *protovalidate.CompilationError
		if err := validator.Validate(dynamicpb.NewMessage(request)); errors.As(err, &broken) {
			return fmt.Errorf("validation of %s: %w", request.FullName(), err)
		}
	}
	c.validator = validator
	return nil
}

// requestsOf returns the request messages of a service. A service without descriptors has messages without rules.
func requestsOf(service string) []protoreflect.MessageDescriptor {
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil
	}
	described, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil
	}
	var requests []protoreflect.MessageDescriptor
	for i := range described.Methods().Len() {
		requests = append(requests, described.Methods().Get(i).Input())
	}
	return requests
}

// unary is an interceptor.
func (c *checker) unary(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if err := c.check(request); err != nil {
		return nil, err
	}
	return next(ctx, request)
}

// stream is an interceptor.
func (c *checker) stream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	return next(srv, &checkedStream{stream, c.check})
}

// check returns a fault with the violations of the request.
func (c *checker) check(request any) error {
	message, ok := request.(proto.Message)
	if !ok {
		return fmt.Errorf("the request is a %T, expected a protobuf message", request)
	}
	err := c.validator.Validate(message, protovalidate.WithFailFast())
	if err == nil {
		return nil
	}
	if proto.Size(message) <= reportedSize {
		err = c.validator.Validate(message)
	}
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("validation of %s: %w", message.ProtoReflect().Descriptor().FullName(), err)
	}
	violations := make([]fault.Violation, len(invalid.Violations))
	for i, violation := range invalid.Violations {
		violations[i] = fault.Violation{
			Field:       protovalidate.FieldPathString(violation.Proto.GetField()),
			Description: violation.Proto.GetMessage(),
		}
	}
	return fault.InvalidFields(violations...)
}
