// Package life owns the running of a group of components as one: start together, stop in reverse order, wait for all.
//
// It handles no signals; the caller passes a context from signal.NotifyContext.
package life

import (
	"context"
	"errors"
	"sync"
)

// Component is something that runs until its context is done. Run returns nil, or the context's error, when it was asked
// to stop; returning nil before that means that its work is finished.
type Component interface {
	Run(ctx context.Context) error
}

// Func makes a Component of a function.
type Func func(ctx context.Context) error

// Run calls the function.
func (f Func) Run(ctx context.Context) error {
	return f(ctx)
}

// Run starts the components and returns when all of them have returned. When ctx is done, or one of them fails, they are
// stopped one after another, the last first, so that a component can rely on those before it until its own end. Run
// returns the first error; a component that was asked to stop and returns context.Canceled has not failed.
func Run(ctx context.Context, components ...Component) error {
	group := &group{failed: make(chan struct{})}
	runners := make([]*runner, len(components))
	finished := make(chan struct{})
	for i, component := range components {
		runners[i] = group.start(ctx, component)
	}
	go func() {
		defer close(finished)
		for _, r := range runners {
			<-r.done
		}
	}()
	select {
	case <-ctx.Done():
	case <-group.failed:
	case <-finished:
	}
	for i := len(runners) - 1; i >= 0; i-- {
		runners[i].stop()
		<-runners[i].done
	}
	<-finished
	return group.err
}

// group keeps the first error.
type group struct {
	once   sync.Once
	err    error
	failed chan struct{}
}

// runner is one component at work.
type runner struct {
	stop context.CancelFunc
	done chan struct{}
}

func (g *group) start(ctx context.Context, component Component) *runner {
	// The component's own context, so that the end of ctx does not stop all of them at once.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &runner{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		err := component.Run(own)
		if err == nil || own.Err() != nil && errors.Is(err, context.Canceled) {
			return
		}
		g.once.Do(func() {
			g.err = err
			close(g.failed)
		})
	}()
	return r
}
