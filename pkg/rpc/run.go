package rpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
)

// Run listens and serves until ctx is done, and then stops in order: the server says that it is not ready, goes on for
// ReadyDelay, ends its streams, refuses new calls, lets those in flight finish for up to DrainTimeout, cuts off the rest
// and waits for every handler. It returns nil after that, or the error of a listener. A server runs once.
func (s *Server) Run(ctx context.Context) error {
	if err := s.begin(); err != nil {
		return fmt.Errorf("server %s: %w", s.name, err)
	}
	defer s.endStreams()
	calls, admin, err := s.listen(ctx)
	if err != nil {
		s.grpc.Stop()
		return fmt.Errorf("server %s: %w", s.name, err)
	}
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		return unlessStopped(s.grpc.Serve(calls), grpc.ErrServerStopped)
	})
	if admin != nil {
		group.Go(func() error {
			return unlessStopped(s.admin.Serve(admin), http.ErrServerClosed)
		})
	}
	group.Go(func() error {
		<-running.Done()
		s.drain()
		return s.admin.Close()
	})
	if err := group.Wait(); err != nil {
		return fmt.Errorf("server %s: %w", s.name, err)
	}
	return nil
}

// listen binds the listeners; the one for admin is nil when there is none.
func (s *Server) listen(ctx context.Context) (calls, admin net.Listener, err error) {
	calls, addr, err := s.bind(ctx, s.cfg.Listen)
	if err != nil {
		return nil, nil, err
	}
	var adminAddr string
	if s.cfg.AdminListen != "" {
		if admin, adminAddr, err = s.bind(ctx, s.cfg.AdminListen); err != nil {
			return nil, nil, errors.Join(err, calls.Close())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addr, s.adminAddr = addr, adminAddr
	close(s.listening)
	return calls, admin, nil
}

// bind opens one listener and returns the address that reaches it.
func (s *Server) bind(ctx context.Context, address string) (net.Listener, string, error) {
	name, ok := strings.CutPrefix(address, inproc)
	if !ok {
		var config net.ListenConfig
		listener, err := config.Listen(ctx, "tcp", address)
		if err != nil {
			return nil, "", err
		}
		return listener, listener.Addr().String(), nil
	}
	if s.local == nil {
		return nil, "", fmt.Errorf("%s: there is no network in memory to listen on", address)
	}
	listener, err := s.local.listen(name)
	if err != nil {
		return nil, "", err
	}
	return listener, address, nil
}

// drain ends the gRPC server and returns when its last handler has.
func (s *Server) drain() {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.health.Shutdown()
	<-time.After(s.cfg.ReadyDelay)

	s.endStreams()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		s.grpc.GracefulStop()
	}()
	late := time.NewTimer(s.cfg.DrainTimeout)
	defer late.Stop()
	select {
	case <-finished:
	case <-late.C:
		s.grpc.Stop()
		<-finished
	}
}

// unlessStopped drops the error that a server returns because it was told to stop.
func unlessStopped(err, stopped error) error {
	if errors.Is(err, stopped) {
		return nil
	}
	return err
}
