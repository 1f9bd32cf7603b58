// Package rpctest owns the running of real servers in tests: started, awaited, and ended with the test.
package rpctest

import (
	"context"
	"testing"

	"google.golang.org/grpc"

	"github.com/repli-mesh/repli/pkg/rpc"
	"github.com/repli-mesh/repli/pkg/telemetry"
)

// Serve runs a server until the test's cleanup, which fails the test when the server does not end well, and returns it
// once it listens. Local may be nil where nothing is inproc.
func Serve(t testing.TB, cfg rpc.ServerConfig, local *rpc.Local, services ...rpc.Service) *rpc.Server {
	t.Helper()
	server, err := rpc.NewServer("test", cfg, rpc.ServerDeps{Signals: telemetry.Discard(), Local: local}, services...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-server.Listening():
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return server
}

// Connect serves the services on a network in memory and returns a connection to them, closed before the server ends.
func Connect(t testing.TB, services ...rpc.Service) *grpc.ClientConn {
	t.Helper()
	local, server, client := rpc.NewLocal(), rpc.ServerDefaults(), rpc.ClientDefaults()
	server.Listen, client.Target = "inproc:///test", "inproc:///test"
	Serve(t, server, local, services...)
	connection, err := rpc.Dial(client, rpc.ClientDeps{Signals: telemetry.Discard(), Local: local})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := connection.Close(); err != nil {
			t.Error(err)
		}
	})
	return connection
}
