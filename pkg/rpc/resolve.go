package rpc

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc/resolver"
)

const (
	// refresh is how often a name is looked up while nothing seems to have changed: how soon new servers are called.
	refresh = 10 * time.Second
	// leastRefresh lies between two look-ups of a name when connections end.
	leastRefresh = time.Second
)

// names resolves "dns" targets as gRPC does, but sooner. Its own resolver looks a name up when a connection ends, and then not
// again for half a minute: a caller whose two servers are replaced within that time would know none. And it takes the answer
// that there is nobody for the truth, so that a readiness probe which fails everywhere would end connections that work.
type names struct{ resolver.Builder }

func newNames() names { return names{resolver.Get("dns")} }

// Build looks the target up until the resolver is closed. It fails on a target that cannot be one.
func (n names) Build(target resolver.Target, cc resolver.ClientConn, opts resolver.BuildOptions) (resolver.Resolver, error) {
	lookUp := func() (resolver.Resolver, error) { return n.Builder.Build(target, &steady{ClientConn: cc}, opts) }
	current, err := lookUp()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &renewed{again: make(chan struct{}, 1), cancel: cancel, lookUp: lookUp}
	r.ended.Go(func() { r.run(ctx, current) })
	return r, nil
}

// renewed is a resolver that is built anew for each look-up, since that is what it does first.
type renewed struct {
	again  chan struct{}
	cancel context.CancelFunc
	lookUp func() (resolver.Resolver, error)
	ended  sync.WaitGroup
}

// ResolveNow asks for a look-up as soon as there may be one. It does not wait.
func (r *renewed) ResolveNow(resolver.ResolveNowOptions) {
	select {
	case r.again <- struct{}{}:
	default: // one is asked for
	}
}

// Close ends the look-ups.
func (r *renewed) Close() {
	r.cancel()
	r.ended.Wait()
}

// run looks up again and again, until ctx is done.
func (r *renewed) run(ctx context.Context, current resolver.Resolver) {
	for {
		stopped := !wait(ctx, leastRefresh, nil) || !wait(ctx, refresh-leastRefresh, r.again)
		current.Close()
		if stopped {
			return
		}
		var err error
		if current, err = r.lookUp(); err != nil {
			return // never: it was built before, from the same target
		}
	}
}

// wait returns after that long, or as soon as something is received; false when ctx is done.
func wait(ctx context.Context, d time.Duration, sooner <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-sooner:
		return true
	case <-ctx.Done():
		return false
	}
}

// steady keeps the servers that are known where a look-up says that there are none: if they are gone, their connections tell.
type steady struct{ resolver.ClientConn }

// errNobody is for the resolver, which looks up again after an error.
var errNobody = errors.New("the name has no addresses")

// UpdateState takes the addresses of a look-up.
func (s *steady) UpdateState(state resolver.State) error {
	if len(state.Addresses) == 0 && len(state.Endpoints) == 0 {
		s.ReportError(errNobody)
		return errNobody
	}
	return s.ClientConn.UpdateState(state)
}
