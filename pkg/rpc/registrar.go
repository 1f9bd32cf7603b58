package rpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"

	"github.com/repli-mesh/repli/pkg/fault"
)

// registrar registers services so that their unary requests go through decode, and remembers what it registered.
type registrar struct {
	server  *grpc.Server
	names   []string
	methods map[string]bool // "/service/method"
}

// RegisterService is called by the generated code.
func (r *registrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	own := *desc
	own.Methods = make([]grpc.MethodDesc, len(desc.Methods))
	for i, method := range desc.Methods {
		own.Methods[i] = decoded(method)
	}
	r.server.RegisterService(&own, impl)
	r.names = append(r.names, desc.ServiceName)
	for _, method := range desc.Methods {
		r.methods["/"+desc.ServiceName+"/"+method.MethodName] = true
	}
	for _, stream := range desc.Streams {
		r.methods["/"+desc.ServiceName+"/"+stream.StreamName] = true
	}
}

// labels are the methods as figures name them.
func (r *registrar) labels() []string {
	var labels []string
	for method := range r.methods {
		labels = append(labels, strings.TrimPrefix(method, "/"))
	}
	return labels
}

// decoded returns the method with decode in the place of the plain decoder. Its error comes before every interceptor, so
// it is made a status here.
func decoded(method grpc.MethodDesc) grpc.MethodDesc {
	handle := method.Handler
	method.Handler = func(srv any, ctx context.Context, receive func(any) error, next grpc.UnaryServerInterceptor) (any, error) {
		return handle(srv, ctx, func(request any) error {
			return fault.Status(decode(receive, request)).Err()
		}, next)
	}
	return method
}
