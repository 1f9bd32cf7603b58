package rpc

import (
	"context"

	"google.golang.org/grpc"

	"github.com/repli-mesh/repli/pkg/fault"
)

// registrar registers services so that their calls are observed and their unary requests go through decode, and remembers what it registered.
type registrar struct {
	server   *grpc.Server
	observer *observer
	names    []string           // of services
	methods  []string           // "service/method"
	streams  map[string]*method // by "/service/method"
}

// RegisterService is called by the generated code.
func (r *registrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	own := *desc
	own.Methods = make([]grpc.MethodDesc, len(desc.Methods))
	for i, method := range desc.Methods {
		r.methods = append(r.methods, desc.ServiceName+"/"+method.MethodName)
		own.Methods[i] = decoded(method)
		own.Methods[i].Handler = r.observer.observedUnary("/"+desc.ServiceName+"/"+method.MethodName, own.Methods[i].Handler)
	}
	for _, stream := range desc.Streams {
		name := desc.ServiceName + "/" + stream.StreamName
		r.methods = append(r.methods, name)
		r.streams["/"+name] = newMethod("/" + name)
	}
	r.server.RegisterService(&own, impl)
	r.names = append(r.names, desc.ServiceName)
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
