// Package faults owns how things go wrong in a drill: each kind of fault, put upon a running mesh and taken away again. The
// mesh is told nothing; everything happens to its connections, its processes and its store.
package faults

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/repli-mesh/repli/bench/drill/mesh"
	"github.com/repli-mesh/repli/bench/drill/scenario"
)

// End takes a fault away and returns when it is gone.
type End func(ctx context.Context) error

// Begin puts a fault upon the mesh and returns what takes it away. The fault is a valid one. A fault that does its harm bit
// by bit goes on until End, or until the end of ctx.
func Begin(ctx context.Context, m *mesh.Mesh, f scenario.Fault) (End, error) {
	end, err := begin(ctx, m, f)
	if err != nil {
		return nil, fmt.Errorf("fault %s at %q: %w", f.Kind, f.At, err)
	}
	return func(ctx context.Context) error {
		if err := end(ctx); err != nil {
			return fmt.Errorf("end of fault %s at %q: %w", f.Kind, f.At, err)
		}
		return nil
	}, nil
}

func begin(ctx context.Context, m *mesh.Mesh, f scenario.Fault) (End, error) {
	switch f.Kind {
	case scenario.Latency, scenario.Swap, scenario.Hang, scenario.Refuse, scenario.Reset, scenario.Flap, scenario.Bandwidth,
		scenario.Corrupt:
		return onHop(ctx, m, f)
	case scenario.Kill, scenario.Stop, scenario.Throttle:
		return onProcess(ctx, m, f)
	case scenario.Garbage, scenario.Errors:
		return impersonate(ctx, m, f)
	case scenario.Evict, scenario.Flush:
		return empty(ctx, m, f)
	case scenario.Migrate:
		return migrate(ctx, m)
	case scenario.Failover:
		return failOver(ctx, m)
	case scenario.ColdStart:
		return coldStart(ctx, m)
	case scenario.Jump:
		return func(context.Context) error { return m.SetClock(f.At, 0) }, m.SetClock(f.At, f.By)
	default:
		return nil, errors.New("there is no such kind")
	}
}

// onHop makes a connection worse.
func onHop(ctx context.Context, m *mesh.Mesh, f scenario.Fault) (End, error) {
	hop, err := m.Hop(f.At)
	if err != nil {
		return nil, err
	}
	ms := func(d time.Duration) int64 { return d.Milliseconds() }
	switch f.Kind {
	case scenario.Latency:
		return poison(hop, mesh.Toxic{
			Type: "latency", Toxicity: 1, Attributes: map[string]any{"latency": ms(f.Delay), "jitter": ms(f.Jitter)},
		})
	case scenario.Swap:
		return poison(hop, mesh.Toxic{
			Type: swapping, Toxicity: 1, Attributes: map[string]any{"share": f.Share, "delay_ms": ms(f.Delay), "jitter_ms": ms(f.Jitter)},
		})
	case scenario.Hang:
		return poison(hop, mesh.Toxic{Type: "timeout", Toxicity: 1, Attributes: map[string]any{"timeout": 0}})
	case scenario.Bandwidth:
		return poison(hop, mesh.Toxic{Type: "bandwidth", Toxicity: 1, Attributes: map[string]any{"rate": f.Rate}})
	case scenario.Corrupt:
		return poison(hop, mesh.Toxic{Type: corrupting, Toxicity: 1, Attributes: map[string]any{"share": f.Share}})
	case scenario.Reset:
		return reset(hop)
	case scenario.Flap:
		return flap(ctx, hop, f.Every), nil
	default:
		hop.Cut()
		return func(context.Context) error { return hop.Restore() }, nil
	}
}

// poison puts toxics on a hop, in their order.
func poison(hop *mesh.Hop, toxics ...mesh.Toxic) (End, error) {
	for _, toxic := range toxics {
		if err := hop.Poison(toxic); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context) error {
		var faults []error
		for _, toxic := range toxics {
			faults = append(faults, hop.Cure(ctx, toxic.Type))
		}
		return errors.Join(faults...)
	}, nil
}

// resetAfter is how many bytes a connection may give before it is reset: more than a greeting, less than a row.
const resetAfter = 700

// reset has every connection, old and new, end with a TCP reset after some bytes.
func reset(hop *mesh.Hop) (End, error) {
	end, err := poison(hop,
		// Toxiproxy sets SO_LINGER to 0 on connections that are made while a reset_peer is there; of itself it would
		// reset before the first byte, so it is given no connection.
		mesh.Toxic{Type: "reset_peer", Toxicity: 0, Attributes: map[string]any{"timeout": 0}},
		mesh.Toxic{Type: "limit_data", Toxicity: 1, Attributes: map[string]any{"bytes": resetAfter}})
	if err != nil {
		return nil, err
	}
	if err := hop.Reconnect(); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return errors.Join(end(ctx), hop.Reconnect()) }, nil
}

// flap cuts and restores a hop, over and over.
func flap(ctx context.Context, hop *mesh.Hop, every time.Duration) End {
	hop.Cut()
	up := false
	end := repeat(ctx, every, func(context.Context) error {
		up = !up
		if up {
			return hop.Restore()
		}
		hop.Cut()
		return nil
	})
	return func(ctx context.Context) error { return errors.Join(end(ctx), hop.Restore()) }
}

// repeat does something every so often until End or the end of ctx.
func repeat(ctx context.Context, every time.Duration, do func(context.Context) error) End {
	return goOn(ctx, func(ctx context.Context) error {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if err := do(ctx); err != nil {
					return err
				}
			case <-ctx.Done():
				return nil
			}
		}
	})
}

// goOn runs a function beside the drill until it returns, or until End has cancelled its context and it returns then.
func goOn(ctx context.Context, run func(context.Context) error) End {
	ctx, cancel := context.WithCancel(ctx)
	var err error
	var group sync.WaitGroup
	group.Go(func() { err = run(ctx) })
	return func(context.Context) error {
		cancel()
		group.Wait()
		return err
	}
}

// onProcess does something to a process.
func onProcess(ctx context.Context, m *mesh.Mesh, f scenario.Fault) (End, error) {
	process, err := target(m, f.At)
	if err != nil {
		return nil, err
	}
	switch f.Kind {
	case scenario.Stop:
		return signals(process, syscall.SIGSTOP, syscall.SIGCONT)
	case scenario.Throttle:
		return throttle(ctx, process, f.Every, f.Share), nil
	default:
		if err := process.Kill(); err != nil {
			return nil, err
		}
		return func(ctx context.Context) error { return revive(ctx, m, f.At) }, nil
	}
}

// target is the process that a fault names.
func target(m *mesh.Mesh, at string) (*mesh.Process, error) {
	if at == "store" {
		return m.Store.Servers[0], nil
	}
	return m.Service(at)
}

// revive starts a process again, a store with its data.
func revive(ctx context.Context, m *mesh.Mesh, at string) error {
	if at != "store" {
		return m.StartService(ctx, at)
	}
	if err := m.Store.Restart(ctx, 0); err != nil {
		return err
	}
	return m.Fill(ctx)
}

func signals(process *mesh.Process, begin, end syscall.Signal) (End, error) {
	if err := process.Signal(begin); err != nil {
		return nil, err
	}
	return func(context.Context) error { return process.Signal(end) }, nil
}

// throttle lets a process run for a share of each period only.
func throttle(ctx context.Context, process *mesh.Process, every time.Duration, share float64) End {
	runs := time.Duration(float64(every) * share)
	end := repeat(ctx, every, func(ctx context.Context) error {
		if err := process.Signal(syscall.SIGCONT); err != nil {
			return err
		}
		select {
		case <-time.After(runs):
		case <-ctx.Done():
		}
		return process.Signal(syscall.SIGSTOP)
	})
	return func(ctx context.Context) error { return errors.Join(end(ctx), process.Signal(syscall.SIGCONT)) }
}
